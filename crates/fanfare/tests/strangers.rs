//! What commands do when where they ask is no Fanfare server, or says nothing.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use std::net::TcpListener;
use support::command::{Job, fanfare};

#[test]
fn a_server_that_takes_connections_and_says_nothing_is_not_waited_for() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let commands: [&[&str]; 5] = [
        &["publish", "a", "x"],
        &["publish", "a", "--lines", "--file", "Cargo.toml"],
        &["history", "a"],
        &["channels"],
        &["top", "--once"],
    ];
    // Beside each other: each waits its whole time.
    let jobs = commands.map(|args| Job::start(&mut fanfare(&url, args)));
    for (job, args) in jobs.into_iter().zip(commands) {
        let told = job.end().with(3).stderr;
        let expected = format!("{url} accepted the connection and did not answer in 10 s\n");
        assert!(told.contains(&expected) && told.contains("is it a Fanfare server?"), "{args:?}: {told}");
    }
}
