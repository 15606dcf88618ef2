//! Edits and deletes in the memory log: what they change when they are added, and how readers see that.

use super::state::State;
use crate::{Order, Original, Read};
use fanfare_proto::{Amends, Channel, Message, Position, View};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The edits of each original that is kept, oldest first.
pub(super) type Edits = BTreeMap<Position, Vec<Position>>;

impl State {
    /// Does what a new message says of an earlier one.
    pub(super) fn amend(&mut self, message: &Message) {
        match message.content.amends {
            None => {}
            Some(Amends::Replaces(target)) => self.edits.entry(target).or_default().push(message.position),
            Some(Amends::Deletes(target)) => {
                let edits = self.edits.get(&target).cloned().unwrap_or_default();
                edits.into_iter().chain([target]).for_each(|position| self.erase(position));
            }
        }
    }

    /// Takes a message out, and its edits with it.
    pub(super) fn remove_with_edits(&mut self, position: Position) -> bool {
        let edits = self.edits.remove(&position).unwrap_or_default();
        for edit in edits {
            self.remove(edit);
        }
        self.remove(position)
    }

    fn erase(&mut self, position: Position) {
        let found = self.spaces.iter_mut().find(|space| space.messages.contains_key(&position));
        let Some(space) = found else { return };
        let Some(slot) = space.messages.get_mut(&position) else { return };
        let (erased, freed) = (Arc::new(slot.erased()), slot.content.size() as u64);
        *slot = erased.clone();
        space.bytes -= freed;
        self.status.bytes -= freed;
        if let Some(line) = self.channels.get_mut(&erased.channel) {
            line.bytes -= freed;
            let at = line.messages.partition_point(|other| other.position < position);
            if let Some(slot) = line.messages.get_mut(at).filter(|slot| slot.position == position) {
                *slot = erased;
            }
        }
    }

    /// A message is not kept any more.
    pub(super) fn forget_edits(&mut self, message: &Message) {
        match message.content.amends {
            None if self.edits.is_empty() => {}
            None => drop(self.edits.remove(&message.position)),
            Some(Amends::Replaces(target)) => {
                if let Some(edits) = self.edits.get_mut(&target) {
                    edits.retain(|edit| *edit != message.position);
                }
            }
            Some(Amends::Deletes(_)) => {}
        }
    }

    /// A message as a reader sees it, if it does.
    pub(super) fn shown(&self, message: &Arc<Message>, read: &Read) -> Option<Arc<Message>> {
        if read.selection.view() == View::Events {
            return Some(message.clone());
        }
        match message.content.amends {
            None if message.content.is_erased() => None,
            None => {
                let edit = self.edits.get(&message.position).and_then(|edits| edits.last());
                Some(match edit.and_then(|edit| self.message(message, *edit)) {
                    Some(edit) => Arc::new(message.edited(edit)),
                    None => message.clone(),
                })
            }
            Some(amends) => {
                let target = amends.target();
                let heard = read.order == Order::Forward && read.began < target && target <= read.from;
                let counts = match amends {
                    // Of an original that is not kept there are no edits.
                    Amends::Replaces(_) => {
                        self.edits.get(&target).and_then(|edits| edits.last()) == Some(&message.position)
                    }
                    Amends::Deletes(_) => true,
                };
                (heard && counts && message.content.became.is_none()).then(|| message.clone())
            }
        }
    }

    /// The message at a position, if it is one of this channel.
    pub(super) fn original(&self, channel: &Channel, position: Position) -> Option<Original> {
        let line = self.channels.get(channel)?;
        let space = &self.spaces[usize::from(line.namespace.0)];
        let message = space.messages.get(&position).filter(|message| message.channel == *channel)?;
        let edit = self.edits.get(&position).and_then(|edits| edits.last());
        let newest = edit.and_then(|edit| space.messages.get(edit)).unwrap_or(message);
        Some(Original { message: message.clone(), expires: newest.expires })
    }

    /// The message at a position in the namespace of another one.
    fn message(&self, beside: &Message, position: Position) -> Option<&Arc<Message>> {
        let line = self.channels.get(&beside.channel)?;
        self.spaces[usize::from(line.namespace.0)].messages.get(&position)
    }
}
