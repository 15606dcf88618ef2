//! One condition on its way along the log: read what comes after its cursor, judge it, publish what follows.

use super::{ConditionCounts, KIND, STATE_KIND, change};
use crate::commit::{Answers, Group};
use crate::hands::Hands;
use crate::history;
use crate::locate::heads;
use fanfare_proto::{
    Code, ConditionState, ConditionView, History, HistoryPage, Judge, KeptCondition, LogSet, Lost, Mark,
    Message, Occurrence, Phase, Publish, Refusal, Retry, Rule, Start, Time, Turn, backoff, limits,
};
use fanfare_store::RecordChange;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

/// After so long what could not be read or published is tried again, and after twice as long each time...
const PAUSE: Duration = Duration::from_secs(1);
/// ...but not longer.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// One condition.
pub(super) struct Watching {
    pub(super) kept: Arc<KeptCondition>,
    state: ConditionState,
    judge: Judge,
    logs: LogSet,
    /// Bytes of its record.
    pub(super) bytes: usize,
    /// What is to be published with the state as it is, before anything else is judged.
    unsaid: Vec<(Turn, Publish)>,
    /// Where the logs were when everything in them had been judged.
    judged: Option<Mark>,
    /// From when on it listens again, until the time before is accounted for in which nobody did.
    resumes: Option<Time>,
    /// When it has something to say, if nothing else is said.
    pub(super) next: Option<Time>,
    /// How the channels stand that matter most.
    pub(super) phase: Phase,
    /// Whether the state is another one than that of the record.
    is_moved: bool,
    /// How often it failed, one time after the other, and when it is tried again.
    failed: Option<(u32, Instant)>,
}

/// What came of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Everything is judged.
    Rests,
    /// There is more to do.
    GoesOn,
}

impl Watching {
    /// A condition that is made now.
    pub(super) fn begin(kept: KeptCondition, hands: &Hands) -> Watching {
        let logs = hands.left.all_of(&hands.namespaces, &kept.condition.watch);
        let cursor = hands.places.cursor(&heads(&hands.logs, logs), logs);
        let state = ConditionState::begin(&kept.condition, cursor, (hands.now)());
        Watching { resumes: None, ..Watching::resume(kept, state, hands) }
    }

    /// A condition that is as far as this.
    pub(super) fn resume(kept: KeptCondition, state: ConditionState, hands: &Hands) -> Watching {
        let logs = hands.left.all_of(&hands.namespaces, &kept.condition.watch);
        let bytes = kept.record().len();
        let (judge, next) = (Judge::new(&kept.condition), state.next(&kept.condition));
        let mut watching = Watching {
            kept: Arc::new(kept),
            state,
            judge,
            logs,
            bytes,
            unsaid: Vec::new(),
            judged: None,
            resumes: Some((hands.now)()),
            next,
            phase: Phase::Quiet,
            is_moved: false,
            failed: None,
        };
        watching.look_at_phase();
        watching
    }

    fn look_at_phase(&mut self) {
        self.phase = self.view(false).phase();
    }

    /// The same with something else to say, or another condition under its name. What channels were like counts only as
    /// long as the same is asked of them. Refused while it has to say what follows from the old one: the new record is kept
    /// without that.
    pub(super) fn replace(&self, kept: KeptCondition, hands: &Hands) -> Result<Watching, Refusal> {
        if !self.unsaid.is_empty() {
            let detail = "what the condition has to say cannot be published now; put it again once it is";
            return Err(Refusal::new(Code::BUSY, detail));
        }
        let (old, new) = (&self.kept.condition, &kept.condition);
        let is_same = old.watch == new.watch && old.rule == new.rule;
        let mut watching = match is_same {
            true => {
                let (resumes, judged) = (self.resumes, self.judged);
                Watching { resumes, judged, ..Watching::resume(kept, self.state.clone(), hands) }
            }
            false => Watching::begin(kept, hands),
        };
        (watching.state.occurrences, watching.state.fired) = (self.state.occurrences, self.state.fired);
        Ok(watching)
    }

    /// How long it has nothing to do if nothing is said; none if there is nothing to wait for.
    pub(super) fn patience(&self, now: Time) -> Option<Duration> {
        if let Some((_, again)) = self.failed {
            return Some(again.saturating_duration_since(Instant::now()));
        }
        self.next.map(|next| Duration::from_millis(next.0.saturating_sub(now.0)).min(limits::SCHEDULE_SLEEP))
    }

    /// Both records, as they are to be.
    pub(super) fn changes(&self) -> [RecordChange; 2] {
        [change(KIND, self.kept.id, Some(self.kept.record())), self.state_change()]
    }

    fn state_change(&self) -> RecordChange {
        change(STATE_KIND, self.kept.id, Some(self.state.record()))
    }

    /// The second record, if it is another one by now and may be kept alone.
    pub(super) fn moved(&mut self) -> Option<RecordChange> {
        let is_to_be_kept = self.is_moved && self.unsaid.is_empty();
        is_to_be_kept.then(|| self.state_change())
    }

    pub(super) fn was_kept(&mut self) {
        self.is_moved = false;
    }

    /// For whoever asks.
    pub(super) fn view(&self, with_channels: bool) -> ConditionView {
        let (pending, firing) = (self.state.count(Phase::Pending), self.state.count(Phase::Firing));
        let channels = if with_channels { self.state.channels.clone() } else { Default::default() };
        let ConditionState { clock, occurrences, fired, left_out, lost, .. } = self.state;
        let cursor = self.state.cursor.clone();
        let state = ConditionState { cursor, clock, occurrences, fired, channels, left_out, lost };
        ConditionView { kept: self.kept.clone(), state, pending, firing }
    }

    /// Channels of which it is remembered how they stand.
    pub(super) fn channels(&self) -> usize {
        self.state.channels.len()
    }

    /// A step, unless it failed a short while ago: whatever is said meanwhile, it is not tried again before its time. So many
    /// channels more may be remembered.
    pub(super) fn step(&mut self, hands: &Hands, counts: &ConditionCounts, room: usize) -> Step {
        if self.failed.is_some_and(|(_, again)| Instant::now() < again) {
            return Step::Rests;
        }
        match self.try_step(hands, counts, room) {
            Ok(step) => {
                self.failed = None;
                step
            }
            Err(refusal) => {
                let times = self.failed.map_or(1, |(times, _)| times.saturating_add(1));
                let wait = backoff(PAUSE, times, fastrand::f64()).min(PAUSE_MAX);
                self.failed = Some((times, Instant::now() + wait));
                let (id, seconds) = (self.kept.id, wait.as_secs());
                tracing::warn!(condition = %id, seconds, %refusal, "a condition cannot go on; it is tried again");
                Step::Rests
            }
        }
    }

    fn try_step(&mut self, hands: &Hands, counts: &ConditionCounts, room: usize) -> Result<Step, Refusal> {
        let is_all = !self.unsaid.is_empty() || self.judge_page(hands, counts, room)?;
        if !self.unsaid.is_empty() {
            self.publish(hands, counts)?;
            // What could not be judged with it is next.
            return Ok(Step::GoesOn);
        }
        Ok(if is_all { Step::Rests } else { Step::GoesOn })
    }

    /// Judges what was said, some of it, and then the time that passed. Answers whether that was all.
    fn judge_page(&mut self, hands: &Hands, counts: &ConditionCounts, room: usize) -> Result<bool, Refusal> {
        // Time is asked first: what is said later is not before it.
        let (now, logs) = ((hands.now)(), heads(&hands.logs, self.logs));
        let (mut said, most) = (Vec::new(), self.most());
        let is_news = self.judged != Some(logs);
        if is_news {
            let page = self.read(hands)?;
            self.tell_lost(&page, now, counts);
            let is_all = self.hear(page, most, room, &mut said);
            self.judged = is_all.then_some(logs);
            self.next = self.state.next(&self.kept.condition);
        }
        let is_all = self.judged.is_some();
        if is_all {
            self.pass(now, most, &mut said);
        }
        let (id, condition) = (self.kept.id, &self.kept.condition);
        let message = |said: &Occurrence| (said.turn, condition.message(id, said, now));
        self.unsaid = said.iter().map(message).collect();
        if is_news || !said.is_empty() {
            self.look_at_phase();
        }
        Ok(is_all)
    }

    /// How much may be said in one commit.
    fn most(&self) -> usize {
        (limits::COMMIT_BYTES / self.bytes.max(1)).clamp(1, limits::CONDITION_TURN)
    }

    fn read(&self, hands: &Hands) -> Result<HistoryPage, Refusal> {
        let history = History {
            patterns: vec![self.kept.condition.watch.clone()],
            start: Start::After(self.state.cursor.clone()),
            limit: limits::CONDITION_PAGE,
            ..History::default()
        };
        let (places, logs, (sender, receiver)) = (hands.places, self.logs, mpsc::channel());
        hands.reading.task(Box::new(move |all| {
            // What has expired by now was said all the same.
            let page = history::read(all, &places, logs, &history, Time(0));
            drop(sender.send(page));
        }))?;
        let page = receiver.recv().map_err(|_| Refusal::from(Code::DRAINING))?;
        page.map_err(|error| crate::commit::unread(&error))
    }

    fn tell_lost(&mut self, page: &HistoryPage, now: Time, counts: &ConditionCounts) {
        for gap in &page.gaps {
            let (id, reason) = (self.kept.id, gap.reason);
            tracing::warn!(condition = %id, reason = reason.name(), "messages are gone that a condition had not judged");
            self.state.lost = Some(Lost { time: now, reason });
            counts.lost.add(1);
        }
    }

    /// Answers whether all that was said is judged.
    fn hear(&mut self, page: HistoryPage, most: usize, room: usize, said: &mut Vec<Occurrence>) -> bool {
        let condition = &self.kept.condition;
        let channels = self.state.channels.len().saturating_add(room);
        self.is_moved |= self.state.cursor != page.cursor;
        // Of what was deleted the log has nothing to judge.
        let judged = |message: &Message| !message.content.is_erased();
        for (message, cursor) in page.messages.into_iter().filter(|(message, _)| judged(message)) {
            let verdict = self.judge.verdict(&message);
            // What was said from then on was listened for.
            if let Some(since) = self.resumes.take_if(|since| *since <= message.time) {
                self.state.resume(condition, since);
            }
            let place = (message.position, message.time);
            self.state.hear(condition, message.channel.as_str(), place, verdict, channels, said);
            if said.len() >= most {
                self.state.cursor = cursor;
                return false;
            }
        }
        self.state.cursor = page.cursor;
        !page.more
    }

    fn pass(&mut self, now: Time, most: usize, said: &mut Vec<Occurrence>) {
        let condition = &self.kept.condition;
        if let Some(since) = self.resumes.take() {
            self.state.resume(condition, since);
            self.next = self.state.next(condition);
        }
        if self.next.is_some_and(|next| next <= now) {
            self.state.pass(condition, now, most.saturating_sub(said.len()), said);
            self.next = self.state.next(condition);
        }
        self.state.clock = self.state.clock.max(now);
        // How long a channel has been silent is known only as long as that is kept.
        self.is_moved |= matches!(condition.rule, Rule::Silent { .. }) && !self.state.channels.is_empty();
    }

    /// Publishes what is to be said, with the state as it is.
    fn publish(&mut self, hands: &Hands, counts: &ConditionCounts) -> Result<(), Refusal> {
        let messages: Vec<Publish> = self.unsaid.iter().map(|(_, publish)| publish.clone()).collect();
        let (publisher, along) = (self.kept.publisher.clone(), Vec::new());
        let group = Group { publisher, messages, atomic: true, along };
        let is_live = hands.is_live(&self.kept.condition.publish.channel);
        let answers = match is_live {
            true => hands.commit_live(group),
            false => keep(hands, Group { along: vec![self.state_change()], ..group })?,
        };
        let refused = match answers.is_empty() {
            true => Some(Code::STORE_FAILED.into()),
            false => answers.into_iter().find_map(Result::err),
        };
        match &refused {
            Some(refusal) if refusal.code.retry() == Retry::Never => {
                tracing::warn!(condition = %self.kept.id, %refusal, "what a condition says is refused");
            }
            Some(refusal) => return Err(refusal.clone()),
            None => {}
        }
        if is_live || refused.is_some() {
            let kept = hands.store.change(&[self.state_change()]);
            kept.map_err(|error| crate::commit::refused(&error))?;
        }
        self.is_moved = false;
        for (turn, publish) in self.unsaid.drain(..).filter(|_| refused.is_none()) {
            counts.of(turn).add(1);
            counts.late.add(u64::from(publish.content.tags.contains_key("late")));
        }
        Ok(())
    }
}

/// Publishes to the kept log, and waits.
fn keep(hands: &Hands, group: Group) -> Result<Answers, Refusal> {
    let (sender, receiver) = mpsc::channel();
    hands.keep(group, Box::new(move |answers| drop(sender.send(answers))))?;
    receiver.recv().map_err(|_| Code::STORE_FAILED.into())
}
