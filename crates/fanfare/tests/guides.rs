//! The guides for people who begin or come from elsewhere, executed as they are written: each block is typed into a shell,
//! and what follows it as text has to be printed, line after line. Only the address is the test's own.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use std::os::unix::fs::symlink;
use support::guide::{blocks, compare, type_in};
use support::server::Server;
use tempfile::TempDir;

const GUIDE: &str = include_str!("../../../docs/guide.md");
const SCHEDULES: &str = include_str!("../../../docs/schedules.md");
const CONDITIONS: &str = include_str!("../../../docs/conditions.md");
const READERS: &str = include_str!("../../../docs/readers.md");
const MOVING: &str = include_str!("../../../docs/moving.md");

fn execute(blocks: &[(&str, &str)]) {
    let (server, folder) = (Server::start(), TempDir::new().unwrap());
    symlink(server.data(), folder.path().join("data")).unwrap();
    for (typed, expected) in blocks {
        compare(&type_in(typed, folder.path(), &server), expected, typed);
    }
}

#[test]
fn the_first_hour() {
    let blocks = blocks(GUIDE);
    assert_eq!(blocks[0].0, "fanfare serve --data ./data\n");
    assert!(blocks.len() > 10);
    execute(&blocks[1..]);
}

#[test]
fn coming_from_another_push_server() {
    let blocks = blocks(MOVING);
    assert_eq!(blocks.len(), 4);
    execute(&blocks);
}

#[test]
fn acked_readers() {
    let blocks = blocks(READERS);
    assert_eq!(blocks.len(), 6);
    execute(&blocks);
}

#[test]
fn messages_for_later() {
    let blocks = blocks(SCHEDULES);
    assert_eq!(blocks.len(), 7);
    execute(&blocks);
}

#[test]
fn messages_for_when_something_holds() {
    let blocks = blocks(CONDITIONS);
    assert_eq!(blocks.len(), 6);
    execute(&blocks);
}
