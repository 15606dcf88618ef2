//! What readers of changes have already, and the changes from there ([`Form::Delta`](fanfare_proto::Form)).
//!
//! Of each message of the window the one before it with the same key is known, or, if it has none, the one before it without
//! a key on its channel. A reader was given what it wanted from some place of the window on, so it has the last of these that it
//! wanted, if that lies behind this place: no reader is remembered. A change is made once for all who need it.

use super::wish::Wish;
use bytes::Bytes;
use fanfare_proto::{Delta, LogSet, Message, Wire, limits, make_delta};
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

/// A message of the window.
struct Link {
    message: Arc<Message>,
    /// Where the one before it is.
    before: Option<u64>,
}

/// The messages of the window while somebody hears changes.
#[derive(Default)]
pub(crate) struct Bases {
    first: u64,
    links: VecDeque<Link>,
    /// The newest by the hash of channel and key, which nobody outside can foretell.
    newest: FxHashMap<u64, u64>,
    hasher: RandomState,
    /// From a message to a later one; nothing if the whole is as short.
    changes: FxHashMap<(u64, u64), Option<Arc<Delta>>>,
    /// Frames of changes, by who shares them.
    frames: FxHashMap<(Wire, LogSet, u64, u64), Bytes>,
    /// What these two take.
    bytes: usize,
}

/// What a reader was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Given {
    /// Everything that it wanted from this place of the window on, but for what expires...
    pub(crate) since: u64,
    /// ...and for what was superseded, if it hears in ticks.
    pub(crate) ticks: Option<Ticked>,
}

/// The ticks of a reader before the one under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Ticked {
    /// They went up to here...
    pub(crate) to: u64,
    /// ...and what was given was not superseded by anything before this place.
    pub(crate) made: u64,
}

impl Bases {
    /// Adds the newest message of the window.
    pub(crate) fn add(&mut self, seq: u64, message: &Arc<Message>) {
        if self.first + self.links.len() as u64 != seq {
            self.clear();
            self.first = seq;
        }
        let hash = self.hash(message);
        // What amends builds on nothing, and nothing on it: it says itself what it is. But it came last of its key.
        if message.content.amends.is_some() {
            self.newest.remove(&hash);
            return self.links.push_back(Link { message: message.clone(), before: None });
        }
        let before = self.newest.insert(hash, seq).filter(|before| {
            // Two keys of one hash: the second has nothing before it.
            self.link(*before).is_some_and(|link| is_same(&link.message, message))
        });
        self.links.push_back(Link { message: message.clone(), before });
    }

    fn hash(&self, message: &Message) -> u64 {
        self.hasher.hash_one((&message.channel, &message.content.key))
    }

    fn link(&self, seq: u64) -> Option<&Link> {
        self.links.get(usize::try_from(seq.checked_sub(self.first)?).ok()?)
    }

    /// The window begins here now.
    pub(crate) fn shrink(&mut self, start: u64) {
        while self.first < start
            && let Some(link) = self.links.pop_front()
        {
            let hash = self.hash(&link.message);
            if self.newest.get(&hash) == Some(&self.first) {
                self.newest.remove(&hash);
            }
            self.first += 1;
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        if !self.links.is_empty() {
            *self = Bases::default();
        }
    }

    /// Nobody is in line: what was made is forgotten.
    pub(crate) fn rest(&mut self) {
        if self.bytes > 0 {
            (self.changes, self.frames, self.bytes) = Default::default();
        }
    }

    /// Where the last message before this one is that a reader was given, with the same key.
    pub(crate) fn base(&self, seq: u64, given: &Given, wish: &mut Wish<'_>) -> Option<u64> {
        let link = self.link(seq)?;
        // Without a key nothing is superseded.
        let ticks = given.ticks.filter(|_| link.message.content.key.is_some());
        let (mut before, mut after) = (link.before?, seq);
        for _ in 0..limits::DELTA_STEPS {
            let link = self.link(before).filter(|_| before >= given.since)?;
            if wish.wants(&link.message, Some(before)) {
                // Without superseding anything it may be what came last.
                if link.message.is_momentary() {
                    return None;
                }
                match ticks {
                    Some(Ticked { to, .. }) if before >= to => after = before,
                    Some(Ticked { made, .. }) if after < made => return None,
                    // Whether it was given depends on when.
                    _ if link.message.expires.is_some() => return None,
                    _ => return Some(before),
                }
            }
            before = link.before?;
        }
        None
    }

    /// The frame of the change from a base to a message.
    pub(crate) fn frame(
        &mut self,
        (base, seq): (u64, u64),
        (wire, logs): (Wire, LogSet),
        encode: impl FnOnce(&Message, &Delta) -> Bytes,
    ) -> Option<Bytes> {
        if let Some(bytes) = self.frames.get(&(wire, logs, base, seq)) {
            return Some(bytes.clone());
        }
        let (from, to) = (self.link(base)?.message.clone(), self.link(seq)?.message.clone());
        if self.bytes > limits::DELTAS_BYTES {
            self.rest();
        }
        let known = self.changes.get(&(base, seq)).cloned();
        let delta = known.unwrap_or_else(|| {
            let made = change(&from, &to).map(Arc::new);
            self.bytes += size_of::<Delta>() + made.as_ref().map_or(0, |delta| delta.change.len());
            self.changes.insert((base, seq), made.clone());
            made
        });
        let frame = encode(&to, &*delta?);
        self.bytes += size_of::<(Wire, LogSet, u64, u64, Bytes)>() + frame.len();
        self.frames.insert((wire, logs, base, seq), frame.clone());
        Some(frame)
    }
}

fn is_same(one: &Message, other: &Message) -> bool {
    one.channel == other.channel && one.content.key == other.content.key
}

/// What has changed, if saying that is shorter.
fn change(from: &Message, to: &Message) -> Option<Delta> {
    let (base, body) = (&from.content.body, &to.content.body);
    let fits = |length: usize| (limits::DELTA_MIN_BYTES..=limits::DELTA_MAX_BYTES).contains(&length);
    if !fits(body.len()) || !fits(base.len()) {
        return None;
    }
    let mut change = Vec::new();
    make_delta(base, body, &mut change);
    let shorter = change.len() + limits::DELTA_MIN_BYTES <= body.len();
    shorter.then(|| Delta { base: from.position, change: change.into() })
}
