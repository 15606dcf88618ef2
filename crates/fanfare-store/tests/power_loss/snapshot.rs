//! Everything that a store answers at one moment.

use fanfare_proto::{Epoch, Gap, Message, Pattern, Position, Selection};
use fanfare_store::{ChannelInfo, Log, LogStatus, Order, Read, Record, Records, SqliteLog};
use std::sync::Arc;

/// What a store holds. Two that hold the same are equal.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    pub status: LogStatus,
    pub messages: Vec<Arc<Message>>,
    pub channels: Vec<ChannelInfo>,
    /// What somebody who read nothing yet is told, for each of the patterns asked.
    pub gaps: Vec<Option<Gap>>,
    pub records: Vec<Record>,
}

/// The kind of the records.
pub const KIND: &str = "note";

impl Snapshot {
    pub fn of(log: &SqliteLog, patterns: &[&str]) -> Snapshot {
        let read = |pattern: &str, from| {
            let selection = Selection::new(vec![Pattern::parse(pattern).unwrap()]);
            let read = Read {
                selection,
                from,
                began: Position::START,
                order: Order::Forward,
                messages: 1000,
                bytes: 1 << 20,
            };
            log.read(&read).unwrap()
        };
        let (status, mut messages, mut from) = (log.status(), Vec::new(), Position::START);
        while from < status.head {
            let page = read("**", from);
            messages.extend(page.messages);
            from = page.through;
        }
        Snapshot {
            status,
            messages,
            channels: log.channels(&Pattern::everything(), "", usize::MAX).unwrap(),
            gaps: patterns.iter().map(|pattern| read(pattern, Position::START).gap).collect(),
            records: log.scan(KIND, "", "", usize::MAX).unwrap(),
        }
    }

    /// The same in a store of another epoch.
    pub fn in_epoch(&self, epoch: Epoch) -> Snapshot {
        Snapshot { status: LogStatus { epoch, ..self.status }, ..self.clone() }
    }

    /// What differs, in short.
    pub fn difference(&self, other: &Snapshot) -> String {
        let first = self.messages.iter().zip(&other.messages).find(|(a, b)| a != b);
        format!(
            "{:?} instead of {:?}; {} messages up to {:?} instead of {} up to {:?}; first other message {first:?}; \
             channels alike: {}, gaps alike: {}, records alike: {}",
            self.status,
            other.status,
            self.messages.len(),
            self.messages.last().map(|message| message.position),
            other.messages.len(),
            other.messages.last().map(|message| message.position),
            self.channels == other.channels,
            self.gaps == other.gaps,
            self.records == other.records,
        )
    }
}
