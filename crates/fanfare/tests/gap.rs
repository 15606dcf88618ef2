//! Loss is told: a reader that retention or a purge has overtaken hears first what is missing and why, then
//! everything that is kept, in order, on every transport that carries a cursor. Nobody else hears of it.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]
#![allow(clippy::print_stdout, reason = "says which case failed")]

mod readers;
mod support;

use readers::{Heard, Reader, Transport};
use serde_json::Value;
use support::http::{ask, get, publish};
use support::server::{Server, until};

/// Messages of a channel that both namespaces keep.
const KEEP: usize = 10;
const CONFIG: &str = "\
[[namespace]]\npattern = \"kept/**\"\nmessages = 10\n\
[[namespace]]\npattern = \"live/**\"\nmessages = 10\nkeeping = \"live\"\n";
const NAMESPACES: [&str; 2] = ["kept", "live"];

/// A published message: where it lies, and the cursor of a reader that has heard it.
struct Said {
    position: u64,
    cursor: String,
    heard: Heard,
}

/// Publishes messages numbered from `first` to a channel.
fn say(server: &Server, channel: &str, first: usize, count: usize) -> Vec<Said> {
    let one = |number: usize| {
        let body = number.to_string();
        let answer = publish(server.address, channel, &body);
        let position = answer["position"].as_u64().unwrap();
        let cursor = answer["cursor"].as_str().unwrap().to_owned();
        Said { position, cursor, heard: Heard::Message { channel: channel.to_owned(), position, body } }
    };
    (first..first + count).map(one).collect()
}

/// The same, and then retention and memory are past what is not kept.
fn overfill(server: &Server, channel: &str, count: usize) -> Vec<Said> {
    let said = say(server, channel, 0, count);
    settle(server, channel);
    pass_memory(server);
    said
}

/// Publishes elsewhere more than the server holds in memory of what was committed last, which is 1 MiB.
fn pass_memory(server: &Server) {
    let body = "x".repeat(60 * 1024);
    (0..20).for_each(|_| drop(publish(server.address, "elsewhere", &body)));
}

/// Waits until retention has done its work on a channel.
fn settle(server: &Server, channel: &str) {
    let target = format!("/c/{channel}/$info");
    until("retention", || get(server.address, &target).json()["messages"] == KEEP);
}

fn heard(said: &[Said]) -> Vec<Heard> {
    said.iter().map(|said| said.heard.clone()).collect()
}

/// What a reader that comes with this cursor hears until it has heard so many messages.
fn read(server: &Server, target: &str, transport: Transport, cursor: &str, wanted: usize) -> Vec<Heard> {
    let mut reader = Reader { cursor: Some(cursor.to_owned()), heard: Vec::new() };
    reader.read(server.address, target, transport, wanted).unwrap();
    reader.heard
}

/// Fails unless a gap comes first, with this reason, beginning after the reader's place and reaching from the last
/// lost message to just before the first kept one; and unless then come these and nothing else.
#[track_caller]
fn assert_gap(heard: &[Heard], reason: &str, place: &Said, lost: &Said, kept: &[Heard]) {
    let Some((Heard::Gap { reason: told, from, to }, rest)) = heard.split_first() else {
        panic!("no gap first: {heard:?}");
    };
    assert_eq!((&**told, *from), (reason, place.position));
    let Some(Heard::Message { position: next, .. }) = kept.first() else { panic!("nothing kept") };
    assert!((lost.position..*next).contains(to), "to {to}; lost {}, kept {next}", lost.position);
    assert_eq!(rest, kept);
}

/// The same reader twice: over one transport to the end, and again from its last cursor, where all is told.
#[track_caller]
fn assert_told_once(server: &Server, target: &str, transport: Transport, cursor: &str, kept: &str) {
    let mut reader = Reader { cursor: Some(cursor.to_owned()), heard: Vec::new() };
    reader.read(server.address, target, transport, KEEP).unwrap();
    let before = reader.heard.len();
    let next = say(server, kept, 1000, 1);
    reader.read(server.address, target, transport, 1).unwrap();
    assert_eq!(reader.heard[before..], heard(&next), "{transport:?}");
}

/// Fails unless readers of the channel hear a gap before the kept messages.
fn assert_passed(server: &Server, channel: &str, said: &[Said]) {
    let first = said.len() - KEEP;
    for transport in Transport::all() {
        println!("{channel} {transport:?}");
        for place in [1, first - 2] {
            let all = read(server, &format!("/c/{channel}"), transport, &said[place].cursor, KEEP);
            assert_gap(&all, "trimmed", &said[place], &said[first - 1], &heard(&said[first..]));
        }
    }
}

#[test]
fn a_reader_that_retention_has_passed_hears_the_gap_and_then_what_is_kept() {
    let server = Server::with_config(CONFIG, &[]);
    for namespace in NAMESPACES {
        let channel = format!("{namespace}/a");
        let said = overfill(&server, &channel, 35);
        assert_passed(&server, &channel, &said);
    }
}

#[test]
fn what_retention_has_dropped_is_not_heard_from_memory() {
    let server = Server::with_config(CONFIG, &[]);
    for namespace in NAMESPACES {
        let channel = format!("{namespace}/a");
        let said = say(&server, &channel, 0, 35);
        settle(&server, &channel);
        assert_passed(&server, &channel, &said);
    }
}

/// Fails unless readers that have heard all that is not kept hear the rest and no gap.
fn assert_not_passed(server: &Server, channel: &str, said: &[Said]) {
    for transport in Transport::all() {
        println!("{channel} {transport:?}");
        for place in [said.len() - KEEP - 1, said.len() - KEEP, said.len() - 2] {
            let rest = &said[place + 1..];
            let all = read(server, &format!("/c/{channel}"), transport, &said[place].cursor, rest.len());
            assert_eq!(all, heard(rest), "after {place}");
        }
    }
}

#[test]
fn there_is_no_gap_while_retention_has_not_passed_the_cursor() {
    let server = Server::with_config(CONFIG, &[]);
    for namespace in NAMESPACES {
        let channel = format!("{namespace}/a");
        let said = say(&server, &channel, 0, 35);
        settle(&server, &channel);
        assert_not_passed(&server, &channel, &said);
        pass_memory(&server);
        assert_not_passed(&server, &channel, &said);
    }
}

#[test]
fn a_gap_is_told_once() {
    let server = Server::with_config(CONFIG, &[]);
    for namespace in NAMESPACES {
        for transport in Transport::all() {
            let channel = format!("{namespace}/{transport:?}");
            let said = overfill(&server, &channel, 30);
            assert_told_once(&server, &format!("/c/{channel}"), transport, &said[3].cursor, &channel);
        }
    }
}

#[test]
fn a_reader_of_a_purged_channel_hears_why() {
    let server = Server::with_config(CONFIG, &[]);
    for namespace in NAMESPACES {
        let channel = format!("{namespace}/a");
        let gone = say(&server, &channel, 0, 5);
        let purge = ask(server.address, &format!("POST /c/{channel}/$purge HTTP/1.1"), b"");
        assert_eq!(purge.status, 204, "{purge:?}");
        let kept = say(&server, &channel, 5, 3);
        for transport in Transport::all() {
            println!("{channel} {transport:?}");
            let all = read(&server, &format!("/c/{channel}"), transport, &gone[1].cursor, kept.len());
            assert_gap(&all, "purged", &gone[1], &gone[4], &heard(&kept));
            let all = read(&server, &format!("/c/{channel}"), transport, &kept[0].cursor, 2);
            assert_eq!(all, heard(&kept[1..]));
        }
    }
}

#[test]
fn a_pattern_hears_the_gap_of_one_of_its_channels_and_everything_of_the_others() {
    let server = Server::with_config(CONFIG, &[]);
    for namespace in NAMESPACES {
        let (loud, quiet) = (format!("{namespace}/loud"), format!("{namespace}/quiet"));
        let start = say(&server, &quiet, 0, 1);
        let mut said = say(&server, &loud, 0, 25);
        let between = say(&server, &quiet, 1, 1);
        said.extend(say(&server, &loud, 25, 4));
        settle(&server, &loud);
        pass_memory(&server);
        let first = said.len() - KEEP;
        let mut kept = heard(&said[first..25]);
        kept.extend(heard(&between));
        kept.extend(heard(&said[25..]));
        let several = format!("/subscribe?channel={quiet}&channel={loud}");
        for transport in Transport::all() {
            println!("{namespace} {transport:?}");
            let patterns = [format!("/c/{namespace}/**"), format!("/c/{namespace}/*"), several.clone()];
            let targets = patterns.iter().take(if transport == Transport::Page { 2 } else { 3 });
            for target in targets {
                let all = read(&server, target, transport, &start[0].cursor, kept.len());
                assert_gap(&all, "trimmed", &start[0], &said[first - 1], &kept);
            }
            let all = read(&server, &format!("/c/{quiet}"), transport, &start[0].cursor, 1);
            assert_eq!(all, heard(&between), "the gap of another channel");
        }
    }
}

#[test]
fn a_gap_survives_the_server() {
    let mut server = Server::with_config(CONFIG, &[]);
    let said = overfill(&server, "kept/a", 35);
    let info = get(server.address, "/c/kept/a/$info").json();
    server.restart();
    let again: Value = get(server.address, "/c/kept/a/$info").json();
    assert_eq!(again["trimmed_through"], info["trimmed_through"]);
    let first = said.len() - KEEP;
    for transport in Transport::all() {
        let all = read(&server, "/c/kept/a", transport, &said[1].cursor, KEEP);
        assert_gap(&all, "trimmed", &said[1], &said[first - 1], &heard(&said[first..]));
    }
}

#[test]
fn who_hears_kept_and_live_channels_is_told_of_both() {
    let server = Server::with_config(CONFIG, &[]);
    let begin = get(server.address, "/c/*/a?limit=1").json()["cursor"].as_str().unwrap().to_owned();
    NAMESPACES.iter().for_each(|namespace| drop(overfill(&server, &format!("{namespace}/a"), 35)));
    for transport in Transport::all() {
        let all = read(&server, "/c/*/a", transport, &begin, 2 * KEEP);
        let gaps = all.iter().filter(|heard| matches!(heard, Heard::Gap { .. })).count();
        assert_eq!((gaps, all.len()), (2, 2 + 2 * KEEP), "{transport:?}: {all:?}");
    }
}
