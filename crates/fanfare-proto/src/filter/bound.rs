//! A filter that knows where its fields are.

use super::judge::View;
use super::{Fields, Filter};
use crate::{Amends, Message};

/// A filter bound to the [`Paths`](super::Paths) of a worker, to which it is given back when nobody uses it any more.
#[derive(Debug)]
pub struct BoundFilter {
    filter: Filter,
    /// The slot of each path of the filter.
    slots: Box<[usize]>,
}

impl BoundFilter {
    pub(super) fn new(filter: Filter, slots: Box<[usize]>) -> BoundFilter {
        BoundFilter { filter, slots }
    }

    /// The filter.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    pub(super) fn slots(&self) -> &[usize] {
        &self.slots
    }

    /// Whether the filter wants a message, whose fields were read for the same paths after the filter was bound to them. It
    /// wants every delete: that says nothing which could be judged.
    /// Takes time linear in the length of the filter, and no memory.
    pub fn accepts(&self, message: &Message, fields: &Fields) -> bool {
        if matches!(message.content.amends, Some(Amends::Deletes(_))) {
            return true;
        }
        View { message, fields, slots: &self.slots }.holds(&self.filter.0.tree.root)
    }
}
