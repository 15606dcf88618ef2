//! Conditions on a running node: they fire, repeat and are over; over restarts, and with clocks of their own.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod sick;
#[macro_use]
mod world;

use fanfare_node::Node;
use fanfare_proto::{
    Channel, Code, ConditionId, ConditionView, Content, Grant, Message, Namespaces, Pattern, Phase, Publish,
    Receipt, Refusal, TagValue, Time, limits,
};
use fanfare_store::{Draft, RecordChange, Removal, Store};
use sick::Sick;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use world::{BEGIN, disk, memory, messages, node, node_of, until, wait};

const SECOND: u64 = 1_000;

fn make(node: &Node, fields: &str) -> Result<ConditionView, Refusal> {
    wait(node.make_condition(&Grant::open(), &format!("{{{fields}}}")))
}

fn content(temp: u64) -> Content {
    Content { tags: [("temp".into(), TagValue::Number(temp as f64))].into(), ..Content::default() }
}

fn say(node: &Node, channel: &str, temp: u64) {
    try_to_say(node, channel, temp).unwrap();
}

fn try_to_say(node: &Node, channel: &str, temp: u64) -> Result<Receipt, Refusal> {
    let channel = Channel::parse(channel).unwrap();
    let publish = Publish { channel, id: None, when: None, ttl: None, content: content(temp) };
    wait(node.publish(&Grant::open(), vec![publish])).remove(0)
}

/// Says it while no node listens.
fn append(store: &Arc<dyn Store>, channel: &str, temp: u64, time: u64) {
    let channel = Channel::parse(channel).unwrap();
    let draft = Draft { channel, id: None, publisher: None, expires: None, content: content(temp) };
    store.append(vec![draft], Time(time)).unwrap();
}

/// Why each message was published, and whether it is late.
fn turns(node: &Node, channel: &str) -> Vec<(String, bool)> {
    let turn = |message: &Arc<Message>| {
        let tags = &message.content.tags;
        match &tags["condition_state"] {
            TagValue::Text(text) => (text.to_string(), tags.contains_key("late")),
            other => panic!("{other:?}"),
        }
    };
    messages(node, channel).iter().map(turn).collect()
}

fn until_turns(node: &Node, channel: &str, expected: &[&str]) {
    until(&format!("{channel}: {expected:?}"), || {
        turns(node, channel).iter().map(|(turn, _)| &**turn).eq(expected.iter().copied())
    });
}

fn show(node: &Node, id: ConditionId) -> ConditionView {
    wait(node.condition(&Grant::open(), id)).unwrap()
}

/// Waits until everything that was said is judged.
fn until_phase(node: &Node, id: ConditionId, phase: Phase) {
    until(&format!("{phase:?}"), || show(node, id).phase() == phase);
}

const HOT: &str =
    r#""channel":"alerts","body":"hot","watch":"sensors/*","when":"temp > 90","until":"temp < 85""#;

#[test]
fn it_fires_after_its_time_and_once_until_it_is_over() {
    let dir = tempfile::tempdir().unwrap();
    for (store, (clock, now)) in [(memory(), clock!()), (disk(dir.path()), clock!())] {
        let node = node(store, now);
        let id = make(&node, &format!(r#"{HOT},"for":"60s","clear":"cool""#)).unwrap().kept.id;
        let later = |seconds| clock.store(BEGIN + seconds * SECOND, SeqCst);
        say(&node, "sensors/a", 95);
        until_phase(&node, id, Phase::Pending);
        later(30);
        say(&node, "sensors/a", 88);
        until_phase(&node, id, Phase::Quiet);
        say(&node, "sensors/a", 95);
        say(&node, "sensors/b", 80);
        until_phase(&node, id, Phase::Pending);
        later(89);
        say(&node, "sensors/a", 96);
        say(&node, "sensors/b", 95);
        until("both are judged", || show(&node, id).pending == 2);
        assert_eq!(messages(&node, "alerts").len(), 0);
        later(90);
        until_turns(&node, "alerts", &["fires"]);
        say(&node, "sensors/a", 88);
        say(&node, "sensors/a", 95);
        later(100);
        say(&node, "sensors/a", 84);
        until_turns(&node, "alerts", &["fires", "clears"]);
        let said = messages(&node, "alerts");
        for (message, number, body, position) in [(&said[0], 1, "hot", 3.0), (&said[1], 2, "cool", 0.0)] {
            assert_eq!(message.id.as_deref(), Some(&*format!("{id}/{number}")));
            assert_eq!(message.content.body, body.as_bytes());
            let tags = &message.content.tags;
            assert_eq!(tags["condition_channel"], TagValue::Text("sensors/a".into()));
            if position > 0.0 {
                let began = messages(&node, "sensors/a")[2].position.0 as f64;
                assert_eq!(tags["condition_position"], TagValue::Number(began));
            }
        }
        later(149);
        until_turns(&node, "alerts", &["fires", "clears", "fires"]);
        node.stop();
    }
}

#[test]
fn what_was_said_while_nobody_listened_is_judged_by_its_times() {
    let (clock, now) = clock!();
    let dir = tempfile::tempdir().unwrap();
    let before = node(disk(dir.path()), now);
    let id = make(&before, &format!(r#"{HOT},"for":"60s","clear":"cool""#)).unwrap().kept.id;
    say(&before, "sensors/a", 95);
    until_phase(&before, id, Phase::Pending);
    before.stop();
    drop(before);
    let store = disk(dir.path());
    append(&store, "sensors/b", 95, BEGIN + 10 * SECOND);
    append(&store, "sensors/b", 84, BEGIN + 60 * SECOND);
    append(&store, "sensors/a", 84, BEGIN + 61 * SECOND);
    append(&store, "sensors/c", 95, BEGIN + 62 * SECOND);
    clock.store(BEGIN + 600 * SECOND, SeqCst);
    let after = node(store, now);
    // a held for a minute, b did not, c did by now.
    until_turns(&after, "alerts", &["fires", "clears", "fires"]);
    let late: Vec<bool> = turns(&after, "alerts").into_iter().map(|(_, late)| late).collect();
    assert_eq!(late, [true; 3]);
    let of = |index: usize| messages(&after, "alerts")[index].content.tags["condition_channel"].clone();
    assert_eq!([of(0), of(2)], ["sensors/a", "sensors/c"].map(|name| TagValue::Text(name.into())));
    assert_eq!(show(&after, id).state.lost, None);
    after.stop();
    drop(after);
    let again = node(disk(dir.path()), now);
    until_phase(&again, id, Phase::Firing);
    assert_eq!(turns(&again, "alerts").len(), 3, "nothing is judged twice");
    again.stop();
}

#[test]
fn silence_fires_once_until_it_is_heard_and_while_nobody_listens_it_is_none() {
    let (clock, now) = clock!();
    let store = memory();
    let before = node(store.clone(), now);
    let fields = r#""channel":"alerts","body":"silent","watch":"backups/db","silent":"1h","when":"temp = 1","clear":"""#;
    let id = make(&before, fields).unwrap().kept.id;
    let minutes = |minutes: u64| clock.store(BEGIN + minutes * 60 * SECOND, SeqCst);
    minutes(59);
    say(&before, "backups/db", 0);
    minutes(60);
    until_turns(&before, "alerts", &["fires"]);
    say(&before, "backups/db", 1);
    until_turns(&before, "alerts", &["fires", "clears"]);
    minutes(100);
    before.stop();
    minutes(1000);
    let after = node(store, now);
    until("it goes on", || show(&after, id).state.clock == Time(BEGIN + 1000 * 60 * SECOND));
    assert_eq!(turns(&after, "alerts").len(), 2);
    minutes(1019);
    until("it goes on", || show(&after, id).state.clock == Time(BEGIN + 1019 * 60 * SECOND));
    assert_eq!(turns(&after, "alerts").len(), 2);
    minutes(1020);
    until_turns(&after, "alerts", &["fires", "clears", "fires"]);
    after.stop();
}

#[test]
fn what_is_said_before_the_past_is_judged_ends_no_silence_of_a_server_that_was_down() {
    let (clock, now) = clock!();
    let store = Sick::new(memory());
    let before = node(store.clone(), now);
    let fields = r#""channel":"alerts","body":"silent","watch":"backups/db","silent":"1h""#;
    let id = make(&before, fields).unwrap().kept.id;
    before.stop();
    let minutes = |minutes: u64| clock.store(BEGIN + minutes * 60 * SECOND, SeqCst);
    minutes(1000);
    store.close(true);
    let after = node(store.clone(), now);
    say(&after, "backups/db", 1);
    store.close(false);
    let (heard, until_then) = (Time(BEGIN + 1000 * 60 * SECOND), |view: &ConditionView| view.state.clock);
    until("it is judged", || until_then(&show(&after, id)) == heard);
    assert_eq!(messages(&after, "alerts").len(), 0);
    minutes(1060);
    until_turns(&after, "alerts", &["fires"]);
    after.stop();
}

#[test]
fn what_cannot_be_published_is_tried_again_after_a_while_however_much_is_said() {
    let (_, now) = clock!();
    let store = Sick::new(memory());
    let node = node(store.clone(), now);
    let id = make(&node, HOT).unwrap().kept.id;
    store.appends.store(true, SeqCst);
    say(&node, "sensors/a", 95);
    until("it was tried", || store.refused.load(SeqCst) > 0);
    for temp in 0..300 {
        // What is committed together with what cannot be is refused with it.
        drop(try_to_say(&node, "sensors/a", temp));
    }
    assert!(store.refused.load(SeqCst) < 10, "{} attempts", store.refused.load(SeqCst));
    // What it has to say is not lost by another one in its place.
    let wish = format!("{{{HOT},\"repeat\":\"10s\"}}");
    let refusal = wait(node.replace_condition(&Grant::open(), id, &wish)).unwrap_err();
    assert_eq!(refusal.code, Code::BUSY, "{refusal}");
    store.appends.store(false, SeqCst);
    until("it is published", || !messages(&node, "alerts").is_empty());
    until("it may be replaced", || wait(node.replace_condition(&Grant::open(), id, &wish)).is_ok());
    node.stop();
}

#[test]
fn what_a_channel_kept_before_it_was_live_is_judged() {
    let (_, now) = clock!();
    let store = memory();
    let before = node_of(store.clone(), now, Arc::new(Namespaces::new([])));
    make(&before, &HOT.replace("sensors/*", "live/*")).unwrap();
    before.stop();
    append(&store, "live/a", 95, BEGIN);
    let after = node(store, now);
    until_turns(&after, "alerts", &["fires"]);
    say(&after, "live/b", 95);
    until_turns(&after, "alerts", &["fires", "fires"]);
    after.stop();
}

#[test]
fn one_that_cannot_be_read_is_told_and_removed() {
    let (_, now) = clock!();
    let store = memory();
    let before = node(store.clone(), now);
    let id = make(&before, HOT).unwrap().kept.id;
    before.stop();
    let damaged = RecordChange { kind: "condition", key: id.to_string().into(), value: Some("{".into()) };
    store.change(&[damaged]).unwrap();
    let node = node(store.clone(), now);
    let some = Grant { subscribe: vec![Pattern::parse("sensors/*").unwrap()], ..Grant::open() };
    for (grant, code) in [(&some, Code::NOT_FOUND), (&Grant::open(), Code::STORE_DAMAGED)] {
        assert_eq!(wait(node.condition(grant, id)).unwrap_err().code, code);
    }
    assert_eq!(wait(node.remove_condition(&some, id)).unwrap_err().code, Code::NOT_FOUND);
    wait(node.remove_condition(&Grant::open(), id)).unwrap();
    assert_eq!(wait(node.condition(&Grant::open(), id)).unwrap_err().code, Code::NOT_FOUND);
    assert!(
        ["condition", "condition_state"].iter().all(|kind| store.scan(kind, "", "", 9).unwrap().is_empty())
    );
    node.stop();
}

#[test]
fn all_together_remember_so_many_channels() {
    let (_, now) = clock!();
    let node = node(memory(), now);
    let each = limits::CONDITION_CHANNELS;
    let conditions = limits::CONDITIONS_CHANNELS / each + 1;
    let made = |_| make(&node, &format!(r#"{HOT},"for":"60s""#)).unwrap().kept.id;
    let made: Vec<ConditionId> = (0..conditions).map(made).collect();
    let publish = |number: usize| {
        let channel = Channel::parse(&format!("sensors/{number}")).unwrap();
        Publish { channel, id: None, when: None, ttl: None, content: content(95) }
    };
    let said = wait(node.publish(&Grant::open(), (0..each).map(publish).collect()));
    assert!(said.iter().all(Result::is_ok));
    // Channels that they know, and messages that they left out.
    let stand = |made: &[ConditionId]| {
        let states = made.iter().map(|id| show(&node, *id).state);
        let add = |(known, left), (more, out)| (known + more, left + out);
        states.map(|state| (state.channels.len(), state.left_out as usize)).fold((0, 0), add)
    };
    until("there is no room", || stand(&made) == (limits::CONDITIONS_CHANNELS, each));
    // Once one ends, there is, for those that know few.
    let (others, _) = stand(&made[1..]);
    wait(node.remove_condition(&Grant::open(), made[0])).unwrap();
    say(&node, "sensors/new", 95);
    until("it is judged", || stand(&made[1..]).0 > others);
    node.stop();
}

#[test]
fn what_is_lost_is_told() {
    let (_, now) = clock!();
    let store = memory();
    let before = node(store.clone(), now);
    let id = make(&before, HOT).unwrap().kept.id;
    say(&before, "sensors/a", 95);
    until_turns(&before, "alerts", &["fires"]);
    before.stop();
    append(&store, "sensors/a", 84, BEGIN + SECOND);
    store.remove(&Removal::Purge(Channel::parse("sensors/a").unwrap())).unwrap();
    let after = node(store, now);
    until("it is told", || show(&after, id).state.lost.is_some());
    let view = show(&after, id);
    assert_eq!((view.state.lost.unwrap().reason.name(), view.phase()), ("purged", Phase::Firing));
    after.stop();
}

#[test]
fn conditions_that_set_off_each_other_go_round_slowly_and_live_channels_are_heard() {
    let (clock, now) = clock!();
    let node = node(memory(), now);
    for (channel, watch) in [("live/ping", "live/pong"), ("live/pong", "live/ping")] {
        // Each message is over with the next.
        let fields = format!(
            r#""channel":"{channel}","body":"x","watch":"{watch}","when":"temp > 0 or condition_state = \"fires\"","until":"priority > 0 or exists(condition_state)""#
        );
        make(&node, &fields).unwrap();
    }
    say(&node, "live/ping", 1);
    for round in 1..5u64 {
        clock.store(BEGIN + round * 1000 * SECOND, SeqCst);
        let count = || messages(&node, "live/*").len();
        until("it goes round", || count() as u64 > round / 2);
        let settled = count();
        for _ in 0..20 {
            std::thread::yield_now();
            assert!(count() <= settled + 2, "it runs away");
        }
    }
    node.stop();
}

#[test]
fn a_condition_is_replaced_and_removed_and_the_same_request_makes_one() {
    let (clock, now) = clock!();
    let node = node(memory(), now);
    let grant = Grant::open();
    let first = make(&node, &format!(r#"{HOT},"id":"x""#)).unwrap();
    assert_eq!(make(&node, &format!(r#"{HOT},"id":"x""#)).unwrap().kept, first.kept);
    assert_eq!(make(&node, &format!(r#"{HOT},"id":"x","for":5"#)).unwrap_err().code, Code::ID_REUSED);
    let id = first.kept.id;
    say(&node, "sensors/a", 95);
    until_turns(&node, "alerts", &["fires"]);
    // Said otherwise, it goes on; asked of others, it begins again.
    let wish = format!(r#"{{{HOT},"repeat":"10s"}}"#);
    let replaced = wait(node.replace_condition(&grant, id, &wish)).unwrap();
    assert_eq!((replaced.phase(), replaced.kept.created), (Phase::Firing, first.kept.created));
    clock.store(BEGIN + 10 * SECOND, SeqCst);
    until_turns(&node, "alerts", &["fires", "repeats"]);
    let other = wish.replace("sensors/*", "others/*");
    let other = wait(node.replace_condition(&grant, id, &other)).unwrap();
    assert_eq!((other.phase(), other.state.occurrences), (Phase::Quiet, 2));
    say(&node, "others/a", 95);
    until_turns(&node, "alerts", &["fires", "repeats", "fires"]);
    assert_eq!(messages(&node, "alerts")[2].id.as_deref(), Some(&*format!("{id}/3")));
    wait(node.remove_condition(&grant, id)).unwrap();
    let gone = [wait(node.condition(&grant, id)).map(drop), wait(node.remove_condition(&grant, id))];
    assert!(gone.iter().all(|answer| answer.as_ref().unwrap_err().code == Code::NOT_FOUND));
    assert_eq!(wait(node.conditions(&grant, &Pattern::everything())).unwrap(), []);
    node.stop();
}

#[test]
fn what_may_not_be_said_or_heard_is_refused_and_what_others_have_is_not_seen() {
    let (_, now) = clock!();
    let node = node(memory(), now);
    let pattern = |text| vec![Pattern::parse(text).unwrap()];
    let mine = Grant { publish: pattern("mine/**"), subscribe: pattern("sensors/*"), ..Grant::open() };
    let wish = |channel, watch| {
        format!(r#"{{"channel":"{channel}","body":"12345","watch":"{watch}","silent":5,"clear":"x"}}"#)
    };
    let refused = |grant: &Grant, channel, watch| {
        wait(node.make_condition(grant, &wish(channel, watch))).unwrap_err().code
    };
    assert_eq!(refused(&mine, "theirs", "sensors/*"), Code::FORBIDDEN);
    assert_eq!(refused(&mine, "mine/a", "other"), Code::FORBIDDEN);
    assert_eq!(refused(&Grant::open(), "$sys/a", "other"), Code::FORBIDDEN);
    assert_eq!(refused(&Grant::open(), "tiny", "other"), Code::TOO_LARGE);
    let theirs = wait(node.make_condition(&Grant::open(), &wish("theirs", "sensors/*"))).unwrap().kept.id;
    let own = wait(node.make_condition(&mine, &wish("mine/a", "sensors/*"))).unwrap().kept.id;
    let listed = wait(node.conditions(&mine, &Pattern::everything())).unwrap();
    assert_eq!(listed.iter().map(|view| view.kept.id).collect::<Vec<_>>(), [own]);
    for answer in [
        wait(node.condition(&mine, theirs)).map(drop),
        wait(node.remove_condition(&mine, theirs)),
        wait(node.replace_condition(&mine, theirs, &wish("mine/a", "sensors/*"))).map(drop),
    ] {
        assert_eq!(answer.unwrap_err().code, Code::NOT_FOUND);
    }
    assert_eq!(wait(node.conditions(&Grant::open(), &Pattern::everything())).unwrap().len(), 2);
    node.stop();
    assert_eq!(make(&node, HOT).unwrap_err().code, Code::DRAINING);
}
