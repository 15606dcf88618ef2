//! Filling a page: the one place where a page's limits are judged.

use crate::{Order, Page, Read};
use fanfare_proto::{Gap, Message, Position};
use std::sync::Arc;

/// A page being filled, in the order of reading.
pub(crate) struct Filling<'a> {
    read: &'a Read,
    messages: Vec<Arc<Message>>,
    bytes: usize,
}

impl<'a> Filling<'a> {
    pub(crate) fn new(read: &'a Read) -> Filling<'a> {
        Filling { read, messages: Vec::new(), bytes: 0 }
    }

    /// Whether no further message fits. A page holds at least one.
    pub(crate) fn is_full(&self) -> bool {
        self.messages.len() >= self.read.messages.max(1)
            || (self.bytes >= self.read.bytes && !self.messages.is_empty())
    }

    pub(crate) fn push(&mut self, message: Arc<Message>) {
        self.bytes += message.content.size();
        self.messages.push(message);
    }

    /// The page. `end` is how far was looked, if the page is not full.
    pub(crate) fn finish(mut self, end: Position, gap: Option<Gap>) -> Page {
        let last = self.messages.last().map(|message| message.position);
        let through = last.filter(|_| self.is_full()).unwrap_or(end);
        let through = match self.read.order {
            Order::Forward => through.max(self.read.from),
            Order::Backward => through.min(self.read.from),
        };
        if self.read.order == Order::Backward {
            self.messages.reverse();
        }
        Page { messages: self.messages, through, gap }
    }
}
