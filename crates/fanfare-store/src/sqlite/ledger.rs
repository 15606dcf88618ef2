//! What the writer knows without asking the file, and what one transaction will have changed of it.
//!
//! A [`Change`] is filled while a transaction runs and taken into the [`Ledger`] once it is committed. A
//! transaction that fails leaves everything as it was.

use super::channel;
use super::error::meaning;
use super::heads::{ChannelId, Head, Heads};
use crate::gone::Gone;
use crate::retention::Rules;
use crate::{LogStatus, StoreError};
use fanfare_proto::{Channel, NamespaceId, Position, limits};
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// What writer, readers and the checkpoint thread share.
pub(super) struct Shared {
    pub(super) heads: Heads,
    status: Mutex<LogStatus>,
    /// Why the log takes no more, if so. Set once.
    trouble: Mutex<Option<StoreError>>,
}

impl Shared {
    pub(super) fn new(heads: Heads, status: LogStatus) -> Shared {
        Shared { heads, status: Mutex::new(status), trouble: Mutex::new(None) }
    }

    pub(super) fn status(&self) -> LogStatus {
        *self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn trouble(&self) -> Option<StoreError> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Judges an error of a writer: after a failure of the disk, or when something is damaged, nothing more is
    /// written until the store is opened and checked again. A full disk, or another program's lock, passes.
    pub(super) fn judge(&self, error: StoreError) -> StoreError {
        if matches!(error, StoreError::Failed(_) | StoreError::Corrupt(_)) {
            let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
            trouble.get_or_insert_with(|| error.clone());
        }
        error
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

pub(super) struct Ledger {
    pub(super) shared: Arc<Shared>,
    pub(super) rules: Rules,
    pub(super) status: LogStatus,
    /// By [`NamespaceId`].
    pub(super) spaces: Vec<Space>,
    /// Channels with more messages than their namespace allows.
    pub(super) crowded: BTreeSet<Channel>,
    /// Channels whose heads are newer than their rows.
    pub(super) dirty: BTreeMap<ChannelId, Channel>,
    /// Messages since the heads were last written as a whole.
    pub(super) unflushed: u64,
}

impl Ledger {
    /// What a transaction that begins now may change.
    pub(super) fn change(&self) -> Change<'_> {
        let (touched, dropped) = (HashMap::new(), Vec::new());
        Change { ledger: self, touched, dropped, spaces: self.spaces.clone(), status: self.status }
    }

    /// Takes what a committed transaction changed. `dirty` says whether it left the rows of the channels as they
    /// were.
    pub(super) fn accept(&mut self, changed: Changed, dirty: bool) {
        for (channel, head) in changed.touched {
            if self.rules.is_crowded(head.namespace, head.messages) {
                self.crowded.insert(channel.clone());
            }
            if !dirty {
                self.shared.heads.refresh(&channel, head);
                self.dirty.remove(&head.id);
            } else if self.shared.heads.put_dirty(channel.clone(), head) {
                self.dirty.insert(head.id, channel);
            }
        }
        for (id, channel) in changed.dropped {
            self.shared.heads.remove(&channel);
            self.dirty.remove(&id);
        }
        self.spaces = changed.spaces;
        self.status = changed.status;
        // Last: who sees the new head finds everything else.
        *self.shared.status.lock().unwrap_or_else(PoisonError::into_inner) = changed.status;
    }
}

/// What a transaction changes, while it runs.
pub(super) struct Change<'a> {
    ledger: &'a Ledger,
    touched: HashMap<Channel, Head>,
    dropped: Vec<(ChannelId, Channel)>,
    pub(super) spaces: Vec<Space>,
    pub(super) status: LogStatus,
}

/// What a transaction changed.
pub(super) struct Changed {
    touched: HashMap<Channel, Head>,
    dropped: Vec<(ChannelId, Channel)>,
    spaces: Vec<Space>,
    status: LogStatus,
}

impl Change<'_> {
    /// The head of a channel, to be changed; `None` if there is no such channel.
    pub(super) fn head(
        &mut self,
        connection: &Connection,
        channel: &Channel,
    ) -> Result<Option<&mut Head>, StoreError> {
        if !self.touched.contains_key(channel) {
            let namespace = || self.ledger.rules.id_of(channel.as_str());
            let found = match self.ledger.shared.heads.get(channel.as_str()) {
                Some(head) => Some(head),
                None => channel::load(connection, channel.as_str(), namespace()).map_err(meaning)?,
            };
            let Some(head) = found else { return Ok(None) };
            self.touched.insert(channel.clone(), head);
        }
        Ok(self.touched.get_mut(channel))
    }

    /// A channel that had no row yet; its first message comes next.
    pub(super) fn create(&mut self, channel: &Channel, first: Position) -> &mut Head {
        let namespace = self.ledger.rules.id_of(channel.as_str());
        self.touched.entry(channel.clone()).or_insert(Head {
            id: ChannelId(first.0),
            namespace,
            head: Position::START,
            total: 0,
            messages: 0,
            bytes: 0,
            gone: self.spaces[usize::from(namespace.0)].gone,
        })
    }

    pub(super) fn space(&mut self, namespace: NamespaceId) -> &mut Space {
        &mut self.spaces[usize::from(namespace.0)]
    }

    /// One message more.
    pub(super) fn count(&mut self, namespace: NamespaceId, size: u64) {
        self.space(namespace).bytes += size;
        self.status.messages += 1;
        self.status.bytes += size;
    }

    /// So many messages less.
    pub(super) fn discount(&mut self, namespace: NamespaceId, messages: u64, bytes: u64) {
        let space = self.space(namespace);
        space.bytes = space.bytes.saturating_sub(bytes);
        self.status.messages = self.status.messages.saturating_sub(messages);
        self.status.bytes = self.status.bytes.saturating_sub(bytes);
    }

    pub(super) fn drop_channel(&mut self, channel: &Channel, id: ChannelId) {
        self.touched.remove(channel);
        self.dropped.push((id, channel.clone()));
    }

    /// The heads to be written to their rows.
    pub(super) fn touched(&self) -> impl Iterator<Item = &Head> {
        self.touched.values()
    }

    /// What is left to tell the ledger, once the transaction is committed.
    pub(super) fn done(self) -> Changed {
        let Change { touched, dropped, spaces, status, .. } = self;
        Changed { touched, dropped, spaces, status }
    }
}

/// Bytes that a log of this status costs.
pub(super) fn cost(status: &LogStatus) -> u64 {
    status.bytes + status.messages * limits::MESSAGE_BYTES
}
