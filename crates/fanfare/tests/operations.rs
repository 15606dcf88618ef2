//! The commands of `docs/operations.md`, executed as they are written, in the order in which they stand.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use std::path::Path;
use std::process::{Command, Stdio};
use support::http::{get, publish};
use support::server::{FANFARE, Server};

const GUIDE: &str = include_str!("../../../docs/operations.md");

/// Types a block into a shell whose folder has the server's store as `./data`.
fn type_in(block: &str, server: &Server) {
    let programs = Path::new(FANFARE).parent().unwrap().display().to_string();
    let path = format!("{programs}:{}", std::env::var("PATH").unwrap());
    let mut bash = Command::new("bash");
    bash.args(["-euo", "pipefail", "-c", &block.replace("localhost:8080", &server.address.to_string())]);
    bash.current_dir(server.folder()).env("PATH", path).env("FANFARE_SERVER", server.url(""));
    bash.stdin(Stdio::null());
    let ended = bash.output().unwrap();
    assert!(ended.status.success(), "{block}{ended:?}");
}

#[test]
fn the_commands_of_the_guide_do_what_it_says() {
    let mut server = Server::start();
    for channel in ["ops/deploys", "ops/disk", "market/eurusd", "a"] {
        (0..3).for_each(|index| drop(publish(server.address, channel, &index.to_string())));
    }
    let folder = server.folder().to_owned();
    for block in GUIDE.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap()) {
        if block.contains("db restore") {
            server.terminate();
            assert!(server.wait().success());
            type_in(block, &server);
            server.restart();
        } else {
            type_in(block, &server);
        }
    }
    assert_eq!(get(server.address, "/c/**?limit=1000").bodies().len(), 12);
    for (file, lines) in [("all.ndjson", 12), ("ops.ndjson", 9)] {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        assert_eq!(text.lines().count(), lines, "{file}");
    }
    assert!(folder.join("new/fanfare.db").exists() && folder.join("elsewhere/fanfare.db").exists());
}
