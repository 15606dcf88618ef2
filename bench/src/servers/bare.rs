//! The bare hyper handler as a server: this program again.

use super::{CHANNEL, Kind, Server, folder, post};
use crate::ears::Ear;
use std::process::Command;

pub const KIND: Kind = Kind {
    name: "hyper",
    about: "a bare hyper handler for POST, one thread",
    version: &[],
    ways: &[],
    start: |_, core| {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("bare");
        Server::that_says_where(command, core, folder()?)
    },
    hello: |_, _, _| Vec::new(),
    again: None,
    ear: |_| Ear::event_stream(),
    preamble: b"",
    publication: |address, body, _| post(&format!("/c/{CHANNEL}"), address, body),
    receipt: Some(b"HTTP/1.1 201 "),
    messages: 1,
};
