//! How far long work is: a bar with the time left on a terminal, nothing anywhere else.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use std::fs;
use std::process::Command;
use support::command::{fanfare, run};
use support::server::FANFARE;
use tempfile::TempDir;

/// What is typed, and what the bars say of it.
const WORK: &[(&str, &[&str])] = &[
    ("db import lines", &["reading", "importing"]),
    ("db export all", &["exporting"]),
    ("db backup backup.db", &["copying"]),
    ("db check", &["checking"]),
];

#[test]
fn long_work_shows_how_much_time_is_left_on_a_terminal_and_nothing_on_a_pipe() {
    let line =
        |number| format!("{{\"channel\":\"c\",\"time\":\"1700000000\",\"body\":\"{number:02000}\"}}\n");
    let lines: String = (0..5_000).map(line).collect();
    for terminal in [true, false] {
        let dir = TempDir::new().unwrap();
        fs::write(dir.path().join("lines"), &lines).unwrap();
        for (typed, bars) in WORK {
            let mut command = if terminal {
                // `script` gives what it runs a terminal, and prints what is drawn there.
                let mut script = Command::new("script");
                let typed = format!("stty cols 80 rows 24; exec '{FANFARE}' {typed}");
                script.args(["--quiet", "--return", "--command", &typed, "/dev/null"]).env("TERM", "xterm");
                script
            } else {
                fanfare("", &typed.split(' ').collect::<Vec<_>>())
            };
            let ended = run({
                command.current_dir(dir.path()).env("FANFARE_DATA", "data");
                command
            })
            .with(0);
            let drawn: Vec<&str> =
                ended.stdout.split(['\r', '\n']).filter(|line| line.ends_with("s left")).collect();
            if terminal {
                let missing =
                    bars.iter().find(|bar| !drawn.iter().any(|line| line.contains(&format!("{bar} "))));
                assert_eq!(missing, None, "{ended:?}");
            } else {
                assert!(drawn.is_empty() && !ended.stderr.contains("left"), "{ended:?}");
                assert!(!format!("{}{}", ended.stdout, ended.stderr).contains('\x1b'), "{ended:?}");
            }
        }
    }
}
