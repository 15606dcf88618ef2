//! Acked readers: what a full socket, a late word, a restart, and a change of rules do to them, and what they do to each
//! other.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod barren;
mod crew;
mod story;
#[macro_use]
mod world;

use barren::Barren;
use crew::{Crew, ack, name};
use fanfare_node::SessionKey;
use fanfare_proto::{AckPlace, AckPlaces, Channel, Code, Grant, Message, Namespaces, Position, limits};
use fanfare_store::Removal;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use world::{memory, messages, namespaces, wait};

const LATE: Duration = Duration::from_secs(11);

fn through(crew: &Crew, key: SessionKey, index: usize) -> AckPlaces {
    AckPlaces::Through(AckPlace::Cursor(crew.cursor(key, index)))
}

fn dead(crew: &Crew, reader: &str) -> Vec<String> {
    let text = |message: &Arc<Message>| String::from_utf8(message.content.body.to_vec()).unwrap();
    messages(&crew.node, &format!("$dead/{reader}")).iter().map(text).collect()
}

#[test]
fn what_never_left_a_full_socket_is_no_attempt_and_others_are_given_it() {
    let mut crew = Crew::new(clock!());
    crew.put("r", r#"{"patterns":["a"],"ack_wait":"10s","attempts":2,"last":100}"#).unwrap();
    let stuck = crew.sit("r", "stream");
    crew.turn();
    crew.sockets[stuck as usize].full = true;
    // More than is made ready for a socket at once.
    let bodies: Vec<String> = (0..40).map(|number| format!("{number} {}", "x".repeat(2000))).collect();
    bodies.iter().for_each(|body| drop(crew.say("a", body)));
    crew.until("all is given", |crew| crew.shown("r").unacked == bodies.len());
    for _ in 0..6 {
        crew.pass("r", LATE);
    }
    assert_eq!((dead(&crew, "r").len(), crew.shown("r").dead), (0, 0));
    let well = crew.sit("r", "stream");
    crew.until("the other one is given all", |crew| crew.heard(well).len() == bodies.len());
    crew.ack(
        "r",
        ack(AckPlaces::Each((0..20).map(|at| AckPlace::Cursor(crew.cursor(well, at))).collect()), None),
    );
    crew.leave(well);
    crew.drain(stuck);
    // What was begun is heard to its end, and then what is not done.
    let last = bodies.last().unwrap().clone();
    crew.until("it goes on", |crew| crew.bodies(stuck).contains(&last));
    let attempts = |message: &serde_json::Value| message["attempt"].as_u64().unwrap();
    assert!(crew.heard(stuck).iter().map(attempts).max() <= Some(3), "{:?}", crew.shown("r"));
}

#[test]
fn what_is_given_after_an_answer_was_made_goes_back_at_once() {
    let mut crew = Crew::new(clock!());
    crew.put("r", r#"{"patterns":["a"],"last":100}"#).unwrap();
    let poll = crew.sit("r", "poll");
    crew.turn();
    crew.say("a", "1");
    crew.sockets[poll as usize].full = true;
    crew.until("its answer is made", |crew| crew.shown("r").unacked == 1);
    crew.turn();
    crew.say("a", "2");
    crew.shown("r");
    crew.drain(poll);
    crew.hears(poll, &["1"]);
    assert_eq!(crew.over, [poll]);
    let next = crew.sit("r", "stream");
    crew.hears(next, &["2"]);
    assert_eq!(crew.heard(next)[0]["attempt"], 1);
}

#[test]
fn a_late_word_is_about_what_its_speaker_was_given() {
    let mut crew = Crew::new(clock!());
    crew.put("r", r#"{"patterns":["a"],"ack_wait":"10s","last":100}"#).unwrap();
    let stream = crew.sit("r", "stream");
    crew.say("a", "0");
    crew.hears(stream, &["0"]);
    let poll = crew.sit("r", "poll");
    crew.turn();
    crew.shown("r");
    crew.say("a", "1");
    crew.hears(poll, &["1"]);
    crew.pass("r", LATE);
    // Both are with the stream by now, one of them never was with the poll.
    crew.hears(stream, &["0", "0", "1"]);
    assert_eq!(crew.ack("r", ack(through(&crew, poll, 0), None)), 1);
    crew.leave(stream);
    let heir = crew.sit("r", "stream");
    crew.hears(heir, &["0"]);
}

#[test]
fn what_a_channel_kept_before_it_was_live_is_given_again() {
    let (store, clock) = (memory(), clock!());
    let before = Crew::on(store.clone(), Arc::new(Namespaces::new([])), clock);
    before.say("live/a", "kept");
    before.node.stop();
    let mut crew = Crew::on(store, namespaces(), clock);
    crew.put("r", r#"{"patterns":["live/a"],"attempts":2,"last":9}"#).unwrap();
    let stream = crew.sit("r", "stream");
    crew.hears(stream, &["kept"]);
    let back = AckPlaces::Each(vec![AckPlace::Cursor(crew.cursor(stream, 0))]);
    assert_eq!(crew.ack("r", ack(back.clone(), Some(Duration::ZERO))), 1);
    crew.hears(stream, &["kept", "kept"]);
    // And in the end it is a dead letter, which counts as done.
    assert_eq!(crew.ack("r", ack(back, Some(Duration::ZERO))), 1);
    crew.until("it is given up", |crew| dead(crew, "r") == ["kept"] && crew.shown("r").unacked == 0);
}

#[test]
fn a_reader_with_a_long_past_does_not_hold_up_the_others() {
    let kept = Arc::new(Barren::keeping(memory()));
    let mut crew = Crew::on(kept.clone(), namespaces(), clock!());
    crew.put("long", r#"{"patterns":["a"],"since":0}"#).unwrap();
    crew.put("short", r#"{"patterns":["live/a"]}"#).unwrap();
    let before = kept.reads();
    let (_long, short) = (crew.sit("long", "stream"), crew.sit("short", "stream"));
    crew.say("live/a", "soon");
    crew.hears(short, &["soon"]);
    assert!(kept.reads() - before < 100_000, "{} pages", kept.reads() - before);
    crew.node.stop();
}

#[test]
fn a_dead_letter_and_the_record_are_kept_together() {
    let (store, (clock, now)) = (memory(), clock!());
    let mut crew = Crew::on(store.clone(), namespaces(), (clock, now));
    crew.put("r", r#"{"patterns":["a"],"ack_wait":"10s","attempts":1,"last":9}"#).unwrap();
    let stream = crew.sit("r", "stream");
    crew.say("a", "1");
    crew.hears(stream, &["1"]);
    crew.pass("r", Duration::from_secs(2));
    let record = || {
        let record = store.get("reader", "r").unwrap().unwrap();
        serde_json::from_slice::<serde_json::Value>(&record.value).unwrap()
    };
    crew.until("that it was given is kept", |_| record()["attempts"][0][1] == 1);
    clock.fetch_add(LATE.as_millis() as u64, SeqCst);
    crew.until("it is given up", |crew| dead(crew, "r") == ["1"]);
    // Hardly any time passes: what is kept from time to time is not kept yet.
    assert_eq!((&record()["acked"][0][1], record()["attempts"].as_array().unwrap().len()), (&1.into(), 0));
}

#[test]
fn a_dead_letter_that_is_refused_for_good_stops_nobody() {
    let mut crew = Crew::new(clock!());
    crew.put("r", r#"{"patterns":["a"],"ack_wait":"10s","attempts":1,"last":9}"#).unwrap();
    let stream = crew.sit("r", "stream");
    crew.say("a", "1");
    crew.hears(stream, &["1"]);
    crew.pass("r", LATE);
    crew.until("it is given up", |crew| dead(crew, "r") == ["1"]);
    // The same message again, with more attempts: it is another letter of the same name.
    crew.put("r", r#"{"patterns":["a"],"ack_wait":"10s","attempts":2,"since":0}"#).unwrap();
    let stream = crew.sit("r", "stream");
    crew.hears(stream, &["1"]);
    crew.pass("r", LATE);
    crew.hears(stream, &["1", "1"]);
    crew.pass("r", LATE);
    crew.until("it is given up, too", |crew| crew.shown("r").dead == 2);
    crew.say("a", "2");
    crew.hears(stream, &["1", "1", "2"]);
    assert_eq!(dead(&crew, "r"), ["1"]);
}

#[test]
fn a_cursor_means_the_same_after_a_restart() {
    let (store, clock) = (memory(), clock!());
    let mut before = Crew::on(store.clone(), namespaces(), clock);
    before.put("r", r#"{"patterns":["a"],"last":9}"#).unwrap();
    let (one, two) = (before.sit("r", "stream"), before.sit("r", "stream"));
    before.until("both are there", |crew| crew.shown("r").sessions == 2);
    ["1", "2", "3", "4"].iter().for_each(|body| drop(before.say("a", body)));
    before.until("both are given two", |crew| crew.heard(one).len() == 2 && crew.heard(two).len() == 2);
    let (places, theirs) = (through(&before, one, 1), before.bodies(two));
    before.node.stop();
    let mut after = Crew::on(store, namespaces(), clock);
    assert_eq!(after.ack("r", ack(places.clone(), None)), 2);
    assert_eq!(after.ack("r", ack(places, None)), 0);
    let next = after.sit("r", "stream");
    after.until("the others are given again", |crew| crew.bodies(next) == theirs);
    after.node.stop();
}

#[test]
fn one_subject_has_so_many_readers() {
    let (store, clock) = (memory(), clock!());
    let crew = Crew::on(store.clone(), namespaces(), clock);
    let as_who = |subject: &str| Grant { subject: subject.into(), ..Grant::open() };
    let put = |crew: &Crew, who: &str, name: &str| crew.put_as(&as_who(who), name, r#"{"patterns":["a"]}"#);
    (0..limits::READERS_OWNED)
        .for_each(|number| assert!(put(&crew, "alice", &format!("a{number}")).unwrap()));
    let refusal = put(&crew, "alice", "more").unwrap_err();
    assert_eq!(refusal.code, Code::TOO_MANY);
    assert!(refusal.detail.contains("`alice` has made 256 readers; at most 256"), "{refusal}");
    assert!(put(&crew, "bob", "b").unwrap() && put(&crew, "", "c").unwrap());
    // Hers may be changed, and it is remembered whose they are.
    assert!(!put(&crew, "alice", "a0").unwrap());
    crew.node.stop();
    let crew = Crew::on(store, namespaces(), clock);
    assert_eq!(put(&crew, "alice", "more").unwrap_err().code, Code::TOO_MANY);
    wait(crew.node.remove_acked_reader(&Grant::open(), name("a0"))).unwrap();
    assert!(put(&crew, "alice", "more").unwrap());
}

#[test]
fn every_session_is_told_what_was_lost() {
    let mut crew = Crew::new(clock!());
    crew.put("r", r#"{"patterns":["a"],"window":1,"last":9}"#).unwrap();
    let sessions = [crew.sit("r", "stream"), crew.sit("r", "stream")];
    crew.until("both are there", |crew| crew.shown("r").sessions == 2);
    crew.say("a", "1");
    crew.until("it is given", |crew| sessions.iter().any(|key| crew.bodies(*key) == ["1"]));
    crew.say("a", "2");
    let channel = Channel::parse("a").unwrap();
    wait(crew.node.remove(&Grant::open(), &channel, Removal::Purge(channel.clone()))).unwrap();
    crew.ack("r", ack(AckPlaces::Each(vec![AckPlace::Position(Position(1))]), None));
    let told = |crew: &Crew, key: SessionKey| {
        String::from_utf8_lossy(&crew.sockets[key as usize].heard).matches("purged").count()
    };
    crew.until("both are told", |crew| sessions.iter().all(|key| told(crew, *key) == 1));
}
