//! A system's clock that jumps while the server runs: nothing is lost for it, and time goes on. libfaketime makes it jump,
//! for the server's process alone.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test stops at what it did not expect, and says where it was skipped"
)]

mod support;

use serde_json::Value;
use std::path::{Path, PathBuf};
use support::http::{ask, get};
use support::server::{Server, until};
use tempfile::TempDir;

const CONFIG: &str = "
[[namespace]]
pattern = 'live/**'
keeping = 'live'

[[namespace]]
pattern = 'short/**'
age = '1s'
";

/// More than messages are kept, and far more than the ttl of those that have one.
const DAY: &str = "90000";
const MESSAGES: usize = 10;

/// The system's clock as a server sees it: so many seconds beside the real one.
struct Wall {
    library: PathBuf,
    folder: TempDir,
}

impl Wall {
    /// `None`, and says why, where it cannot be had. Where `make tests` asks for it, that is a failure.
    fn new() -> Option<Wall> {
        let Some(library) = library() else {
            let why = "libfaketime is missing (Debian's package libfaketime); `scripts/need` gets it";
            assert!(std::env::var_os("REQUIRE_FAKETIME").is_none(), "{why}");
            println!("SKIPPED: {why}");
            return None;
        };
        let wall = Wall { library, folder: TempDir::new().unwrap() };
        wall.set("+0");
        Some(wall)
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("offset")
    }

    /// It jumps. Whoever reads the file meanwhile finds the one or the other.
    fn set(&self, seconds: &str) {
        let new = self.folder.path().join("new");
        std::fs::write(&new, seconds).unwrap();
        std::fs::rename(&new, self.file()).unwrap();
    }

    /// A server that sees it. What counts the time that has passed is not touched: no jump of the clock does.
    fn server(&self) -> Server {
        let file = self.file();
        let environment = [
            ("LD_PRELOAD", self.library.to_str().unwrap()),
            ("FAKETIME_TIMESTAMP_FILE", file.to_str().unwrap()),
            ("FAKETIME_NO_CACHE", "1"),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
            ("NO_FAKE_STAT", "1"),
        ];
        Server::with_config_and_environment(CONFIG, &environment)
    }
}

/// Where Debian has it, for whatever machine; the one for programs with threads.
fn library() -> Option<PathBuf> {
    let machines = std::fs::read_dir("/usr/lib").ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    let file = Path::new("faketime/libfaketimeMT.so.1");
    machines.map(|machine| machine.join(file)).find(|path| path.exists())
}

/// A channel, and what its newest message was answered.
struct Told {
    channel: &'static str,
    newest: Value,
}

impl Told {
    fn publish(&mut self, server: &Server, head: &str) {
        let answer = ask(server.address, &format!("POST /c/{} HTTP/1.1{head}", self.channel), b"x");
        assert_eq!(answer.status, 201, "{answer:?}");
        let said = answer.json();
        let (position, time) = (said["position"].as_u64(), said["time"].as_str());
        assert!(
            position > self.newest["position"].as_u64() && time >= self.newest["time"].as_str(),
            "{said}"
        );
        self.newest = said;
    }

    /// Publishes until time has gone on.
    fn go_on(&mut self, server: &Server) {
        let before = self.newest["time"].clone();
        until("time to go on", || {
            self.publish(server, "\nTTL: 3600");
            self.newest["time"].as_str() > before.as_str()
        });
    }

    fn kept(&self, server: &Server) -> usize {
        get(server.address, &format!("/c/{}?since=0&limit=1000", self.channel)).bodies().len()
    }
}

fn jumps(server: &Server) -> usize {
    server.stderr().matches("the system's clock has jumped").count()
}

#[test]
fn a_jump_of_the_clock_under_a_running_server_takes_nothing_and_time_goes_on() {
    let Some(wall) = Wall::new() else { return };
    let server = wall.server();
    let mut channels = ["kept/a", "live/a"].map(|channel| Told { channel, newest: Value::Null });
    let mut short = Told { channel: "short/a", newest: Value::Null };
    for told in &mut channels {
        (0..MESSAGES).for_each(|number| told.publish(&server, ["", "\nTTL: 3600"][number % 2]));
    }
    assert_eq!(jumps(&server), 0);
    for (offset, told_of) in
        [(format!("+{DAY}"), 1), ("+0".into(), 1), (format!("-{DAY}"), 2), ("+0".into(), 2)]
    {
        wall.set(&offset);
        let before = channels.each_ref().map(|told| told.kept(&server));
        assert!(before.iter().all(|number| *number >= MESSAGES), "{offset}: {before:?}");
        channels.iter_mut().for_each(|told| told.go_on(&server));
        // Once it is gone, retention has seen what time it is.
        short.publish(&server, "");
        until("retention to take what is old", || short.kept(&server) == 0);
        for (told, before) in channels.iter_mut().zip(before) {
            told.go_on(&server);
            assert!(told.kept(&server) >= before + 2, "{offset}: {} of {}", told.kept(&server), told.channel);
        }
        until("the jump to be told", || jumps(&server) == told_of);
    }
    assert_eq!(jumps(&server), 2, "each once: {}", server.stderr());
}
