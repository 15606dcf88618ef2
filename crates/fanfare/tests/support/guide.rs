//! The guides of `docs/`, as somebody follows them: their blocks, typed into a shell.

use super::server::{FANFARE, Server};
use std::path::Path;
use std::process::{Command, Stdio};

/// Where the guides say that the server is.
const WRITTEN: &str = "localhost:8080";
/// Stands for what differs each time.
const ANYTHING: char = '…';

/// What a guide says to type, and what has to be printed.
pub fn blocks(guide: &str) -> Vec<(&str, &str)> {
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

/// Types a block in a folder that has the store of its server as `./data`. Answers what is printed.
pub fn type_in(block: &str, folder: &Path, server: &Server) -> String {
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

/// Holds that lines are printed in this order, among others.
pub fn compare(printed: &str, expected: &str, block: &str) {
    let mut rest = printed;
    for piece in expected.lines().flat_map(|line| line.split(ANYTHING)) {
        let at =
            rest.find(piece).unwrap_or_else(|| panic!("`{piece}` is missing after\n{block}\nin\n{printed}"));
        rest = &rest[at + piece.len()..];
    }
}
