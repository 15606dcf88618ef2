//! Pages in memory, counted: readers that catch up faster than their sockets take must not fill it.

use fanfare_proto::limits;
use fanfare_store::Page;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// How many bytes of contents are in pages that somebody still has.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lending(Arc<AtomicUsize>);

/// Bytes that count until this is dropped.
#[derive(Debug)]
pub(crate) struct Loan {
    bytes: usize,
    lending: Lending,
}

/// A page that counts as long as somebody has it.
pub(crate) struct Lent {
    page: Page,
    loan: Loan,
}

impl Lending {
    pub(crate) fn lend(&self, page: Page) -> Lent {
        let bytes = page.messages.iter().map(|message| message.content.size()).sum();
        Lent { page, loan: self.count(bytes) }
    }

    /// Counts bytes that somebody has.
    pub(crate) fn count(&self, bytes: usize) -> Loan {
        self.0.fetch_add(bytes, Relaxed);
        Loan { bytes, lending: self.clone() }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.0.load(Relaxed)
    }

    /// Whether there are so many that whoever needs its page only later is to let go of it.
    pub(crate) fn are_many(&self) -> bool {
        self.bytes() > limits::PAGES_LENT_BYTES / 2
    }
}

impl Lent {
    pub(crate) fn bytes(&self) -> usize {
        self.loan.bytes
    }
}

impl Deref for Lent {
    type Target = Page;

    fn deref(&self) -> &Page {
        &self.page
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        self.lending.0.fetch_sub(self.bytes, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fanfare_proto::{Channel, Content, Message, Position, Time};

    #[test]
    fn what_is_given_back_counts_no_more() {
        let message = Message {
            channel: Channel::parse("a").unwrap(),
            position: Position(1),
            previous: None,
            time: Time(0),
            id: None,
            publisher: None,
            expires: None,
            content: Content { body: vec![0; 100].into(), ..Content::default() },
        };
        let page = Page { messages: vec![Arc::new(message)], through: Position(1), gap: None };
        let lending = Lending::default();
        let (one, other) = (lending.lend(page.clone()), lending.lend(page));
        assert_eq!(lending.bytes(), one.bytes() + other.bytes());
        drop(one);
        assert_eq!(lending.bytes(), other.bytes());
    }
}
