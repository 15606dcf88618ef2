//! Fanfare with one worker, on a live channel.

use super::{CHANNEL, Kind, Server, Way, folder, get, post, post_as};
use crate::cores::Core;
use crate::ears::Ear;
use crate::outcome::Result;
use memchr::memmem;
use std::fs;
use std::path::Path;
use std::process::Command;

pub const KIND: Kind = Kind {
    name: "fanfare",
    about: "the server of this tree, one worker, a live channel",
    version: &[],
    ways: &[Way::Ws, Way::Sse, Way::Ndjson, Way::Poll],
    start: |binary, core| start(binary, ONE_WORKER, core),
    hello: |way, address| get(&target(way), way, address),
    ear,
    preamble: b"",
    publication: |address, body| post(&format!("/c/{CHANNEL}"), address, body),
    receipt: Some(b"HTTP/1.1 201 "),
    messages: 1,
};

/// Two workers.
pub const TWO: Kind = Kind {
    name: "fanfare-two",
    about: "the server of this tree, two workers, a live channel",
    start: |binary, core| start(binary, &ONE_WORKER.replace("= 1", "= 2"), core),
    ..KIND
};

/// On a kept channel: synced before the answer.
pub const KEPT: Kind = Kind {
    name: "fanfare-kept",
    about: "the server of this tree, a kept channel",
    start: |binary, _| start(binary, ONE_WORKER, Core::Any),
    publication: |address, body| post("/c/kept/all", address, body),
    ..KIND
};

/// On a kept channel, a thousand messages a request.
pub const BATCH: Kind = Kind {
    name: "fanfare-batch",
    about: "the server of this tree, a kept channel, batches of 1,000",
    publication: |address, body| {
        let line = format!("{{\"channel\":\"kept/all\",\"body\":\"{body}\"}}\n");
        post_as("/publish", "application/x-ndjson", address, &line.repeat(1000))
    },
    receipt: Some(b"\"position\":"),
    messages: 1000,
    ..KEPT
};

/// Live channels, and one worker.
const ONE_WORKER: &str = "workers = 1\n[[namespace]]\npattern = \"live/**\"\nkeeping = \"live\"\n";

/// Starts `binary` with this configuration file, on a free port.
pub fn start(binary: &Path, config: &str, core: Core) -> Result<Server> {
    let folder = folder()?;
    let file = folder.path().join("fanfare.toml");
    fs::write(&file, config)?;
    let mut command = Command::new(binary);
    command.args(["serve", "--listen", "127.0.0.1:0", "--log-level", "warn", "--config"]).arg(&file);
    command.arg("--data").arg(folder.path().join("data"));
    Server::that_says_where(command, core, folder)
}

fn target(way: Way) -> String {
    match way {
        Way::Ws => format!("/c/{CHANNEL}?via=ws&as=body"),
        Way::Sse => format!("/c/{CHANNEL}?via=sse"),
        Way::Ndjson | Way::Own => format!("/c/{CHANNEL}?via=ndjson"),
        Way::Poll => format!("/c/{CHANNEL}?wait=300"),
    }
}

fn ear(way: Way) -> Ear {
    match way {
        Way::Ws => Ear::websocket(),
        Way::Sse => Ear::event_stream(),
        Way::Ndjson | Way::Own => Ear::lines(),
        Way::Poll => Ear::long_poll(again),
    }
}

/// Goes on at the cursor of the answer.
fn again(_: &str, body: &[u8]) -> Result<Vec<u8>> {
    let mark = b"\"cursor\":\"";
    let start = memmem::rfind(body, mark).ok_or("an answer has no cursor")? + mark.len();
    let rest = &body[start..];
    let cursor = std::str::from_utf8(&rest[..memchr::memchr(b'"', rest).unwrap_or_default()])?;
    Ok(format!("GET /c/{CHANNEL}?wait=300&after={cursor} HTTP/1.1\r\nHost: a\r\n\r\n").into_bytes())
}
