//! What acked readers ask of a node, on their thread, which may wait.

use crate::commit::{Answers, Group, unread};
use crate::dead::dead_letter;
use crate::hands::Hands;
use crate::history;
use crate::reading::Logs;
use fanfare_proto::{
    Code, Grant, History, HistoryPage, LogId, Message, Pattern, Position, Publish, ReaderName, Refusal,
    Selection, TagValue, Time, limits,
};
use fanfare_store::{Order, Read, StoreError};
use std::sync::Arc;
use tokio::sync::oneshot;

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

    /// Whether a message was not removed or deleted meanwhile.
    pub(super) fn is_there(&self, message: &Message) -> Result<bool, Refusal> {
        Ok(self.found(message)?.is_some_and(|found| found.content.became.is_none()))
    }

    /// A message as the log has it now.
    pub(super) fn found(&self, message: &Message) -> Result<Option<Arc<Message>>, Refusal> {
        let (log, position) = (self.log_of(&message.channel), message.position);
        let read = Read {
            selection: Selection::new(vec![Pattern::from(&message.channel)]),
            from: Position(position.0.saturating_sub(1)),
            order: Order::Forward,
            messages: 1,
            bytes: limits::TURN_BYTES,
        };
        let page = self.read(move |logs| logs.get(log).read(&read))?;
        Ok(page.messages.first().filter(|found| found.position == position).cloned())
    }

    /// Publishes what nobody acknowledged, each with how often it was given, and waits until it is kept. What comes from there
    /// goes there no second time: it would go round and round.
    pub(super) fn bury(&self, name: &ReaderName, spent: &[(Arc<Message>, u32)]) -> Result<(), Refusal> {
        let is_new = |message: &Message| !message.channel.as_str().starts_with("$dead/");
        let letters = spent.iter().filter(|(message, _)| is_new(message));
        let letters = letters.map(|(message, attempts)| self.letter(name, message, *attempts));
        let letters: Vec<Publish> = letters.collect::<Result<_, _>>()?;
        let Some(first) = letters.first() else { return Ok(()) };
        let (log, count) = (self.log_of(&first.channel), letters.len());
        let answers = self.publish(log, letters)?;
        let kept = answers.into_iter().map(|answer| answer.map(drop)).collect::<Result<Vec<()>, _>>()?;
        if kept.len() == count { Ok(()) } else { Err(Code::STORE_FAILED.into()) }
    }

    fn letter(&self, name: &ReaderName, message: &Message, attempts: u32) -> Result<Publish, Refusal> {
        let epoch = self.places.epochs[self.log_of(&message.channel).index()];
        let delivery = format!("{:x}-{}", epoch.0, message.position.0);
        let why = format!("given {attempts} times and not acknowledged");
        let mut letter = dead_letter(name.as_str(), message, &delivery, &why)?;
        let numbers = [("dead_attempts", f64::from(attempts)), ("dead_position", message.position.0 as f64)];
        for (name, number) in numbers {
            letter.content.tags.insert(name.into(), TagValue::Number(number));
        }
        Ok(letter)
    }

    fn publish(&self, log: LogId, messages: Vec<Publish>) -> Result<Answers, Refusal> {
        let group = Group { publisher: None, messages, atomic: false, along: Vec::new() };
        if log == LogId::LIVE {
            return Ok(self.commit_live(group));
        }
        let (sender, receiver) = oneshot::channel();
        self.commits.publish(group, Box::new(move |answers| drop(sender.send(answers))))?;
        Ok(receiver.blocking_recv().unwrap_or_default())
    }
}
