//! What the writer knows without asking the file, and what one transaction will have changed of it.
//!
//! A [`Change`] is filled while a transaction runs and taken into the [`Ledger`] once it is committed. A
//! transaction that fails leaves everything as it was.

use super::channel;
use super::error::meaning;
use super::heads::{ByKey, ChannelId, Head, Heads, Key};
use crate::compact::Due;
use crate::gone::Gone;
use crate::retention::Rules;
use crate::{Incidents, LogStatus, StoreError};
use fanfare_proto::{Channel, NamespaceId, Position, limits};
use rusqlite::Connection;
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What writer, readers and the checkpoint thread share.
pub(super) struct Shared {
    pub(super) heads: Heads,
    status: Mutex<LogStatus>,
    wrong: Mutex<Wrong>,
}

/// What is wrong, and what was.
#[derive(Default)]
struct Wrong {
    /// Why the log takes no more, if so.
    trouble: Option<StoreError>,
    incidents: Incidents,
}

impl Shared {
    pub(super) fn new(heads: Heads, status: LogStatus) -> Shared {
        Shared { heads, status: Mutex::new(status), wrong: Mutex::default() }
    }

    pub(super) fn status(&self) -> LogStatus {
        *self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn trouble(&self) -> Option<StoreError> {
        self.wrong().trouble.clone()
    }

    pub(super) fn incidents(&self) -> Incidents {
        self.wrong().incidents.clone()
    }

    /// Remembers what a reader met. Damage stays until all of the store was checked, though the log goes on being written.
    pub(super) fn meet(&self, error: StoreError) -> StoreError {
        if let StoreError::Corrupt(_) = error {
            self.wrong().incidents.damage.get_or_insert_with(|| error.clone());
        }
        error
    }

    /// Judges an error of a writer: after a failure of the disk nothing more is written until the store has been checked,
    /// and when something seems to be damaged, until all of it was. A full disk, or another program's lock, passes.
    pub(super) fn judge(&self, error: StoreError) -> StoreError {
        let error = self.meet(error);
        let Wrong { trouble, incidents } = &mut *self.wrong();
        let closings = match (&error, &*trouble) {
            (StoreError::Failed(_), None) => &mut incidents.failures,
            (StoreError::Corrupt(_), None | Some(StoreError::Failed(_))) => &mut incidents.damages,
            _ => return error,
        };
        *closings += 1;
        *trouble = Some(error.clone());
        error
    }

    /// The store has been checked: the log takes messages again, unless something else was met meanwhile. If damage was met,
    /// all of the store was checked, and there is none.
    pub(super) fn reopen(&self, met: &StoreError) {
        let Wrong { trouble, incidents } = &mut *self.wrong();
        if trouble.take_if(|trouble| trouble == met).is_some() && matches!(met, StoreError::Corrupt(_)) {
            incidents.damage = None;
        }
    }

    /// All of the store was checked while it was open, and what a reader had met is not there.
    pub(super) fn forget(&self, met: &StoreError) {
        let Wrong { trouble, incidents } = &mut *self.wrong();
        if trouble.is_none() {
            incidents.damage.take_if(|damage| damage == met);
        }
    }

    fn wrong(&self) -> MutexGuard<'_, Wrong> {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One namespace of the log.
#[derive(Debug, Clone, Copy)]
pub(super) struct Space {
    /// Bytes of its messages.
    pub(super) bytes: u64,
    /// What is gone of channels that were dropped.
    pub(super) gone: Gone,
    /// Nothing of it is left up to here.
    pub(super) floor: Position,
}

impl Space {
    /// Nothing came and nothing went.
    pub(super) const UNTOUCHED: Space = Space { bytes: 0, gone: Gone::NOTHING, floor: Position::START };
}

pub(super) struct Ledger {
    pub(super) shared: Arc<Shared>,
    pub(super) rules: Rules,
    pub(super) status: LogStatus,
    /// By [`NamespaceId`].
    pub(super) spaces: Vec<Space>,
    /// Channels that had more messages than their namespace allows when one was added.
    pub(super) crowded: BTreeSet<Channel>,
    /// Channels to be walked for what is superseded.
    pub(super) due: Due<ChannelId>,
    /// Channels without messages, those that were made first in front. Some may have been dropped meanwhile.
    pub(super) empty: BTreeSet<ChannelId>,
    /// Messages since the heads were last written as a whole.
    pub(super) unflushed: u64,
}

impl Ledger {
    /// What a transaction that begins now may change.
    pub(super) fn change(&self) -> Change<'_> {
        let done = Changed {
            touched: HashMap::default(),
            dropped: Vec::new(),
            crowded: Vec::new(),
            due: Vec::new(),
            spaces: self.spaces.clone(),
            status: self.status,
        };
        Change { ledger: self, done }
    }

    /// Takes what a committed transaction changed. `dirty` says whether it left the rows of the channels as they
    /// were.
    pub(super) fn accept(&mut self, changed: Changed, dirty: bool) {
        let heads = &self.shared.heads;
        for (key, head) in changed.touched {
            if head.messages == 0 {
                self.empty.insert(head.id);
            } else {
                self.empty.remove(&head.id);
            }
            if dirty {
                heads.put_dirty(key, head);
            } else {
                heads.refresh(key, head);
            }
        }
        for (key, id) in changed.dropped {
            heads.remove(key);
            self.due.forget(&id);
        }
        self.crowded.extend(changed.crowded);
        self.due.channels.extend(changed.due);
        self.spaces = changed.spaces;
        self.status = changed.status;
        // Last: who sees the new head finds everything else.
        *self.shared.status.lock().unwrap_or_else(PoisonError::into_inner) = changed.status;
    }
}

/// What a transaction changes, while it runs.
pub(super) struct Change<'a> {
    ledger: &'a Ledger,
    done: Changed,
}

/// What a transaction changed.
pub(super) struct Changed {
    touched: HashMap<Key, Head, ByKey>,
    dropped: Vec<(Key, ChannelId)>,
    crowded: Vec<Channel>,
    due: Vec<Channel>,
    pub(super) spaces: Vec<Space>,
    pub(super) status: LogStatus,
}

impl Changed {
    /// No head was changed: those in memory stay as they are.
    pub(super) fn leave_heads(&mut self) {
        self.touched.clear();
    }
}

impl Change<'_> {
    /// The head of a channel, to be changed; `None` if there is no such channel.
    pub(super) fn head(
        &mut self,
        connection: &Connection,
        channel: &Channel,
    ) -> Result<Option<&mut Head>, StoreError> {
        let heads = &self.ledger.shared.heads;
        let key = heads.key(channel.as_str());
        match self.done.touched.entry(key) {
            Entry::Occupied(entry) => Ok(Some(entry.into_mut())),
            Entry::Vacant(entry) => {
                let found = match heads.get(key) {
                    Some(head) => Some(head),
                    None => {
                        let namespace = self.ledger.rules.id_of(channel.as_str());
                        channel::load(connection, channel.as_str(), namespace).map_err(meaning)?
                    }
                };
                Ok(found.map(|head| entry.insert(head)))
            }
        }
    }

    /// A channel that had no row yet; its first message comes next.
    pub(super) fn create(&mut self, channel: &Channel, first: Position) -> Head {
        let namespace = self.ledger.rules.id_of(channel.as_str());
        let head = Head {
            id: ChannelId(first.0),
            namespace,
            head: Position::START,
            total: 0,
            messages: 0,
            bytes: 0,
            gone: self.done.spaces[usize::from(namespace.0)].gone,
            floor: Position::START,
        };
        self.done.touched.insert(self.ledger.shared.heads.key(channel.as_str()), head);
        head
    }

    /// Where the log ends, and what it holds.
    pub(super) fn status(&mut self) -> &mut LogStatus {
        &mut self.done.status
    }

    pub(super) fn space(&mut self, namespace: NamespaceId) -> &mut Space {
        &mut self.done.spaces[usize::from(namespace.0)]
    }

    /// One message more in a channel.
    pub(super) fn count(&mut self, channel: &Channel, head: Head, size: u64) {
        if self.ledger.rules.is_crowded(head.namespace, head.messages) {
            self.done.crowded.push(channel.clone());
        }
        if self.ledger.due.is_due(&self.ledger.rules, head.namespace, &head.id, head.messages) {
            self.done.due.push(channel.clone());
        }
        self.space(head.namespace).bytes += size;
        self.done.status.messages += 1;
        self.done.status.bytes += size;
    }

    /// So many messages less.
    pub(super) fn discount(&mut self, namespace: NamespaceId, messages: u64, bytes: u64) {
        let space = self.space(namespace);
        space.bytes = space.bytes.saturating_sub(bytes);
        let status = &mut self.done.status;
        status.messages = status.messages.saturating_sub(messages);
        status.bytes = status.bytes.saturating_sub(bytes);
    }

    pub(super) fn drop_channel(&mut self, channel: &Channel, id: ChannelId) {
        let key = self.ledger.shared.heads.key(channel.as_str());
        self.done.touched.remove(&key);
        self.done.dropped.push((key, id));
    }

    /// The heads to be written to their rows.
    pub(super) fn touched(&self) -> impl ExactSizeIterator<Item = &Head> {
        self.done.touched.values()
    }

    /// What is left to tell the ledger, once the transaction is committed.
    pub(super) fn done(self) -> Changed {
        self.done
    }
}

/// Bytes that a log of this status costs.
pub(super) fn cost(status: &LogStatus) -> u64 {
    status.bytes + status.messages * limits::MESSAGE_BYTES
}
