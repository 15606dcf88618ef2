//! What follows from a message, and from time that passes. The state is all that is remembered.
//!
//! A channel of a condition with `when` is quiet, pending from the first message that `when` wants, and firing once that
//! held for long enough; a message that `when` does not want makes a pending one quiet again, and one that `until` wants a
//! firing one. A channel of which silence is awaited is pending from the last time it was heard, and firing once that is
//! long ago. What is due by a message's time happens before the message.

use super::{Condition, ConditionState, Occurrence, Phase, Rule, Standing, Turn, Verdict};
use crate::{Cursor, Position, Time, limits};
use std::time::Duration;

impl Standing {
    const QUIET: Standing = Standing { phase: Phase::Quiet, since: Time(0), fired: None, position: None };

    /// When it has something to say, if nothing else is said, and what.
    fn due(&self, condition: &Condition) -> Option<(Time, Turn)> {
        let paused = |time: Time| self.fired.map_or(time, |fired| time.max(fired.after(condition.pause)));
        match self.phase {
            Phase::Quiet => None,
            Phase::Pending => Some((paused(self.since.after(condition.time())), Turn::Fires)),
            Phase::Firing => {
                Some((paused(self.fired.unwrap_or(self.since).after(condition.repeat?)), Turn::Repeats))
            }
        }
    }
}

impl Condition {
    fn time(&self) -> Duration {
        match self.rule {
            Rule::Holds { time, .. } | Rule::Silent { time, .. } => time,
        }
    }

    fn is_silent(&self) -> bool {
        matches!(self.rule, Rule::Silent { .. })
    }
}

impl ConditionState {
    /// Of a condition that is made now. A channel by its name is silent from now on; those of a pattern once they were heard.
    pub fn begin(condition: &Condition, cursor: Cursor, now: Time) -> ConditionState {
        let mut state = ConditionState {
            cursor,
            clock: now,
            occurrences: 0,
            fired: None,
            channels: Default::default(),
            left_out: 0,
            lost: None,
        };
        if let (true, Some(channel)) = (condition.is_silent(), condition.watch.channel()) {
            let heard = Standing { phase: Phase::Pending, since: now, ..Standing::QUIET };
            state.channels.insert(channel.as_str().into(), heard);
        }
        state
    }

    /// A message was said in a channel. Adds at most two occurrences. Of at most so many channels it is remembered how they
    /// stand; messages of others are only counted.
    pub fn hear(
        &mut self,
        condition: &Condition,
        channel: &str,
        (position, time): (Position, Time),
        verdict: Verdict,
        most: usize,
        out: &mut Vec<Occurrence>,
    ) {
        let time = time.max(self.clock);
        self.clock = time;
        let known = self.channels.get(channel).copied();
        if known.is_none() && (!verdict.when || !self.has_room(condition, most)) {
            return;
        }
        let mut standing = known.unwrap_or(Standing::QUIET);
        self.fire_if_due(condition, channel, &mut standing, time, out);
        let silent = condition.is_silent();
        let is_over = if silent { verdict.when } else { verdict.until };
        match standing.phase {
            Phase::Firing if is_over => {
                standing.phase = if silent { Phase::Pending } else { Phase::Quiet };
                standing.since = time;
                self.say(condition, Turn::Clears, channel, (Some(position), time), out);
            }
            Phase::Quiet if verdict.when => {
                let (phase, position) = (Phase::Pending, Some(position));
                standing = Standing { phase, since: time, position, ..standing };
                self.fire_if_due(condition, channel, &mut standing, time, out);
            }
            Phase::Pending if silent && verdict.when => standing.since = time,
            Phase::Pending if !silent && !verdict.when => {
                (standing.phase, standing.since) = (Phase::Quiet, time);
            }
            _ => {}
        }
        if silent && verdict.when {
            standing.position = Some(position);
        }
        if standing.is_over(condition, time) {
            self.channels.remove(channel);
        } else if let Some(known) = self.channels.get_mut(channel) {
            *known = standing;
        } else {
            self.channels.insert(channel.into(), standing);
        }
    }

    /// Time has passed, and everything that was said before is judged. Stops after so many occurrences; what else is due
    /// stays so.
    pub fn pass(&mut self, condition: &Condition, now: Time, most: usize, out: &mut Vec<Occurrence>) {
        let now = now.max(self.clock);
        self.clock = now;
        let is_due = |standing: &Standing| standing.due(condition).is_some_and(|(due, _)| due <= now);
        let due = self.channels.iter().filter(|(_, standing)| is_due(standing)).take(most);
        let due: Vec<(Box<str>, Standing)> =
            due.map(|(channel, standing)| (channel.clone(), *standing)).collect();
        for (channel, mut standing) in due {
            let Some((due, turn)) = standing.due(condition) else { continue };
            if turn == Turn::Fires {
                standing.since = due;
            }
            (standing.phase, standing.fired) = (Phase::Firing, Some(now));
            self.say(condition, turn, &channel, (standing.position, due), out);
            self.channels.insert(channel, standing);
        }
    }

    /// After a time in which nobody listened: it does not count as silence. Everything that was said before it is judged.
    pub fn resume(&mut self, condition: &Condition, now: Time) {
        let away = Duration::from_millis(now.0.saturating_sub(self.clock.0));
        self.clock = self.clock.max(now);
        if condition.is_silent() {
            let pending = self.channels.values_mut().filter(|standing| standing.phase == Phase::Pending);
            pending.for_each(|standing| standing.since = standing.since.after(away));
        }
    }

    /// When [`ConditionState::pass`] has something to do, if nothing is said before.
    pub fn next(&self, condition: &Condition) -> Option<Time> {
        self.channels.values().filter_map(|standing| standing.due(condition)).map(|(due, _)| due).min()
    }

    /// Channels that stand so.
    pub fn count(&self, phase: Phase) -> usize {
        self.channels.values().filter(|standing| standing.phase == phase).count()
    }

    fn fire_if_due(
        &mut self,
        condition: &Condition,
        channel: &str,
        standing: &mut Standing,
        time: Time,
        out: &mut Vec<Occurrence>,
    ) {
        // What repeats is not made up for: only a clock repeats.
        if let Some((due, Turn::Fires)) = standing.due(condition)
            && due <= time
        {
            (standing.phase, standing.since, standing.fired) = (Phase::Firing, due, Some(time));
            self.say(condition, Turn::Fires, channel, (standing.position, due), out);
        }
    }

    fn say(
        &mut self,
        condition: &Condition,
        turn: Turn,
        channel: &str,
        (position, due): (Option<Position>, Time),
        out: &mut Vec<Occurrence>,
    ) {
        match turn {
            Turn::Clears if condition.clear.is_none() => return,
            Turn::Clears => {}
            Turn::Fires | Turn::Repeats => self.fired = Some(self.clock),
        }
        self.occurrences += 1;
        out.push(Occurrence { number: self.occurrences, turn, channel: channel.into(), position, due });
    }

    /// Whether another channel can be judged; if not, that is counted.
    fn has_room(&mut self, condition: &Condition, most: usize) -> bool {
        let most = most.min(limits::CONDITION_CHANNELS);
        if self.channels.len() >= most {
            let now = self.clock;
            self.channels.retain(|_, standing| !standing.is_over(condition, now));
        }
        let is_room = self.channels.len() < most;
        self.left_out += u64::from(!is_room);
        is_room
    }
}

impl Standing {
    /// Whether it is as one that was never heard.
    fn is_over(&self, condition: &Condition, now: Time) -> bool {
        self.phase == Phase::Quiet && self.fired.is_none_or(|fired| fired.after(condition.pause) <= now)
    }
}
