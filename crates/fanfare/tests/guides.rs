//! The guides for people who begin or come from elsewhere, executed as they are written: each block is typed into a shell,
//! and what follows it as text has to be printed, line after line. Only the address is the test's own.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use support::server::{FANFARE, Server};
use tempfile::TempDir;

const GUIDE: &str = include_str!("../../../docs/guide.md");
const MOVING: &str = include_str!("../../../docs/moving.md");
const WRITTEN: &str = "localhost:8080";
/// Stands for what differs each time.
const ANYTHING: char = '…';

/// What is typed and what has to be printed.
fn blocks(guide: &str) -> Vec<(&str, &str)> {
    let mut pieces = guide.split("```");
    pieces.next();
    let mut blocks: Vec<(&str, &str)> = Vec::new();
    // Inside and outside of blocks, by turns.
    while let (Some(inside), _) = (pieces.next(), pieces.next()) {
        match inside.split_once('\n').unwrap() {
            ("sh", typed) => blocks.push((typed, "")),
            ("text", printed) => blocks.last_mut().unwrap().1 = printed,
            _ => {}
        }
    }
    blocks
}

/// Types a block in a folder. Its server is the test's.
fn type_in(block: &str, folder: &Path, server: &Server) -> String {
    let programs = Path::new(FANFARE).parent().unwrap().display().to_string();
    let path = format!("{programs}:{}", std::env::var("PATH").unwrap());
    let mut bash = Command::new("bash");
    bash.args(["-euo", "pipefail", "-c", &block.replace(WRITTEN, &server.address.to_string())]);
    bash.current_dir(folder).env("PATH", path).env("FANFARE_SERVER", server.url(""));
    let ended = bash.stdin(Stdio::null()).output().unwrap();
    let printed = String::from_utf8(ended.stdout).unwrap();
    assert!(ended.status.success(), "{block}{printed}{}", String::from_utf8_lossy(&ended.stderr));
    printed
}

/// Whether lines are printed in this order, among others.
fn compare(printed: &str, expected: &str, block: &str) {
    let mut rest = printed;
    for piece in expected.lines().flat_map(|line| line.split(ANYTHING)) {
        let at =
            rest.find(piece).unwrap_or_else(|| panic!("`{piece}` is missing after\n{block}\nin\n{printed}"));
        rest = &rest[at + piece.len()..];
    }
}

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
