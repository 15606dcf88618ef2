//! Everything the memory log holds, and what adds to it and takes from it.

use super::amend::Edits;
use super::compact::Walk;
use crate::compact::Due;
use crate::gone::Gone;
use crate::retention::Rules;
use crate::{Draft, LogStatus};
use fanfare_proto::{Channel, Epoch, GapReason, Message, NamespaceId, Position, Time, limits};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// One channel. It stays when its last message goes, because it knows what is gone.
pub(super) struct Line {
    pub(super) namespace: NamespaceId,
    /// Oldest first.
    pub(super) messages: VecDeque<Arc<Message>>,
    pub(super) bytes: u64,
    pub(super) head: Position,
    /// Messages ever.
    pub(super) published: u64,
    pub(super) gone: Gone,
}

/// All messages of one namespace.
pub(super) struct Space {
    pub(super) messages: BTreeMap<Position, Arc<Message>>,
    pub(super) bytes: u64,
    /// What is gone of channels that the log no longer knows.
    pub(super) gone: Gone,
}

pub(super) struct State {
    pub(super) rules: Rules,
    pub(super) status: LogStatus,
    pub(super) channels: BTreeMap<Channel, Line>,
    /// By [`NamespaceId`].
    pub(super) spaces: Vec<Space>,
    /// Channels that had more messages than their namespace allows when one was added.
    pub(super) crowded: BTreeSet<Channel>,
    /// The one of these that was not trimmed to the end yet.
    pub(super) begun: Option<Channel>,
    /// The channels of which something is gone, by up to where: what a pattern's readers are told is found
    /// without looking at every channel.
    pub(super) lossy: BTreeMap<Position, Channel>,
    pub(super) edits: Edits,
    /// Channels to be walked for what is superseded.
    pub(super) due: Due<Channel>,
    /// A walk that is under way.
    pub(super) walk: Option<Walk>,
    /// The newest message that retention removed since the last step of trimming.
    pub(super) trimmed: Position,
    /// Channels without messages, by their heads.
    pub(super) empty: BTreeMap<Position, Channel>,
}

impl State {
    pub(super) fn new(rules: Rules, epoch: Epoch) -> State {
        let status = LogStatus { epoch, head: Position::START, time: Time::default(), messages: 0, bytes: 0 };
        let space = || Space { messages: BTreeMap::new(), bytes: 0, gone: Gone::NOTHING };
        let spaces = std::iter::repeat_with(space).take(rules.len()).collect();
        State {
            rules,
            status,
            channels: BTreeMap::new(),
            spaces,
            crowded: BTreeSet::new(),
            begun: None,
            lossy: BTreeMap::new(),
            edits: Edits::new(),
            due: Due::default(),
            walk: None,
            trimmed: Position::START,
            empty: BTreeMap::new(),
        }
    }

    pub(super) fn space(&mut self, namespace: NamespaceId) -> &mut Space {
        &mut self.spaces[usize::from(namespace.0)]
    }

    pub(super) fn append(&mut self, drafts: Vec<Draft>, now: Time) -> Vec<Arc<Message>> {
        let time = now.max(self.status.time);
        let messages = drafts.into_iter().map(|draft| self.add(draft, time)).collect();
        while self.is_too_large() {
            self.remove_oldest(now);
        }
        self.forget_empty();
        messages
    }

    fn add(&mut self, draft: Draft, time: Time) -> Arc<Message> {
        let position = Position(self.status.head.0 + 1);
        (self.status.head, self.status.time) = (position, time);
        if draft.is_momentary(time) {
            let previous = self.channels.get(&draft.channel).map(|line| line.head);
            return Arc::new(draft.at(position, previous, time));
        }
        let line = self.channels.entry(draft.channel.clone()).or_insert_with(|| {
            let namespace = self.rules.id_of(draft.channel.as_str());
            let gone = self.spaces[usize::from(namespace.0)].gone;
            Line { namespace, messages: VecDeque::new(), bytes: 0, head: Position::START, published: 0, gone }
        });
        let message = Arc::new(draft.at(position, Some(line.head), time));
        let size = message.content.size() as u64;
        self.empty.remove(&line.head);
        line.head = position;
        line.published += 1;
        line.bytes += size;
        line.messages.push_back(message.clone());
        let (namespace, messages) = (line.namespace, line.messages.len() as u64);
        if self.rules.is_crowded(namespace, messages) {
            self.crowded.insert(message.channel.clone());
        }
        if self.due.is_due(&self.rules, namespace, &message.channel, messages) {
            self.due.channels.insert(message.channel.clone());
        }
        let space = self.space(namespace);
        space.messages.insert(position, message.clone());
        space.bytes += size;
        self.status.messages += 1;
        self.status.bytes += size;
        self.amend(&message);
        message
    }

    /// Whether all messages together need more memory than there is for them.
    fn is_too_large(&self) -> bool {
        self.status.bytes + self.status.messages * limits::MESSAGE_BYTES > limits::LIVE_BYTES
    }

    /// Retention lets the oldest message of all go.
    fn remove_oldest(&mut self, now: Time) {
        let oldest = self.spaces.iter().filter_map(|space| space.messages.first_key_value());
        match oldest.min_by_key(|(position, _)| **position).map(|(_, message)| message.clone()) {
            Some(message) => self.trim(&message, now),
            None => (self.status.messages, self.status.bytes) = (0, 0),
        }
    }

    /// Retention lets the oldest message of a channel go. Who missed one that had expired missed nothing.
    pub(super) fn trim(&mut self, message: &Message, now: Time) {
        self.remove(message.position);
        self.trimmed = self.trimmed.max(message.position);
        if !message.is_expired(now) {
            let gone = Gone { through: message.position, reason: GapReason::Trimmed };
            self.raise(&message.channel, gone);
        }
    }

    fn raise(&mut self, channel: &Channel, gone: Gone) {
        if let Some(line) = self.channels.get_mut(channel) {
            if self.lossy.get(&line.gone.through) == Some(channel) {
                self.lossy.remove(&line.gone.through);
            }
            line.gone.raise(gone);
            self.lossy.insert(line.gone.through, channel.clone());
        }
    }

    /// Takes one message out, wherever it is.
    pub(super) fn remove(&mut self, position: Position) -> bool {
        let taken = self.spaces.iter_mut().find_map(|space| {
            let message = space.messages.remove(&position)?;
            space.bytes -= message.content.size() as u64;
            Some(message)
        });
        let Some(message) = taken else { return false };
        self.forget_edits(&message);
        let size = message.content.size() as u64;
        self.status.messages -= 1;
        self.status.bytes -= size;
        if let Some(line) = self.channels.get_mut(&message.channel) {
            // Nearly always it is the oldest.
            if line.messages.front().is_some_and(|oldest| oldest.position == position) {
                line.messages.pop_front();
            } else {
                let at = line.messages.partition_point(|other| other.position < position);
                line.messages.remove(at);
            }
            line.bytes -= size;
            self.due.lower(&message.channel, line.messages.len() as u64);
            if line.messages.is_empty() {
                line.messages = VecDeque::new();
                self.empty.insert(line.head, message.channel.clone());
            }
        }
        true
    }

    /// Takes all messages of a channel out.
    pub(super) fn purge(&mut self, channel: &Channel) -> bool {
        let Some(line) = self.channels.get(channel).filter(|line| !line.messages.is_empty()) else {
            return false;
        };
        let gone = Gone { through: line.head, reason: GapReason::Purged };
        let positions: Vec<Position> = line.messages.iter().map(|message| message.position).collect();
        self.raise(channel, gone);
        for position in positions {
            self.remove(position);
        }
        true
    }

    /// Takes a channel out with all its messages; its namespace remembers what is gone.
    pub(super) fn forget(&mut self, channel: &Channel) -> bool {
        self.purge(channel);
        let Some(line) = self.channels.remove(channel) else { return false };
        self.empty.remove(&line.head);
        self.due.forget(channel);
        if self.lossy.get(&line.gone.through) == Some(channel) {
            self.lossy.remove(&line.gone.through);
        }
        self.space(line.namespace).gone.raise(line.gone);
        true
    }

    /// Forgets channels without messages when there are too many of them, those of the oldest heads first.
    pub(super) fn forget_empty(&mut self) {
        while self.empty.len() > limits::EMPTY_CHANNELS {
            let Some((_, channel)) = self.empty.pop_first() else { return };
            self.forget(&channel);
        }
    }
}
