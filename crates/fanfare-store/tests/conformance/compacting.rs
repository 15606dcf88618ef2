//! Keeping of each key only the newest.

use crate::subject::{EVERYTHING, Kind, Subject, channel, request, selection};
use fanfare_proto::{Amends, Content, Gap, GapReason, Message, Position, Retention, Time, View};
use fanfare_store::{Draft, Order, Read, Removal};
use std::sync::Arc;
use std::time::Duration;

const COMPACT: Retention = Retention { compact: true, ..EVERYTHING };

fn of_key(name: &str, key: Option<&str>, body: &str) -> Draft {
    let content = Content { key: key.map(Into::into), body: body.to_owned().into(), ..Content::default() };
    Draft { channel: channel(name), id: None, publisher: None, expires: None, content }
}

fn ended(name: &str, key: &str) -> Draft {
    let content =
        Content { key: Some(key.into()), event: Some(Content::DELETED.into()), ..Content::default() };
    Draft { content, ..of_key(name, None, "") }
}

fn say(subject: &Subject, name: &str, said: &[(&str, &str)], now: u64) -> Vec<Arc<Message>> {
    let drafts = said.iter().map(|(key, body)| of_key(name, Some(key), body)).collect();
    subject.log().append(drafts, Time(now)).unwrap()
}

/// So much of one key that what came before is walked through.
fn bury(subject: &Subject, name: &str, now: u64) {
    let much = vec![("busy", "."); 4 * subject.read(&[name], 0).messages.len() + 8];
    say(subject, name, &much, now);
    subject.trim(now);
}

pub fn only_the_newest_of_each_key_stays(kind: Kind) {
    let mut subject = Subject::with_rules(kind, &[("table/*", COMPACT)]);
    for round in 0..50 {
        let round = round.to_string();
        let said: Vec<(String, &str)> = (0..5).map(|key| (format!("key {key}"), round.as_str())).collect();
        let said: Vec<(&str, &str)> = said.iter().map(|(key, body)| (key.as_str(), *body)).collect();
        say(&subject, "table/a", &said, 1_000);
        say(&subject, "other", &said, 1_000);
    }
    let first = say(&subject, "table/a", &[("rare", "r")], 1_000)[0].position;
    subject.log().append(vec![of_key("table/a", None, "no key"); 3], Time(1_000)).unwrap();
    subject.log().append(vec![ended("table/a", "key 4")], Time(1_000)).unwrap();
    for _ in 0..4 {
        bury(&subject, "table/a", 1_000);
    }
    for _ in 0..2 {
        let page = subject.read(&["table/a"], 0);
        let bodies = subject.bodies(&["table/a"], 0);
        assert_eq!(bodies, ["49", "49", "49", "49", "r", "no key", "", "."]);
        assert_eq!(page.gap, None, "nobody misses what is superseded");
        assert_eq!(subject.bodies(&["table/a"], first.0), ["no key", "", "."]);
        assert_eq!(subject.bodies(&["other"], 0).len(), 250, "others keep all");
        subject.check();
        subject.reopen();
        subject.trim(1_000);
    }
}

pub fn what_is_superseded_goes_before_a_limit_takes_what_is_not(kind: Kind) {
    let few = Retention { messages: 50, ..COMPACT };
    let subject = Subject::with_rules(kind, &[("table", few)]);
    let keys: Vec<String> = (0..40).map(|key| key.to_string()).collect();
    let said: Vec<(&str, &str)> = keys.iter().map(|key| (key.as_str(), "x")).collect();
    say(&subject, "table", &said, 1);
    for _ in 0..30 {
        say(&subject, "table", &[("busy", "y"); 20], 1);
        subject.trim(1);
        let page = subject.read(&["table"], 0);
        let values = page.messages.iter().filter(|message| &*message.content.body == b"x").count();
        assert_eq!((values, page.gap), (40, None));
        assert!(page.messages.len() <= 50);
    }
    // Of more keys than the limit the oldest go, and that is told.
    let more: Vec<String> = (100..140).map(|key| key.to_string()).collect();
    let said: Vec<(&str, &str)> = more.iter().map(|key| (key.as_str(), "z")).collect();
    say(&subject, "table", &said, 1);
    subject.trim(1);
    let page = subject.read(&["table"], 0);
    assert_eq!(page.messages.len(), 50);
    assert_eq!(page.gap.map(|gap| gap.reason), Some(GapReason::Trimmed));
    // And still, one that is busy takes no other's place.
    let gone = page.gap.unwrap().to;
    for _ in 0..30 {
        say(&subject, "table", &[("100", "z"); 7], 1);
        subject.trim(1);
    }
    let page = subject.read(&["table"], 0);
    assert_eq!(page.gap.map(|gap| gap.to), Some(gone));
    subject.check();
}

pub fn a_limit_keeps_the_keys_that_were_changed_last(kind: Kind) {
    for seed in 0..if kind == Kind::Memory { 60 } else { 15 } {
        let mut rng = fastrand::Rng::with_seed(seed);
        let limit = rng.u64(1..40);
        let few = Retention { messages: limit, ..COMPACT };
        let mut subject = Subject::with_rules(kind, &[("table/*", few)]);
        let mut newest = [(); 2].map(|()| Vec::<String>::new());
        for _ in 0..60 {
            let of = rng.usize(..2);
            let keys = rng.u64(1..2 * limit + 3);
            let said: Vec<String> = (0..rng.usize(1..60)).map(|_| rng.u64(..keys).to_string()).collect();
            let drafts = said.iter().map(|key| of_key(&format!("table/{of}"), Some(key), key)).collect();
            subject.log().append(drafts, Time(1)).unwrap();
            for key in said {
                newest[of].retain(|other| *other != key);
                newest[of].push(key);
            }
            if rng.u8(..3) > 0 {
                subject.trim(1);
            }
            if rng.u8(..20) == 0 && kind == Kind::Sqlite {
                subject.reopen();
            }
        }
        subject.trim(1);
        subject.check();
        for (of, newest) in newest.iter().enumerate() {
            let left = subject.bodies(&[&format!("table/{of}")], 0);
            // Each by its newest message, in the order of these.
            let standing: Vec<&String> = {
                let mut seen = std::collections::BTreeSet::new();
                let mut standing: Vec<_> = left.iter().rev().filter(|key| seen.insert(*key)).collect();
                standing.reverse();
                standing
            };
            let last = newest.len().saturating_sub(limit as usize);
            assert!(
                standing
                    .iter()
                    .rev()
                    .map(|key| key.as_str())
                    .take(newest.len() - last)
                    .eq(newest[last..].iter().rev().map(String::as_str)),
                "seed {seed}, limit {limit}: {standing:?} and {newest:?}"
            );
            assert!(left.len() as u64 <= limit + limit / 16, "{} of {limit}", left.len());
        }
    }
}

pub fn one_value_beyond_a_limit_of_one_ends_the_other(kind: Kind) {
    let one = Retention { messages: 1, ..COMPACT };
    let subject = Subject::with_rules(kind, &[("table/*", one)]);
    for name in ["table/a", "table/b"] {
        say(&subject, name, &[("a", "1"), ("b", "2")], 1);
    }
    subject.trim(1);
    assert_eq!(
        (subject.bodies(&["table/a"], 0), subject.bodies(&["table/b"], 0)),
        (vec!["2".into()], vec!["2".into()])
    );
}

pub fn a_key_that_ended_is_told_as_long_as_anything_is_kept(kind: Kind) {
    let hour = Retention { age: Duration::from_secs(3_600), ..COMPACT };
    let subject = Subject::with_rules(kind, &[("table", hour)]);
    let value = say(&subject, "table", &[("a", "1")], 1_000)[0].position;
    let ended = subject.log().append(vec![ended("table", "a")], Time(1_000)).unwrap()[0].position;
    bury(&subject, "table", 1_000);
    let page = subject.read(&["table"], value.0);
    assert_eq!((page.messages[0].position, page.gap), (ended, None));
    say(&subject, "table", &[("b", "2")], 5_000_000);
    subject.trim(5_000_000);
    let page = subject.read(&["table"], value.0);
    let gap = page.gap.unwrap();
    assert!(matches!(gap, Gap { from, to, reason: GapReason::Trimmed } if from == value && to >= ended));
    assert_eq!(subject.bodies(&["table"], 0), ["2"]);
}

pub fn long_channels_are_read_both_ways_when_most_is_gone(kind: Kind) {
    let mut subject = Subject::with_rules(kind, &[("table", COMPACT)]);
    for round in 0..200 {
        let keep = format!("keep {round}");
        say(&subject, "table", &[(&keep, "kept"), ("a", "x"), ("b", "y"), ("a", "z")], 1);
        say(&subject, "table", &[("busy", "."); 30], 1);
        if round % 30 == 0 {
            subject.trim(1);
            subject.check();
        }
        // What is removed one by one leaves rows that chain the others.
        if round % 11 == 3 {
            let newest = subject.log().status().head;
            subject.log().remove(&Removal::Message(Position(newest.0 - 1))).unwrap();
        }
    }
    for _ in 0..2 {
        bury(&subject, "table", 1);
        subject.check();
        let all = subject.all(request(&["table"], 0, Order::Forward));
        assert_eq!(all.len(), 203);
        assert_eq!(subject.log().status().messages, 203);
        assert!(kind == Kind::Memory || subject.rows("message") == 203, "nothing is left of what went");
        let head = subject.log().status().head.0;
        for from in (0..=head).step_by(211).chain([head]) {
            for order in [Order::Forward, Order::Backward] {
                let is_next = |message: &&Arc<Message>| match order {
                    Order::Forward => message.position.0 > from,
                    Order::Backward => message.position.0 < from,
                };
                let mut next: Vec<_> = all.iter().filter(is_next).cloned().collect();
                if order == Order::Backward {
                    next.reverse();
                }
                let read = Read { messages: 7, ..request(&["table"], from, order) };
                assert_eq!(subject.all(read), next);
            }
        }
        subject.reopen();
    }
}

pub fn what_may_be_published_again_stays_until_it_is_not_known_any_more(kind: Kind) {
    let subject = Subject::with_rules(kind, &[("table", COMPACT)]);
    let known = Draft { id: Some("once".into()), ..of_key("table", Some("busy"), "first") };
    subject.log().append(vec![known], Time(1_000)).unwrap();
    bury(&subject, "table", 100_000);
    assert_eq!(subject.bodies(&["table"], 0), ["first", "."]);
    bury(&subject, "table", 200_000);
    assert_eq!(subject.bodies(&["table"], 0), ["."]);
}

pub fn what_stayed_for_its_id_goes_by_itself_once_nobody_remembers_that(kind: Kind) {
    let subject = Subject::with_rules(kind, &[("table", COMPACT)]);
    let known = |at: u64| {
        let draft = |id: u64| Draft {
            id: Some(format!("{at} {id}").into()),
            ..of_key("table", Some("busy"), &at.to_string())
        };
        subject.log().append((0..20).map(draft).collect(), Time(at)).unwrap();
    };
    let left = |now: u64| {
        subject.trim(now);
        subject.check();
        subject.read(&["table"], 0).messages.len()
    };
    known(1_000);
    assert_eq!(left(2_000), 20);
    // What is said later stays for as long, too.
    known(60_000);
    assert_eq!((left(60_000), left(121_000)), (40, 40), "the first are known until then");
    assert_eq!(left(123_000), 20);
    assert_eq!((left(250_000), left(1_000_000)), (1, 1));
    assert_eq!(subject.bodies(&["table"], 0), ["60000"]);
    assert!(kind == Kind::Memory || subject.rows("message") == 1);
}

pub fn edits_and_deletes_go_with_what_they_are_of(kind: Kind) {
    let subject = Subject::with_rules(kind, &[("table", COMPACT)]);
    let said = say(&subject, "table", &[("a", "1"), ("b", "2"), ("c", "3")], 1);
    let amend = |amends, key: &str, body: &str| {
        let mut draft = of_key("table", Some(key), body);
        draft.content.amends = Some(amends);
        subject.log().append(vec![draft], Time(1)).unwrap();
    };
    amend(Amends::Replaces(said[0].position), "a", "1 edited");
    amend(Amends::Replaces(said[1].position), "b", "2 edited");
    // No delete has a key.
    let mut delete = of_key("table", None, "");
    delete.content.amends = Some(Amends::Deletes(said[2].position));
    subject.log().append(vec![delete], Time(1)).unwrap();
    bury(&subject, "table", 1);
    subject.check();
    let current = |from: u64| {
        let selection = selection(&["table"]).viewed(Some(View::Current));
        let read = Read { selection, ..request(&["table"], from, Order::Forward) };
        let said = |message: Arc<Message>| String::from_utf8_lossy(&message.content.body).into_owned();
        subject.all(read).into_iter().map(said).collect::<Vec<_>>()
    };
    assert_eq!(current(0), ["1 edited", "2 edited", "."]);
    assert_eq!(current(said[2].position.0).len(), 4, "who has heard them hears what became of them");
    say(&subject, "table", &[("a", "new"), ("c", "new")], 1);
    bury(&subject, "table", 1);
    bury(&subject, "table", 1);
    subject.check();
    assert_eq!(current(0), ["2 edited", "new", "new", "."]);
    amend(Amends::Replaces(said[1].position), "b", "2 edited again");
    bury(&subject, "table", 1);
    assert_eq!(current(0), ["2 edited again", "new", "new", "."]);
    let left = subject.all(request(&["table"], 0, Order::Forward));
    let amending = left.iter().filter(|message| message.content.amends.is_some()).count();
    assert_eq!(amending, 2, "the newest edit of `b`, and the delete: {left:?}");
    assert_eq!(left.len(), 7, "and what the delete has left: {left:?}");
}

pub fn a_channel_changes_while_it_is_walked(kind: Kind) {
    let subject = Subject::with_rules(kind, &[("table", COMPACT)]);
    let keys: Vec<String> = (0..50).map(|key| key.to_string()).collect();
    let said: Vec<(&str, &str)> = keys.iter().map(|key| (key.as_str(), "x")).collect();
    let much: Vec<(&str, &str)> = said.iter().copied().cycle().take(5_000).collect();
    let rare = say(&subject, "table", &[("rare", "kept")], 1)[0].position;
    for round in 0..40u64 {
        if round < 3 {
            say(&subject, "table", &much, 1);
        }
        let trimmed = subject.log().trim(Time(1)).unwrap();
        assert!(trimmed.more || round > 2, "there is more than one step has time for");
        subject.check();
        match round % 4 {
            0 => say(&subject, "table", &said[..7], 1).truncate(0),
            1 => {
                let newest = subject
                    .log()
                    .read(&Read { messages: 60, ..request(&["table"], u64::MAX >> 1, Order::Backward) });
                let others = newest.unwrap().messages.into_iter().filter(|message| message.position != rare);
                for message in others.step_by(3) {
                    subject.log().remove(&Removal::Message(message.position)).unwrap();
                }
            }
            2 if round == 10 => assert!(subject.log().remove(&Removal::Purge(channel("table"))).unwrap()),
            3 if round == 23 => assert!(subject.log().remove(&Removal::Drop(channel("table"))).unwrap()),
            _ => {}
        }
        if round < 10 {
            assert_eq!(subject.read(&["table"], 0).messages[0].position, rare);
        }
    }
    say(&subject, "table", &said, 2);
    bury(&subject, "table", 2);
    subject.check();
    assert_eq!(subject.read(&["table"], rare.0 + 100_000).messages.len(), 0);
    let left = subject.all(request(&["table"], 0, Order::Forward));
    assert_eq!(left.len(), 51, "each key once, and the busy one");
}
