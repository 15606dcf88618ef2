//! The floor as a server: this program again.

use super::{CHANNEL, Kind, Server, Way, cursor, folder, get, post};
use crate::cores::Core;
use crate::ears::Ear;
use crate::outcome::Result;
use std::process::Command;

pub const JOINED: Kind = Kind {
    name: "floor",
    about: "raw epoll, one thread, everything pending in one write",
    version: &[],
    ways: &[Way::Ws, Way::Sse, Way::Ndjson, Way::Own],
    start: |_, core| start(&[], core),
    hello: |way, address, _| get(&format!("/c/{CHANNEL}?{}", asked(way)), way, address),
    again: Some(|way, address, receipt| get(&after(way, receipt), way, address)),
    ear: |way| match way {
        Way::Ws => Ear::websocket(),
        Way::Ndjson => Ear::lines(),
        Way::Sse | Way::Poll | Way::Own => Ear::event_stream(),
    },
    preamble: b"",
    publication: |address, body, _| post(&format!("/c/{CHANNEL}"), address, body),
    receipt: Some(b"HTTP/1.1 201 "),
    messages: 1,
};

pub const EACH: Kind = Kind {
    name: "floor-each",
    about: "raw epoll, one thread, one write for each message",
    start: |_, core| start(&["--each"], core),
    ..JOINED
};

fn start(args: &[&str], core: Core) -> Result<Server> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("floor").args(args);
    Server::that_says_where(command, core, folder()?)
}

/// Hears what came after a publication.
fn after(way: Way, receipt: &str) -> String {
    format!("/c/{CHANNEL}?{}after={}", asked(way), cursor(receipt.as_bytes()).unwrap_or_default())
}

/// What the floor is asked for that the headers do not say.
fn asked(way: Way) -> &'static str {
    if way == Way::Ndjson { "via=ndjson&" } else { "" }
}
