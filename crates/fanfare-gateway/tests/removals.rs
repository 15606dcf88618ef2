//! Webhooks of what is removed, deleted or expires while they are at it, and of channels that move to another log.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod door;

use door::{Server, Target, Wanted, ok, until};
use fanfare_gateway::Options;
use fanfare_proto::Channel;
use fanfare_store::Removal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

fn server(wanted: Wanted) -> (tempfile::TempDir, Server) {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), wanted);
    (data, server)
}

/// A target that waits with its answers until it may, and a switch for that.
fn patient(answer: &'static str) -> (Target, Arc<AtomicBool>) {
    let open = Arc::new(AtomicBool::new(false));
    let theirs = open.clone();
    let target = Target::new(move |_, _| {
        until("it may answer", || theirs.load(SeqCst));
        Some(answer.into())
    });
    (target, open)
}

#[test]
fn what_was_removed_or_has_expired_after_its_page_was_read_is_not_sent() {
    for channel in ["a", "live/a"] {
        let (target, open) = patient("204 No Content");
        let (_data, server) = server(Wanted::default());
        server.hook("w1", &target.url(), channel, None);
        let soon = Duration::from_millis(300);
        let said = ["first", "deleted", "stays", "removed", "expires", "last"];
        let places = server.say_for(channel, said.map(|body| (body, (body == "expires").then_some(soon))));
        let expired = door::now().after(soon);
        until("it is in the middle of a page", || target.heard().len() == 1);
        server.delete(channel, places[1]);
        server.remove(channel, Removal::Message(places[3]));
        until("it has expired", || door::now() >= expired);
        open.store(true, SeqCst);
        until("the last came", || target.said().contains(&"last".into()));
        let bodies: Vec<_> = target.said().into_iter().filter(|body| !body.is_empty()).collect();
        assert_eq!(bodies, ["first", "stays", "last"], "{channel}");
        server.stop();
    }
}

#[test]
fn a_channel_that_is_emptied_in_the_middle_of_a_page_is_a_gap() {
    let (target, open) = patient("204 No Content");
    let (_data, server) = server(Wanted::default());
    server.hook("w1", &target.url(), "*", None);
    server.say_all("a", ["first", "gone", "gone"]);
    until("it is in the middle of a page", || target.heard().len() == 1);
    server.remove("a", Removal::Purge(Channel::parse("a").unwrap()));
    open.store(true, SeqCst);
    server.say("b", "last");
    until("the last came", || target.said().contains(&"last".into()));
    let heard = target.heard();
    assert_eq!(heard[1].json()["gap"]["reason"], "purged");
    assert!(heard.iter().all(|heard| !heard.body.contains("gone")));
    server.stop();
}

#[test]
fn what_was_removed_or_has_expired_while_it_was_sent_is_not_buried() {
    let options = Options { attempts: 1, ..Wanted::default().options };
    for batch in [None, Some(10)] {
        for how in ["deleted", "removed", "expired"] {
            let (target, open) = patient("500 X");
            let (_data, server) = server(Wanted { options, ..Wanted::default() });
            server.hook("w1", &target.url(), "a", batch);
            let soon = Duration::from_millis(300);
            let ttl = (how == "expired").then_some(soon);
            let places = server.say_for("a", [("secret", ttl), ("other", None)]);
            let expired = door::now().after(soon);
            until("it is sent", || target.heard().len() == 1);
            match how {
                "deleted" => server.delete("a", places[0]),
                "removed" => server.remove("a", Removal::Message(places[0])),
                _ => until("it has expired", || door::now() >= expired),
            }
            open.store(true, SeqCst);
            let buried = || -> Vec<_> {
                let all = server.messages("$dead/w1").into_iter();
                all.map(|letter| String::from_utf8(letter.content.body.to_vec()).unwrap()).collect()
            };
            until("the other one is given up", || buried().contains(&"other".to_owned()));
            assert!(!buried().contains(&"secret".to_owned()), "{how} {batch:?}");
            server.stop();
        }
    }
}

#[test]
fn a_delivery_is_named_by_where_its_message_lies_whatever_the_rules_say_now() {
    let open = Arc::new(AtomicBool::new(false));
    let theirs = open.clone();
    let target = Target::new(move |_, _| match theirs.load(SeqCst) {
        true => ok(),
        false => Some("503 Later\r\nretry-after: 1".into()),
    });
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), Wanted::default());
    server.hook("w1", &target.url(), "moves/a", None);
    server.say("moves/a", "x");
    until("it is put off", || server.progress("w1").due.is_some());
    server.stop();
    open.store(true, SeqCst);
    let server = Server::start(data.path(), Wanted { live: "moves/**", ..Wanted::default() });
    until("it came", || server.health("w1").delivered == 1);
    let names: Vec<_> =
        target.heard().iter().map(|heard| heard.header("fanfare-delivery").to_owned()).collect();
    assert!(names.len() > 1 && names.iter().all(|name| *name == names[0]), "{names:?}");
    server.stop();
}
