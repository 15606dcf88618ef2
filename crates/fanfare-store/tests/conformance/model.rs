//! What a log promises, as a list and loops.

use fanfare_proto::{Amends, Gap, GapReason, Message, Pattern, Position, Retention, Time};
use fanfare_store::{Draft, LogStatus, Order, Read, Removal};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is gone: up to where, and why.
type Gone = (Position, GapReason);
const NOTHING: Gone = (Position::START, GapReason::Trimmed);

/// All messages that are kept, and what is gone.
pub struct Model {
    rules: Vec<(Pattern, Retention)>,
    kept: Vec<Arc<Message>>,
    heads: BTreeMap<String, Position>,
    gone: BTreeMap<String, Gone>,
    /// What is gone of dropped channels, by rule.
    dropped: Vec<Gone>,
    head: Position,
    time: Time,
    /// The most values that a compact channel was seen to have, and twice what amends them.
    most: BTreeMap<String, usize>,
}

impl Model {
    pub fn new(rules: &[(&str, Retention)]) -> Model {
        let rules: Vec<_> =
            rules.iter().map(|(pattern, keep)| (Pattern::parse(pattern).unwrap(), *keep)).collect();
        let dropped = vec![NOTHING; rules.len()];
        let (kept, heads, gone) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        Model {
            rules,
            kept,
            heads,
            gone,
            dropped,
            head: Position::START,
            time: Time(0),
            most: BTreeMap::new(),
        }
    }

    fn rule(&self, channel: &str) -> usize {
        self.rules.iter().position(|(pattern, _)| pattern.matches(channel)).unwrap()
    }

    /// Takes what a log made of drafts, if it is right.
    pub fn append(&mut self, drafts: &[Draft], now: Time, messages: &[Arc<Message>]) {
        assert_eq!(drafts.len(), messages.len());
        for (draft, message) in drafts.iter().zip(messages) {
            assert!(message.position > self.head, "positions grow");
            self.head = message.position;
            self.time = self.time.max(now);
            let channel = draft.channel.to_string();
            let expected = Message {
                channel: draft.channel.clone(),
                position: message.position,
                previous: self.heads.get(&channel).copied(),
                time: self.time,
                id: draft.id.clone(),
                publisher: draft.publisher.clone(),
                expires: draft.expires,
                content: draft.content.clone(),
            };
            assert_eq!(**message, expected);
            if message.is_momentary() {
                continue;
            }
            let inherited = self.dropped[self.rule(&channel)];
            self.gone.entry(channel.clone()).or_insert(inherited);
            self.heads.insert(channel, message.position);
            self.kept.push(message.clone());
            if let Some(Amends::Deletes(target)) = message.content.amends {
                let erased = self.kept.iter_mut().filter(|other| other.is_of(target));
                erased.for_each(|other| *other = Arc::new(other.erased()));
            }
        }
    }

    /// The page that shows what is current after a place, up to where the log has looked.
    pub fn current(&self, read: &Read, through: Position) -> Vec<Arc<Message>> {
        let within = |message: &&Arc<Message>| match read.order {
            Order::Forward => read.from < message.position && message.position <= through,
            Order::Backward => through <= message.position && message.position < read.from,
        };
        let wanted = self.kept.iter().filter(|message| read.selection.matches(message.channel.as_str()));
        wanted.filter(within).filter_map(|message| self.shown(read, message)).collect()
    }

    fn shown(&self, read: &Read, message: &Arc<Message>) -> Option<Arc<Message>> {
        if message.content.became.is_some() {
            return None;
        }
        let newest =
            |of: Position| self.kept.iter().rfind(|edit| edit.content.amends == Some(Amends::Replaces(of)));
        let Some(amends) = message.content.amends else {
            let edit = newest(message.position);
            return Some(edit.map_or(message.clone(), |edit| Arc::new(message.edited(edit))));
        };
        let target = amends.target();
        let heard = read.order == Order::Forward && read.began < target && target <= read.from;
        let is_kept = self.kept.iter().any(|other| other.position == target);
        let counts = match amends {
            Amends::Replaces(_) => {
                is_kept && newest(target).is_some_and(|newest| newest.position == message.position)
            }
            Amends::Deletes(_) => true,
        };
        (heard && counts).then(|| message.clone())
    }

    pub fn remove(&mut self, removal: &Removal) -> bool {
        match removal {
            Removal::Message(position) => {
                let before = self.kept.len();
                self.kept.retain(|message| !message.is_of(*position));
                before > self.kept.len()
            }
            Removal::Purge(channel) => {
                let before = self.kept.len();
                self.kept.retain(|message| message.channel != *channel);
                let purged = before > self.kept.len();
                if let (true, Some(head)) = (purged, self.heads.get(channel.as_str())) {
                    self.gone.insert(channel.to_string(), (*head, GapReason::Purged));
                }
                purged
            }
            Removal::Drop(channel) => {
                self.remove(&Removal::Purge(channel.clone()));
                let Some(gone) = self.gone.remove(channel.as_str()) else { return false };
                let rule = self.rule(channel.as_str());
                self.dropped[rule] = furthest([self.dropped[rule], gone]);
                self.heads.remove(channel.as_str()).is_some()
            }
        }
    }

    /// Applies retention: count, age, bytes.
    pub fn trim(&mut self, now: Time) -> u64 {
        let mut removed = 0;
        let channels: Vec<String> = self.heads.keys().cloned().collect();
        for channel in channels {
            let limit = self.rules[self.rule(&channel)].1.messages;
            let messages: Vec<_> =
                self.kept.iter().filter(|message| message.channel.as_str() == channel).cloned().collect();
            if messages.len() as u64 >= limit.saturating_add((limit / 16).clamp(1, 64)) {
                let excess = messages.len() - limit as usize;
                messages[..excess].iter().for_each(|message| self.lose(message, now));
                removed += excess as u64;
            }
        }
        for index in 0..self.rules.len() {
            let keep = self.rules[index].1;
            loop {
                let of_rule = || self.kept.iter().filter(|m| self.rule(m.channel.as_str()) == index);
                let bytes: usize = of_rule().map(|message| message.content.size()).sum();
                let oldest = of_rule().next().cloned();
                let too_much = |m: &Arc<Message>| m.time.after(keep.age) <= now || bytes as u64 > keep.bytes;
                let Some(oldest) = oldest.filter(too_much) else { break };
                self.lose(&oldest, now);
                removed += 1;
            }
        }
        removed
    }

    /// Takes what a log has let go of compact channels, if it is superseded, and what it has chained anew.
    pub fn compact(&mut self, log: &dyn fanfare_store::Log) {
        let compact = |message: &Arc<Message>| self.rules[self.rule(message.channel.as_str())].1.compact;
        let (tables, mut kept): (Vec<_>, Vec<_>) = self.kept.iter().cloned().partition(compact);
        let mut names: Vec<_> = tables.iter().map(|message| message.channel.to_string()).collect();
        names.sort();
        names.dedup();
        for name in names {
            let before = || tables.iter().filter(|message| message.channel.as_str() == name);
            let read = crate::subject::request(&[&name], 0, Order::Forward);
            let after = log.read(&Read { messages: usize::MAX, bytes: usize::MAX, ..read }).unwrap().messages;
            let is_left = |position| after.iter().any(|left| left.position == position);
            for gone in before().filter(|message| !is_left(message.position)) {
                let newer = |other: &Arc<Message>| {
                    other.position > gone.position
                        && other.content.key == gone.content.key
                        && other.says_a_value()
                };
                // An edit goes with its original, or when it is edited again, or once it was erased.
                let amended = gone.content.amends.is_some_and(|amends| {
                    let again = |other: &Arc<Message>| {
                        other.position > gone.position && other.content.amends == gone.content.amends
                    };
                    let edit = matches!(amends, Amends::Replaces(_));
                    !is_left(amends.target()) || (edit && (gone.content.is_erased() || before().any(again)))
                });
                assert!((gone.says_a_value() && before().any(newer)) || amended, "{gone:?}");
            }
            let values: std::collections::BTreeSet<_> = after
                .iter()
                .filter(|message| message.says_a_value())
                .map(|message| &message.content.key)
                .collect();
            let amending = after.iter().filter(|message| !message.says_a_value()).count();
            // Half of what was there once may wait to be let go.
            let most = self.most.entry(name.clone()).or_default();
            *most = (*most).max(values.len() + 2 * amending);
            assert!(after.len() <= 2 * *most + 8, "{name}: {} of {most}", after.len());
            for left in &after {
                let was = before().find(|was| was.position == left.position).unwrap();
                let chained = Message { previous: left.previous, ..(**was).clone() };
                assert!(left.previous <= was.previous);
                assert_eq!(**left, chained);
            }
            kept.extend(after);
        }
        kept.sort_by_key(|message| message.position);
        self.kept = kept;
    }

    fn lose(&mut self, message: &Message, now: Time) {
        self.kept.retain(|other| other.position != message.position);
        if !message.is_expired(now) {
            self.gone.insert(message.channel.to_string(), (message.position, GapReason::Trimmed));
        }
    }

    /// What a reader of pages without end hears, in the order of reading.
    pub fn read(&self, read: &Read) -> Vec<Arc<Message>> {
        let wanted = self.kept.iter().filter(|message| read.selection.matches(message.channel.as_str()));
        match read.order {
            Order::Forward => wanted.filter(|message| message.position > read.from).cloned().collect(),
            Order::Backward => wanted.rev().filter(|message| message.position < read.from).cloned().collect(),
        }
    }

    pub fn gap(&self, read: &Read) -> Option<Gap> {
        let mut gone = NOTHING;
        for pattern in read.selection.patterns() {
            let matching = self.gone.iter().filter(|(channel, _)| pattern.matches(channel));
            gone = matching.fold(gone, |gone, (_, other)| furthest([gone, *other]));
            if !pattern.is_literal() {
                let overlapping = self.rules.iter().zip(&self.dropped);
                let overlapping = overlapping.filter(|((rule, _), _)| rule.overlaps(&pattern));
                gone = overlapping.fold(gone, |gone, (_, other)| furthest([gone, *other]));
            } else if !self.gone.contains_key(pattern.as_str()) {
                gone = furthest([gone, self.dropped[self.rule(pattern.as_str())]]);
            }
        }
        let gap = Gap { from: read.from, to: gone.0, reason: gone.1 };
        (gap.to > gap.from && read.order == Order::Forward).then_some(gap)
    }

    /// Checks the numbers about the log and about each of its channels.
    pub fn check(&self, log: &dyn fanfare_store::Log) {
        let bytes = |messages: &mut dyn Iterator<Item = &Arc<Message>>| {
            messages.map(|message| message.content.size() as u64).sum::<u64>()
        };
        let status = log.status();
        let (messages, bytes_kept) = (self.kept.len() as u64, bytes(&mut self.kept.iter()));
        let expected =
            LogStatus { epoch: status.epoch, head: self.head, time: self.time, messages, bytes: bytes_kept };
        assert_eq!(status, expected);
        let infos = log.channels(&Pattern::everything(), "", usize::MAX).unwrap();
        assert!(infos.iter().map(|info| info.channel.as_str()).eq(self.heads.keys().map(String::as_str)));
        for info in infos {
            let of_channel = || self.kept.iter().filter(|message| message.channel == info.channel);
            assert_eq!(info.head, self.heads[info.channel.as_str()]);
            assert_eq!(info.messages, of_channel().count() as u64, "{}", info.channel);
            assert_eq!(info.bytes, bytes(&mut of_channel()), "{}", info.channel);
            assert_eq!(info.trimmed_through, self.gone[info.channel.as_str()].0, "{}", info.channel);
        }
    }

    pub fn kept(&self) -> &[Arc<Message>] {
        &self.kept
    }

    pub fn head(&self) -> Position {
        self.head
    }
}

fn furthest([a, b]: [Gone; 2]) -> Gone {
    if b.0 > a.0 { b } else { a }
}

trait Value {
    /// Whether it is what a key stands for, as long as there is nothing newer.
    fn says_a_value(&self) -> bool;
}

impl Value for Message {
    fn says_a_value(&self) -> bool {
        self.content.amends.is_none() && !self.content.is_erased()
    }
}
