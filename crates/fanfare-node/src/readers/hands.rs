//! What acked readers ask of a node, on their thread, which may wait.

use super::change;
use super::place::{Place, Spent};
use crate::commit::{Answers, Group, unread};
use crate::dead::dead_letter;
use crate::hands::Hands;
use crate::history;
use crate::reading::Logs;
use fanfare_proto::{
    Became, Channel, Code, Grant, History, HistoryPage, Message, Pattern, Position, Publish, ReaderKept,
    ReaderName, Refusal, Selection, TagValue, Time, limits,
};
use fanfare_store::{Order, Read, RecordChange, StoreError};
use std::sync::Arc;
use tokio::sync::oneshot;

/// What became of each of several things.
pub(super) type Answered = Vec<Result<(), Refusal>>;

impl Hands {
    pub(super) fn now(&self) -> Time {
        (self.now)()
    }

    /// Refuses what a grant does not allow.
    pub(super) fn check(&self, grant: &Grant, patterns: &[Pattern]) -> Result<(), Refusal> {
        self.left.logs_for(&self.namespaces, grant, patterns).map(drop)
    }

    /// Reads on a reader thread, and waits for it.
    fn read<T: Send + 'static>(
        &self,
        task: impl FnOnce(&Logs) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Refusal> {
        let (sender, receiver) = oneshot::channel();
        self.reading.task(Box::new(move |logs| drop(sender.send(task(logs)))))?;
        match receiver.blocking_recv() {
            Ok(answer) => answer.map_err(|error| unread(&error)),
            Err(_) => Err(Code::STORE_FAILED.into()),
        }
    }

    /// Reads a page.
    pub(super) fn page(&self, history: History) -> Result<HistoryPage, Refusal> {
        let set = self.left.logs_for(&self.namespaces, &Grant::open(), &history.patterns)?;
        let (places, now) = (self.places, self.now());
        self.read(move |logs| history::read(logs, &places, set, &history, now))
    }

    /// Which of these messages were removed or deleted meanwhile.
    pub(super) fn gone(&self, messages: Vec<(Place, Channel)>) -> Result<Vec<Place>, Refusal> {
        let places: Vec<Place> = messages.iter().map(|(place, _)| *place).collect();
        let found = self.found(messages)?;
        let deleted = |found: &Arc<Message>| found.content.became == Some(Became::Deleted);
        let is_gone = |found: &Option<Arc<Message>>| found.as_ref().is_none_or(deleted);
        Ok(places
            .into_iter()
            .zip(found)
            .filter(|(_, found)| is_gone(found))
            .map(|(place, _)| place)
            .collect())
    }

    /// Messages as the log has them now, each if it is still there.
    pub(super) fn found(
        &self,
        messages: Vec<(Place, Channel)>,
    ) -> Result<Vec<Option<Arc<Message>>>, Refusal> {
        if messages.is_empty() {
            return Ok(Vec::new());
        }
        self.read(move |logs| {
            let mut all = Vec::with_capacity(messages.len());
            for ((log, position), channel) in messages {
                let read = Read {
                    selection: Selection::new(vec![Pattern::from(&channel)]),
                    from: Position(position.0.saturating_sub(1)),
                    began: Position::START,
                    order: Order::Forward,
                    messages: 1,
                    bytes: limits::TURN_BYTES,
                };
                let page = logs.get(log).read(&read)?;
                all.push(page.messages.first().filter(|found| found.position == position).cloned());
            }
            Ok(all)
        })
    }

    /// Publishes what nobody acknowledged, and waits until it is kept, with the record of a reader that has done it: both or
    /// neither, if the store keeps both. Answers what became of each. What comes from there goes there no second time: it
    /// would go round and round.
    pub(super) fn bury(&self, name: &ReaderName, spent: &[Spent], kept: &ReaderKept) -> Answered {
        let mut answers: Answered = spent.iter().map(|_| Ok(())).collect();
        let (mut letters, mut of) = (Vec::new(), Vec::new());
        for (index, spent) in spent.iter().enumerate() {
            if !spent.message.channel.as_str().starts_with("$dead/") {
                match self.letter(name, spent) {
                    Ok(letter) => {
                        letters.push(letter);
                        of.push(index);
                    }
                    Err(refusal) => answers[index] = Err(refusal),
                }
            }
        }
        let published = self.publish(letters, change(name, kept));
        for (at, index) in of.into_iter().enumerate() {
            answers[index] = match &published {
                Ok(published) => match published.get(at) {
                    Some(answer) => answer.as_ref().map(drop).map_err(Clone::clone),
                    None => Err(Code::STORE_FAILED.into()),
                },
                Err(refusal) => Err(refusal.clone()),
            };
        }
        answers
    }

    fn letter(&self, name: &ReaderName, spent: &Spent) -> Result<Publish, Refusal> {
        let (Spent { message, attempts, .. }, (log, position)) = (spent, spent.place);
        let delivery = format!("{:x}-{}", self.places.epochs[log.index()].0, position.0);
        let why = format!("given {attempts} times and not acknowledged");
        let mut letter = dead_letter(name.as_str(), message, &delivery, &why)?;
        for (name, number) in [("dead_attempts", f64::from(*attempts)), ("dead_position", position.0 as f64)]
        {
            letter.content.tags.insert(name.into(), TagValue::Number(number));
        }
        Ok(letter)
    }

    fn publish(&self, messages: Vec<Publish>, along: RecordChange) -> Result<Answers, Refusal> {
        let Some(first) = messages.first() else { return Ok(Answers::new()) };
        let is_live = self.is_live(&first.channel);
        let group = Group { publisher: None, messages, atomic: false, along: Vec::new() };
        if is_live {
            return Ok(self.commit_live(group));
        }
        let (sender, receiver) = oneshot::channel();
        let group = Group { along: vec![along], ..group };
        self.keep(group, Box::new(move |answers| drop(sender.send(answers))))?;
        Ok(receiver.blocking_recv().unwrap_or_default())
    }
}
