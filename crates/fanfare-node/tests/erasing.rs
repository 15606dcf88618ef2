//! What acked readers hold of messages that are removed, deleted or expire: nothing, and only that is looked for.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod crew;
mod sick;
mod story;
#[macro_use]
mod world;

use crew::Crew;
use fanfare_node::SessionKey;
use fanfare_proto::{Amends, Channel, Code, Content, Grant, Pattern, Position, Publish, limits};
use fanfare_store::Removal;
use sick::Sick;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use world::{memory, messages, namespaces, until, wait};

const LATE: Duration = Duration::from_secs(11);

fn channel(name: &str) -> Channel {
    Channel::parse(name).unwrap()
}

fn publish(crew: &Crew, to: &str, content: Content, ttl: Option<Duration>) -> Position {
    let publish = Publish { channel: channel(to), id: None, ttl, when: None, content };
    wait(crew.node.publish(&Grant::open(), vec![publish])).remove(0).unwrap().position
}

fn say(crew: &Crew, to: &str, body: &str) -> Position {
    publish(crew, to, Content { body: body.to_owned().into(), ..Content::default() }, None)
}

fn delete(crew: &Crew, of: &str, target: Position) {
    publish(crew, of, Content { amends: Some(Amends::Deletes(target)), ..Content::default() }, None);
}

fn remove(crew: &Crew, of: &str, target: Position) {
    let (grant, channel) = (Grant::open(), channel(of));
    assert_eq!(wait(crew.node.remove(&grant, &channel, Removal::Message(target))), Ok(true));
}

/// Two readers of a channel each, whose sockets take nothing.
fn stuck(crew: &mut Crew) -> [SessionKey; 2] {
    ["a", "b"].map(|name| {
        crew.put(name, &format!(r#"{{"patterns":["{name}"]}}"#)).unwrap();
        let key = crew.sit(name, "stream");
        crew.turn();
        crew.sockets[key as usize].full = true;
        key
    })
}

/// Waits until a reader holds so many, without a turn: nothing of it is made ready for a socket.
fn holds(crew: &Crew, reader: &str, count: usize) {
    until("it holds so many", || {
        crew.idle();
        crew.shown(reader).unacked == count
    });
}

#[test]
fn only_what_was_deleted_is_looked_for() {
    let store = Sick::new(memory());
    let mut crew = Crew::on(store.clone(), namespaces(), clock!());
    stuck(&mut crew);
    let places: Vec<Position> = (0..20).map(|number| say(&crew, "a", &number.to_string())).collect();
    let others: Vec<Position> = (0..20).map(|number| say(&crew, "b", &number.to_string())).collect();
    ["a", "b"].iter().for_each(|reader| holds(&crew, reader, 20));
    let before = store.reads.load(SeqCst);
    delete(&crew, "a", places[3]);
    holds(&crew, "a", 21);
    assert_eq!(store.reads.load(SeqCst) - before, 1);
    // After more than is remembered, everything is.
    (0..=limits::REMOVALS_KNOWN).for_each(|_| {
        let other = say(&crew, "c", "x");
        remove(&crew, "c", other);
    });
    remove(&crew, "b", others[7]);
    holds(&crew, "b", 19);
}

#[test]
fn what_cannot_be_looked_for_keeps_nobody_else_from_it() {
    let store = Sick::new(memory());
    let mut crew = Crew::on(store.clone(), namespaces(), clock!());
    let [_, b] = stuck(&mut crew);
    let places = ["a", "b"].map(|of| say(&crew, of, "secret"));
    ["a", "b"].iter().for_each(|reader| holds(&crew, reader, 1));
    *store.unread.lock().unwrap() = Some(channel("a"));
    remove(&crew, "a", places[0]);
    remove(&crew, "b", places[1]);
    holds(&crew, "b", 0);
    assert!(store.refused.load(SeqCst) > 0 && crew.shown("a").unacked == 1);
    crew.drain(b);
    crew.turn();
    assert_eq!(crew.heard(b).len(), 0);
    // It is looked for until it is known, and nothing is given meanwhile.
    let other = crew.sit("a", "stream");
    say(&crew, "a", "more");
    crew.pass("a", Duration::from_millis(100));
    assert_eq!(crew.heard(other).len(), 0);
    *store.unread.lock().unwrap() = None;
    crew.hears(other, &["more"]);
    holds(&crew, "a", 1);
}

#[test]
fn what_was_removed_or_has_expired_is_not_buried() {
    for how in ["removed", "deleted", "expired"] {
        let mut crew = Crew::new(clock!());
        crew.put("r", r#"{"patterns":["a"],"ack_wait":"10s","attempts":1}"#).unwrap();
        let stream = crew.sit("r", "stream");
        crew.turn();
        let ttl = (how == "expired").then_some(Duration::from_secs(5));
        let content = |body: &'static str| Content { body: body.into(), ..Content::default() };
        let place = publish(&crew, "a", content("secret"), ttl);
        publish(&crew, "a", content("other"), None);
        crew.hears(stream, &["secret", "other"]);
        match how {
            "removed" => remove(&crew, "a", place),
            "deleted" => delete(&crew, "a", place),
            _ => {}
        }
        crew.pass("r", LATE);
        let letters = messages(&crew.node, "$dead/r");
        let bodies: Vec<_> = letters.iter().map(|letter| letter.content.body.clone()).collect();
        assert!(bodies.contains(&"other".into()) && !bodies.contains(&"secret".into()), "{how}: {bodies:?}");
    }
}

#[test]
fn dead_letters_are_removed_by_whoever_looks_after_the_channel_they_are_from() {
    let crew = Crew::new(clock!());
    let bury = |of: &str| {
        say(&crew, of, of);
        let message = messages(&crew.node, of).pop().unwrap();
        wait(crew.node.bury("r", &message, &format!("{of}-1"), "why")).unwrap();
        messages(&crew.node, "$dead/r").pop().unwrap().position
    };
    let [mine, other, theirs] = ["mine", "other", "theirs"].map(bury);
    let patterns = |texts: &[&str]| texts.iter().map(|text| Pattern::parse(text).unwrap()).collect();
    let grant = |publish: &[&str], subscribe: &[&str]| Grant {
        subject: "me".into(),
        publish: patterns(publish),
        subscribe: patterns(subscribe),
    };
    let remove = |grant: &Grant, of: &str, removal: Removal| {
        wait(crew.node.remove(grant, &channel(of), removal)).map_err(|refusal| refusal.code)
    };
    let (dead, purge) = ("$dead/r", || Removal::Purge(channel("$dead/r")));
    let some = grant(&["mine"], &["**", "$dead/**"]);
    let deaf = grant(&["**"], &["**"]);
    let forbidden = Err(Code::FORBIDDEN);
    assert_eq!(remove(&some, dead, Removal::Message(theirs)), forbidden);
    assert_eq!(remove(&some, dead, purge()), forbidden);
    assert_eq!(remove(&deaf, dead, Removal::Message(mine)), forbidden);
    assert_eq!(remove(&deaf, dead, purge()), forbidden);
    assert_eq!(
        remove(&Grant::open(), "$presence/mine", Removal::Purge(channel("$presence/mine"))),
        forbidden
    );
    assert_eq!(remove(&some, dead, Removal::Message(mine)), Ok(true));
    assert_eq!(remove(&Grant::open(), dead, Removal::Message(other)), Ok(true));
    let left: Vec<_> = messages(&crew.node, dead).iter().map(|letter| letter.position).collect();
    assert_eq!(left, [theirs]);
    assert_eq!(remove(&Grant::open(), dead, purge()), Ok(true));
    assert!(messages(&crew.node, dead).is_empty());
}
