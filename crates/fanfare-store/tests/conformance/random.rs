//! Random histories against the model.

use crate::model::Model;
use crate::subject::{EVERYTHING, Kind, Subject, channel, draft, selection};
use fanfare_proto::{Amends, Content, Message, Position, Retention, Time, View};
use fanfare_store::{Draft, Order, Read, Removal};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::sync::Arc;
use std::time::Duration;

const CHANNELS: &[&str] =
    &["few/a", "few/b", "old/a", "small/a", "small/b", "free", "free/a", "table/a", "table/b"];
const SELECTIONS: &[&[&str]] = &[
    &["**"],
    &["few/a"],
    &["few/*"],
    &["free/**"],
    &["small/a", "old/a"],
    &["*/b"],
    &["nothing", "old/a"],
    &["few/a", "few/*", "free"],
    &["other/**"],
    &["table/a"],
    &["table/*", "few/a"],
];
const RULES: &[(&str, Retention)] = &[
    ("few/*", Retention { messages: 70, ..EVERYTHING }),
    ("old/**", Retention { age: Duration::from_millis(5_000), ..EVERYTHING }),
    ("small/*", Retention { bytes: 400, age: Duration::from_millis(20_000), ..EVERYTHING }),
    ("table/*", Retention { compact: true, ..EVERYTHING }),
    ("**", Retention { messages: 300, ..EVERYTHING }),
];

#[derive(Debug, Clone)]
enum Step {
    /// Messages to these channels, this many times over.
    Append {
        channels: Vec<usize>,
        times: usize,
        bytes: usize,
        ttl: Option<u64>,
    },
    /// An edit or a delete of one of the originals that are kept.
    Amend {
        target: prop::sample::Index,
        deletes: bool,
        bytes: usize,
    },
    Wait(u64),
    Trim,
    RemoveMessage(prop::sample::Index),
    Purge(usize),
    Drop(usize),
    Reopen,
    Read {
        selection: usize,
        from: prop::sample::Index,
        backward: bool,
        view: View,
        messages: usize,
        bytes: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let channels = prop::collection::vec(0..CHANNELS.len(), 1..6);
    let ttl = || prop_oneof![6 => Just(None), 1 => Just(Some(0)), 1 => (1..9_000u64).prop_map(Some)];
    let append = (channels, 1..40usize, 0..20usize, ttl());
    let view = prop_oneof![Just(View::Events), Just(View::Current)];
    let read =
        (0..SELECTIONS.len(), any::<prop::sample::Index>(), any::<bool>(), view, 1..200usize, 0..2_000usize);
    let amend = (any::<prop::sample::Index>(), any::<bool>(), 0..20usize);
    prop_oneof![
        8 => append.prop_map(|(channels, times, bytes, ttl)| Step::Append { channels, times, bytes, ttl }),
        6 => amend.prop_map(|(target, deletes, bytes)| Step::Amend { target, deletes, bytes }),
        3 => (1..8_000u64).prop_map(Step::Wait),
        3 => Just(Step::Trim),
        4 => any::<prop::sample::Index>().prop_map(Step::RemoveMessage),
        1 => (0..CHANNELS.len()).prop_map(Step::Purge),
        1 => (0..CHANNELS.len()).prop_map(Step::Drop),
        2 => Just(Step::Reopen),
        12 => read.prop_map(|(selection, from, backward, view, messages, bytes)| Step::Read {
            selection, from, backward, view, messages, bytes
        }),
    ]
}

/// Walks a log and its model through the same history.
struct Walk {
    subject: Subject,
    model: Model,
    now: u64,
}

impl Walk {
    fn step(&mut self, step: &Step) {
        match step {
            Step::Append { channels, times, bytes, ttl } => self.append(channels, *times, *bytes, *ttl),
            Step::Amend { target, deletes, bytes } => self.amend(*target, *deletes, *bytes),
            Step::Wait(millis) => self.now += millis,
            Step::Trim => {
                assert_eq!(self.subject.trim(self.now), self.model.trim(Time(self.now)), "messages trimmed");
                self.model.compact(self.subject.log());
            }
            Step::RemoveMessage(index) if !self.model.kept().is_empty() => {
                let position = index.get(self.model.kept()).position;
                self.remove(&Removal::Message(position));
            }
            Step::RemoveMessage(_) => {}
            Step::Purge(index) => self.remove(&Removal::Purge(channel(CHANNELS[*index]))),
            Step::Drop(index) => self.remove(&Removal::Drop(channel(CHANNELS[*index]))),
            Step::Reopen => self.subject.reopen(),
            Step::Read { selection: wanted, from, backward, view, messages, bytes } => {
                let order = if *backward { Order::Backward } else { Order::Forward };
                let from = Position(from.index(self.model.head().0 as usize + 3) as u64);
                let selection = selection(SELECTIONS[*wanted]).viewed(Some(*view));
                self.read(&Read {
                    selection,
                    from,
                    began: Position(from.0 * (*messages as u64 % 3) / 4),
                    order,
                    messages: *messages,
                    bytes: *bytes,
                });
            }
        }
        if matches!(step, Step::Trim | Step::Reopen) {
            self.subject.check();
        }
        self.model.check(self.subject.log());
    }

    fn append(&mut self, channels: &[usize], times: usize, bytes: usize, ttl: Option<u64>) {
        let body = "x".repeat(bytes);
        let one = |index: &usize| Draft {
            expires: ttl.map(|ttl| Time(self.now + ttl)),
            ..draft(CHANNELS[*index], &body)
        };
        let mut drafts: Vec<Draft> = std::iter::repeat_n(channels, times).flatten().map(one).collect();
        // Nearly all keys come again soon, and some not for long.
        for (draft, key) in drafts.iter_mut().zip(1u32..).filter(|(_, key)| !key.is_multiple_of(5)) {
            draft.content.key = Some(format!("{}", key.trailing_zeros() + (key % 9 / 8) * (key % 50)).into());
        }
        let messages = self.subject.log().append(drafts.clone(), Time(self.now)).unwrap();
        self.model.append(&drafts, Time(self.now), &messages);
    }

    fn amend(&mut self, target: prop::sample::Index, deletes: bool, bytes: usize) {
        let originals =
            |message: &&Arc<Message>| message.content.amends.is_none() && message.content.became.is_none();
        let originals: Vec<_> = self.model.kept().iter().filter(originals).cloned().collect();
        if originals.is_empty() {
            return;
        }
        let target = target.get(&originals);
        let key = target.content.key.clone();
        let content = if deletes {
            Content { amends: Some(Amends::Deletes(target.position)), ..Content::default() }
        } else {
            let amends = Some(Amends::Replaces(target.position));
            Content { key, amends, body: "y".repeat(bytes).into(), ..Content::default() }
        };
        let drafts = vec![Draft { content, ..draft(target.channel.as_str(), "") }];
        let messages = self.subject.log().append(drafts.clone(), Time(self.now)).unwrap();
        self.model.append(&drafts, Time(self.now), &messages);
    }

    fn remove(&mut self, removal: &Removal) {
        let removed = self.subject.log().remove(removal).unwrap();
        assert_eq!(removed, self.model.remove(removal), "{removal:?}");
    }

    fn read(&self, read: &Read) {
        let page = self.subject.log().read(read).unwrap();
        assert_eq!(page.gap, self.model.gap(read), "{read:?}");
        assert!(page.messages.len() <= read.messages);
        let before_last = page.messages.iter().rev().skip(1);
        assert!(
            read.order == Order::Backward
                || before_last.map(|m| m.content.size()).sum::<usize>() <= read.bytes
        );
        assert!(page.messages.is_sorted_by(|a, b| a.position < b.position));
        if read.selection.view() == View::Current {
            assert_eq!(page.messages, self.model.current(read, page.through), "{read:?}");
        } else if read.from <= self.model.head() {
            assert_eq!(self.subject.all(read.clone()), self.model.read(read), "{read:?}");
        }
    }
}

pub fn random_histories_match_a_list_and_a_loop(kind: Kind) {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let cases = cases.unwrap_or(if kind == Kind::Memory { 256 } else { 48 });
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let run = |steps: Vec<Step>| {
        let mut walk =
            Walk { subject: Subject::with_rules(kind, RULES), model: Model::new(RULES), now: 1_000_000 };
        steps.iter().for_each(|step| walk.step(step));
        walk.subject.check();
        // Everything once more, from everywhere.
        for (index, wanted) in SELECTIONS.iter().enumerate() {
            for order in [Order::Forward, Order::Backward] {
                for part in 0..=4 {
                    let from = Position(walk.model.head().0 * part / 4);
                    let (messages, bytes) = (1 + index * 30, 1 << 20);
                    for view in [View::Events, View::Current] {
                        let selection = selection(wanted).viewed(Some(view));
                        walk.read(&Read { selection, from, began: Position::START, order, messages, bytes });
                    }
                }
            }
        }
        Ok(())
    };
    runner.run(&prop::collection::vec(step(), 1..50), run).unwrap();
}
