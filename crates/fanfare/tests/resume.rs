//! A reader may stop on one transport and go on with another, without a hole or a repeat.
//!
//! For every ordered pair of transports one reader goes back and forth between the two, cut at random points while
//! publishers are at work, over kept and live channels and patterns. `FANFARE_RESUME_CUTS` sets the cuts of each
//! pair.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod readers;
mod support;

use readers::{Heard, Reader, Transport};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use support::http::{get, publish};
use support::server::Server;

const LIVE: &str = "[[namespace]]\npattern = \"m/live/**\"\nkeeping = \"live\"\n";
const CHANNELS: [&str; 5] = ["m/kept/a", "m/kept/b", "m/live/a", "m/live/b/c", "m/kept/c/d"];
/// Publishers wait when readers are so far behind, so that live retention takes nothing.
const AHEAD: usize = 200;

fn cuts() -> usize {
    std::env::var("FANFARE_RESUME_CUTS").map_or(100, |cuts| cuts.parse().unwrap())
}

/// A random number below `limit`, by xorshift: the run can be repeated.
fn random(state: &mut u64, limit: usize) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    (*state % limit as u64) as usize
}

/// Publishes numbered messages to the channels in turn until told to stop; answers how many there were.
fn publish_on(address: SocketAddr, prefix: &str, read: &AtomicUsize, stop: &AtomicBool) -> usize {
    let mut count = 0;
    while !stop.load(SeqCst) {
        if count >= read.load(SeqCst) + AHEAD {
            thread::yield_now();
            continue;
        }
        let channel = CHANNELS[count % CHANNELS.len()].replacen('m', prefix, 1);
        publish(address, &channel, &count.to_string());
        count += 1;
    }
    count
}

/// Each message once, in the order of its channel, none missing, and no gap.
fn check(heard: &[Heard], prefix: &str, published: usize) {
    let mut by_channel: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for event in heard {
        match event {
            Heard::Message { channel, body, .. } => {
                by_channel.entry(channel).or_default().push(body.parse().unwrap());
            }
            Heard::Gap { .. } => panic!("{event:?}"),
        }
    }
    for (index, channel) in CHANNELS.iter().enumerate() {
        let channel = channel.replacen('m', prefix, 1);
        let wanted: Vec<usize> = (index..published).step_by(CHANNELS.len()).collect();
        let found = by_channel.get(&*channel).cloned().unwrap_or_default();
        assert_eq!(found, wanted, "{channel}");
    }
}

fn back_and_forth(address: SocketAddr, prefix: &str, pair: [Transport; 2], seed: u64) {
    let (read, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let target = format!("/c/{prefix}/**");
    let mut reader = Reader::default();
    let start = get(address, &format!("{target}?limit=1")).json();
    reader.cursor = Some(start["cursor"].as_str().unwrap().to_owned());
    let published = thread::scope(|scope| {
        let publisher = scope.spawn(|| publish_on(address, prefix, &read, &stop));
        let mut state = seed | 1;
        for cut in 0..cuts() {
            let wanted = 1 + random(&mut state, 9);
            reader.read(address, &target, pair[cut % 2], wanted).unwrap();
            read.store(reader.messages(), SeqCst);
        }
        stop.store(true, SeqCst);
        publisher.join().unwrap()
    });
    let left = published - reader.messages().min(published);
    reader.read(address, &target, pair[1], left).unwrap();
    check(&reader.heard, prefix, published);
}

#[test]
fn every_pair_of_transports_hands_over_without_a_hole_or_a_repeat() {
    let server = Server::with_config(&LIVE.replace("m/live", "*/live"), &[]);
    let all = Transport::all();
    let pairs = all.iter().flat_map(|a| all.iter().map(|b| [*a, *b]));
    for (number, pair) in pairs.enumerate() {
        println!("{pair:?}: {} cuts", cuts());
        back_and_forth(server.address, &format!("m{number}"), pair, 0x9E37_79B9 * (number as u64 + 1));
    }
}

#[test]
fn several_channels_and_patterns_on_one_session_hand_over_too() {
    let server = Server::with_config(LIVE, &[]);
    let target = "/subscribe?channel=m/kept/a&channel=m/kept/*&channel=m/live/**&channel=m/kept/c/d";
    let (read, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let begin = get(server.address, "/c/m/**?limit=1").json()["cursor"].as_str().unwrap().to_owned();
    let mut reader = Reader { cursor: Some(begin), ..Reader::default() };
    // A page is of one name.
    let transports: Vec<Transport> =
        Transport::all().into_iter().filter(|transport| *transport != Transport::Page).collect();
    let published = thread::scope(|scope| {
        let publisher = scope.spawn(|| publish_on(server.address, "m", &read, &stop));
        let mut state = 77;
        for cut in 0..cuts() {
            let wanted = 1 + random(&mut state, 9);
            reader.read(server.address, target, transports[cut % transports.len()], wanted).unwrap();
            read.store(reader.messages(), SeqCst);
        }
        stop.store(true, SeqCst);
        publisher.join().unwrap()
    });
    let left = published - reader.messages().min(published);
    reader.read(server.address, target, Transport::Lines, left).unwrap();
    check(&reader.heard, "m", published);
}

#[test]
fn a_restart_loses_nothing_kept_and_tells_once_what_was_live() {
    let mut server = Server::with_config(LIVE, &[]);
    for first in Transport::all() {
        for second in Transport::all() {
            let prefix = format!("r/{first:?}/{second:?}");
            let (kept, live) = (format!("{prefix}/kept"), "m/live/x");
            let target = format!("/subscribe?channel={kept}&channel={live}");
            let lines = |transport| matches!(transport, Transport::Page).then(|| format!("/c/{kept}"));
            let mut reader = Reader::default();
            let start = support::http::ask(server.address, &format!("GET {target}&wait=0 HTTP/1.1"), b"");
            reader.cursor = Some(start.header("cursor").to_owned());
            publish(server.address, &kept, "1");
            reader.read(server.address, &lines(first).unwrap_or_else(|| target.clone()), first, 1).unwrap();
            publish(server.address, &kept, "2");
            server.restart();
            publish(server.address, &kept, "3");
            let after = lines(second).unwrap_or_else(|| target.clone());
            reader.read(server.address, &after, second, 2).unwrap();
            let bodies: Vec<&str> = reader
                .heard
                .iter()
                .filter_map(|heard| match heard {
                    Heard::Message { body, .. } => Some(&**body),
                    Heard::Gap { .. } => None,
                })
                .collect();
            assert_eq!(bodies, ["1", "2", "3"], "{first:?} then {second:?}: {:?}", reader.heard);
            let gaps = reader.heard.iter().filter(|heard| matches!(heard, Heard::Gap { .. })).count();
            let told = usize::from(first != Transport::Page && second != Transport::Page);
            assert_eq!(gaps, told, "{first:?} then {second:?}: {:?}", reader.heard);
        }
    }
}
