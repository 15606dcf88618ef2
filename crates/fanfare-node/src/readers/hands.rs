//! What the thread works with: all of a node that it needs.

use crate::commit::{Answers, Committer, Group, lock, unread};
use crate::commit_thread::CommitThread;
use crate::dead::dead_letter;
use crate::history;
use crate::left::Left;
use crate::places::Places;
use crate::reading::{Logs, Reading};
use crate::tail::Tail;
use fanfare_proto::{
    Channel, Code, Grant, History, HistoryPage, LogId, Message, Namespaces, Pattern, Position, Publish,
    ReaderName, Refusal, Selection, TagValue, Time, limits,
};
use fanfare_store::{Order, Read, Store, StoreError};
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;

/// Records, logs and the clock.
#[derive(Clone)]
pub(crate) struct Hands {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) namespaces: Arc<Namespaces>,
    pub(crate) left: Arc<Left>,
    pub(crate) places: Places,
    pub(crate) reading: Arc<Reading>,
    pub(crate) commits: Arc<CommitThread>,
    pub(crate) live: Arc<Mutex<Committer>>,
    pub(crate) tail: Arc<Tail>,
    pub(crate) now: fn() -> Time,
}

impl Hands {
    pub(super) fn now(&self) -> Time {
        (self.now)()
    }

    pub(super) fn log_of(&self, channel: &Channel) -> LogId {
        self.namespaces.keeping(channel.as_str()).log()
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

    /// Whether a message was not removed meanwhile.
    pub(super) fn is_there(&self, message: &Message) -> Result<bool, Refusal> {
        let (log, position) = (self.log_of(&message.channel), message.position);
        let read = Read {
            selection: Selection::new(vec![Pattern::from(&message.channel)]),
            from: Position(position.0.saturating_sub(1)),
            order: Order::Forward,
            messages: 1,
            bytes: limits::TURN_BYTES,
        };
        let page = self.read(move |logs| logs.get(log).read(&read))?;
        Ok(page.messages.first().is_some_and(|found| found.position == position))
    }

    /// Publishes what nobody acknowledged, and waits until it is kept.
    pub(super) fn bury(&self, name: &ReaderName, message: &Message, attempts: u32) -> Result<(), Refusal> {
        let epoch = self.places.epochs[self.log_of(&message.channel).index()];
        let delivery = format!("{:x}-{}", epoch.0, message.position.0);
        let why = format!("given {attempts} times and not acknowledged");
        let mut publish = dead_letter(name.as_str(), message, &delivery, &why)?;
        let numbers = [("dead_attempts", f64::from(attempts)), ("dead_position", message.position.0 as f64)];
        for (name, number) in numbers {
            publish.content.tags.insert(name.into(), TagValue::Number(number));
        }
        let answers = self.publish(publish)?;
        answers.into_iter().next().unwrap_or_else(|| Err(Code::STORE_FAILED.into())).map(drop)
    }

    fn publish(&self, publish: Publish) -> Result<Answers, Refusal> {
        let log = self.log_of(&publish.channel);
        let group = Group { publisher: None, messages: vec![publish], atomic: false, along: Vec::new() };
        if log == LogId::LIVE {
            return Ok(lock(&self.live).commit(&mut [group], self.now()).pop().unwrap_or_default());
        }
        let (sender, receiver) = oneshot::channel();
        self.commits.publish(group, Box::new(move |answers| drop(sender.send(answers))))?;
        Ok(receiver.blocking_recv().unwrap_or_default())
    }
}
