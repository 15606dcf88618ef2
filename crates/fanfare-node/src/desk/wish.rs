//! What a reader wants of what lies before it, and who knows.

use fanfare_hub::{Filters, Interest};
use fanfare_proto::{Message, Sieve, View};

/// What a reader wants.
pub(crate) enum Wish<'a> {
    /// What its selection wants, whose filters it shares with others.
    Shared(&'a Interest, &'a mut Filters),
    /// What this wants, for it alone.
    Own(&'a mut Sieve),
}

impl Wish<'_> {
    /// Whether a message is wanted, which is at a place of the window if it is there.
    pub(crate) fn wants(&mut self, message: &Message, seq: Option<u64>) -> bool {
        match self {
            Wish::Shared(interest, filters) => interest.wants(filters, message, seq),
            Wish::Own(sieve) => sieve.wants(message),
        }
    }

    /// Whether a message that it does not see takes another one away from it.
    pub(crate) fn withdraws(&self, message: &Message) -> bool {
        match self {
            Wish::Shared(interest, _) => interest.selection.withdraws(message),
            Wish::Own(sieve) => sieve.selection().withdraws(message),
        }
    }

    /// How it sees what was edited or deleted.
    pub(crate) fn view(&self) -> View {
        match self {
            Wish::Shared(interest, _) => interest.selection.view(),
            Wish::Own(sieve) => sieve.selection().view(),
        }
    }

    /// Whether a message of a page, which was read for the channels that are wanted, is not.
    pub(crate) fn refuses(&mut self, message: &Message) -> bool {
        let filtered = match self {
            Wish::Shared(interest, _) => interest.is_filtered(),
            Wish::Own(sieve) => !sieve.selection().filters().is_empty(),
        };
        filtered && !self.wants(message, None)
    }
}
