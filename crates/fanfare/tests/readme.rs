//! The README's sixty seconds, executed as they are written; only the address is the test's own.

#![allow(clippy::unwrap_used)]

mod support;

use std::fs::{File, read_to_string};
use std::path::Path;
use std::process::{Command, Stdio};
use support::server::{Server, until};

const WRITTEN: &str = "localhost:8080";

fn read(file: &str) -> String {
    read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file)).unwrap()
}

/// The blocks that begin with three backquotes and `sh`.
fn blocks() -> Vec<String> {
    let readme = read("README.md");
    let after = readme.split("```sh\n").skip(1);
    after.map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// A terminal in which somebody types a block.
fn terminal(server: &Server, block: &str) -> Command {
    let mut bash = Command::new("bash");
    bash.args(["-euc", &block.replace(WRITTEN, &server.address.to_string())]);
    bash.stdin(Stdio::null()).stderr(Stdio::null());
    bash
}

#[test]
fn the_first_block_starts_a_server_where_the_others_look() {
    assert_eq!(blocks()[0], "make run\n");
    assert!(read("Makefile").contains(" serve --listen 127.0.0.1:8080 --data ./data --host\n"));
    assert!(blocks()[1..].iter().all(|block| block.contains(WRITTEN)));
}

#[test]
fn sixty_seconds() {
    let [_, say, keep, go_on] = blocks().try_into().expect("the README has four blocks");
    let mut server = Server::start();
    let said = server.data().with_file_name("said");
    let typed = terminal(&server, &say).stdout(File::create(&said).unwrap()).status();
    assert!(typed.unwrap().success());
    // The block's first line goes on hearing in the background, until the server ends.
    let said = || read_to_string(&said).unwrap();
    until("the event stream to say it", || said().contains("data: deploy finished\n"));
    assert!(said().contains(r#"{"channel":"ops/deploys","position":"#), "{}", said());
    assert!(said().contains(r#""messages":["#), "{}", said());
    let kept = terminal(&server, &format!("{keep}echo \"$cursor\"")).output().unwrap();
    let cursor = String::from_utf8(kept.stdout).unwrap();
    server.interrupt();
    server.wait();

    server.restart();
    let typed = terminal(&server, &go_on).env("cursor", cursor.trim()).output().unwrap();
    let said = String::from_utf8(typed.stdout).unwrap();
    assert!(typed.status.success(), "{said}");
    let missed = said.split_once(r#""messages":["#).expect("the long poll answers with messages").1;
    assert!(missed.contains("rolled back") && !missed.contains("deploy finished"), "{missed}");
}
