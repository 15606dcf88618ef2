//! Compaction: of a channel's messages, which are superseded (design rule 9). A channel is walked from its newest message to
//! its oldest; a log does the walking, and removes what is not kept. Nobody is told of a gap: what a reader misses says
//! nothing any more.

use crate::retention::Rules;
use fanfare_proto::{Amends, Channel, Message, NamespaceId, Position, Time, limits};
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, Hash, RandomState};
use std::ops::Bound;

/// A channel may have so many superseded messages before it is walked.
const SLACK: u64 = 8;

/// Which channels are to be walked. A walk looks at every message of a channel, so it comes when about half of them may be
/// superseded, or when retention would let some go.
pub(crate) struct Due<C> {
    pub(crate) channels: BTreeSet<Channel>,
    /// The one that was walked last: the others have their turn first.
    last: Option<Channel>,
    /// What the last walk of a channel has left, or what has become of that, if it is more than a few.
    left: HashMap<C, u64>,
    /// Channels in which something stays for its id alone, and when that is over, the soonest first.
    known: VecDeque<(Time, Channel)>,
    /// The same channels: each is there once.
    waiting: HashSet<Channel>,
}

impl<C> Default for Due<C> {
    fn default() -> Due<C> {
        Due {
            channels: BTreeSet::new(),
            last: None,
            left: HashMap::new(),
            known: VecDeque::new(),
            waiting: HashSet::new(),
        }
    }
}

/// What a walk has left of a channel.
pub(crate) struct Done<C> {
    pub(crate) channel: C,
    /// Messages that stayed.
    pub(crate) stayed: u64,
    /// Messages that the channel has now.
    pub(crate) messages: u64,
    /// When it is to be walked again because of what stayed for its id alone.
    pub(crate) again: Option<Time>,
}

impl<C: Clone + Eq + Hash> Due<C> {
    /// Whether a channel that now has so many messages is to be walked.
    pub(crate) fn is_due(&self, rules: &Rules, namespace: NamespaceId, channel: &C, messages: u64) -> bool {
        let keep = rules.of(namespace);
        if !keep.compact {
            return false;
        }
        // What is beyond the limit goes after the walk.
        let left = self.left.get(channel).copied().unwrap_or_default().min(keep.messages);
        messages >= 2 * left + SLACK || (rules.is_crowded(namespace, messages) && messages > left)
    }

    /// The channels that are to be walked, from the one after that which was walked last, and around.
    pub(crate) fn in_turn(&self) -> impl Iterator<Item = &Channel> {
        let last = self.last.as_ref().map_or("", Channel::as_str);
        let later = self.channels.range::<str, _>((Bound::Excluded(last), Bound::Unbounded));
        later.chain(self.channels.range::<str, _>((Bound::Unbounded, Bound::Included(last))))
    }

    /// A channel was walked. It is walked again if much was added meanwhile.
    pub(crate) fn walked(&mut self, rules: &Rules, namespace: NamespaceId, name: &Channel, done: Done<C>) {
        let Done { channel, stayed, messages, again } = done;
        self.left.remove(&channel);
        if stayed > SLACK / 2 {
            self.left.insert(channel.clone(), stayed.min(messages));
        }
        if messages <= stayed || !self.is_due(rules, namespace, &channel, messages) {
            self.channels.remove(name);
        }
        self.last = Some(name.clone());
        if let Some(again) = again
            && self.waiting.insert(name.clone())
        {
            self.known.push_back((again, name.clone()));
        }
    }

    /// Has those channels walked again in which something had stayed for an id that is not remembered any more.
    pub(crate) fn wake(&mut self, now: Time) {
        while let Some((_, channel)) = self.known.pop_front_if(|(again, _)| *again <= now) {
            self.waiting.remove(&channel);
            self.channels.insert(channel);
        }
    }

    /// A channel has not more messages than these any more.
    pub(crate) fn lower(&mut self, channel: &C, messages: u64) {
        if !self.left.is_empty()
            && let Some(left) = self.left.get_mut(channel)
        {
            *left = messages.min(*left);
        }
    }

    /// A channel is not known any more; a walk finds nothing of it.
    pub(crate) fn forget(&mut self, channel: &C) {
        self.left.remove(channel);
    }
}

/// What was met on the way down a channel.
pub(crate) struct Walked {
    now: Time,
    secrets: [RandomState; 2],
    /// Keys that have a newer value, as two hashes with secrets of their own; `None` is that of messages without key.
    keys: HashSet<(u64, u64)>,
    /// Originals of which a newer edit was met.
    edited: HashSet<Position>,
    /// Messages that stay.
    pub(crate) stayed: u64,
    /// Whether one of them stays for its id alone.
    known: bool,
}

impl Walked {
    pub(crate) fn new(now: Time) -> Walked {
        let secrets = [RandomState::new(), RandomState::new()];
        Walked { now, secrets, keys: HashSet::new(), edited: HashSet::new(), stayed: 0, known: false }
    }

    /// Whether the next message, which is older than all before, stays. `is_kept` tells whether one at a position is.
    pub(crate) fn keeps<E>(
        &mut self,
        message: &Message,
        is_kept: impl FnOnce(Position) -> Result<bool, E>,
    ) -> Result<bool, E> {
        // Whoever publishes it again within this time is answered from it.
        let known = message.id.is_some() && message.time.after(limits::IDEMPOTENCY_TIME) > self.now;
        let stays = match message.content.amends {
            // Of the edits of a message that is there the newest counts, unless they were erased with it.
            Some(Amends::Replaces(target)) => {
                !message.content.is_erased() && self.is_newest_edit(target) && is_kept(target)?
            }
            // A delete and what it left of its original say nothing of their key: they end as old messages do.
            Some(Amends::Deletes(target)) => is_kept(target)?,
            None if message.content.is_erased() => true,
            None => self.is_newest(message),
        };
        self.known |= known && !stays;
        let stays = stays || known;
        self.stayed += u64::from(stays);
        Ok(stays)
    }

    /// What became of a channel that now has so many messages.
    pub(crate) fn done<C>(&self, channel: C, messages: u64) -> Done<C> {
        let again = self.known.then(|| self.now.after(limits::IDEMPOTENCY_TIME));
        Done { channel, stayed: self.stayed, messages, again }
    }

    fn is_newest(&mut self, message: &Message) -> bool {
        let name = self.name(message);
        // Of more keys than can be remembered the older ones stay.
        !self.keys.contains(&name) && (self.keys.len() >= limits::LATEST_KEYS || self.keys.insert(name))
    }

    fn is_newest_edit(&mut self, target: Position) -> bool {
        !self.edited.contains(&target)
            && (self.edited.len() >= limits::LATEST_KEYS || self.edited.insert(target))
    }

    fn name(&self, message: &Message) -> (u64, u64) {
        let [one, other] = &self.secrets;
        (one.hash_one(&message.content.key), other.hash_one(&message.content.key))
    }
}
