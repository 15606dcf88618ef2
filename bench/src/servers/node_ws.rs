//! The npm package `ws` on Node: what most people write. `bench/peers/` has its few lines.

use super::{Kind, Server, Way, folder, get, post};
use crate::cores::Core;
use crate::ears::Ear;
use crate::outcome::Result;
use std::path::Path;
use std::process::Command;

pub const KIND: Kind = Kind {
    name: "node-ws",
    about: "Node with the package ws, no compression",
    version: &[
        "sh",
        "-c",
        concat!("node ", env!("CARGO_MANIFEST_DIR"), "/peers/ws.mjs --version 2>/dev/null"),
    ],
    ways: &[Way::Ws],
    start: |_, core| start(core),
    hello: |way, address, _| get("/all", way, address),
    again: None,
    ear: |_| Ear::websocket(),
    preamble: b"",
    publication: |address, body, _| post("/all", address, body),
    receipt: Some(b"HTTP/1.1 201 "),
    messages: 1,
};

fn start(core: Core) -> Result<Server> {
    let mut command = Command::new("node");
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/ws.mjs"));
    Server::that_says_where(command, core, folder()?)
}
