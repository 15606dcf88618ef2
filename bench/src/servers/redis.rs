//! Redis pub/sub (Debian: redis-server), nothing kept.

use super::{Kind, Server, Way, folder, free_address};
use crate::cores::Core;
use crate::ears::Ear;
use crate::outcome::Result;
use std::process::Command;

pub const KIND: Kind = Kind {
    name: "redis",
    about: "Redis pub/sub, its own protocol",
    version: &["redis-server", "--version"],
    ways: &[Way::Own],
    start: |_, core| start(core),
    hello: |_, _, _| command(&["SUBSCRIBE", "all"]),
    again: None,
    ear: |_| Ear::resp(),
    preamble: b"",
    publication: |_, body, _| command(&["PUBLISH", "all", body]),
    receipt: Some(b":"),
    messages: 1,
};

fn start(core: Core) -> Result<Server> {
    let (folder, address) = (folder()?, free_address()?);
    let mut command = Command::new("redis-server");
    command.args(["--bind", "127.0.0.1", "--port", &address.port().to_string()]);
    command.args([
        "--save",
        "",
        "--appendonly",
        "no",
        "--protected-mode",
        "no",
        "--maxclients",
        "19900",
        "--tcp-backlog",
        "4096",
    ]);
    command.args(["--client-output-buffer-limit", "pubsub 0 0 0", "--loglevel", "warning", "--dir"]);
    command.arg(folder.path());
    Server::at(address, command, core, folder)
}

/// A command as an array of bulk strings.
fn command(words: &[&str]) -> Vec<u8> {
    let words: String = words.iter().map(|word| format!("${}\r\n{word}\r\n", word.len())).collect();
    let count = words.matches('$').count();
    format!("*{count}\r\n{words}").into_bytes()
}

#[cfg(test)]
mod tests {
    #[test]
    fn commands_are_arrays() {
        assert_eq!(
            super::command(&["PUBLISH", "all", "hi"]),
            b"*3\r\n$7\r\nPUBLISH\r\n$3\r\nall\r\n$2\r\nhi\r\n"
        );
    }
}
