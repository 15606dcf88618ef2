//! The files of `fanfare db export`: what is gone on with, what is replaced, who may read them.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use rusqlite::Connection;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use support::command::{Ended, fanfare, run};
use support::http::publish;
use support::server::{FANFARE, Server};

/// Exports to a file from the store of a folder.
fn export(file: &Path, data: &Path, args: &[&str]) -> Ended {
    run(fanfare("", &[&["db", "export", text(file), "--data", text(data)], args].concat()))
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A server with messages on the channels a, b and c by turns.
fn filled(messages: usize) -> Server {
    let server = Server::start();
    (0..messages).for_each(|index| drop(publish(server.address, ["a", "b", "c"][index % 3], "x")));
    server
}

#[test]
fn a_file_that_is_no_export_is_not_gone_on_with() {
    let server = filled(3);
    let file = server.folder().join("file");
    export(&file, &server.data(), &[]).with(0);
    let lines = fs::read(&file).unwrap();
    let imported = br#"{"channel":"a","time":"1700000000","body":"1"}"#;
    for content in [
        br#"{"precious":"no line end"}"#.to_vec(),
        imported.to_vec(),
        vec![0xff; 200_000],
        b"\n".to_vec(),
        [imported.as_slice(), b"\n"].concat(),
        [&lines, imported.as_slice()].concat(),
        [&lines, b"a note".as_slice()].concat(),
        [&lines, [0; 10].as_slice()].concat(),
    ] {
        fs::write(&file, &content).unwrap();
        let refused = export(&file, &server.data(), &["--resume"]).with(1);
        assert!(refused.stderr.contains("export to another file"), "{refused:?}");
        assert!(fs::read(&file).unwrap() == content, "{:?} was changed", String::from_utf8_lossy(&content));
    }
    let cut = &lines[..lines.len() - 5];
    fs::write(&file, cut).unwrap();
    export(&file, &filled(3).data(), &["--resume"]).with(2);
    assert_eq!(fs::read(&file).unwrap(), cut, "it is of another store");
}

#[test]
fn only_its_maker_may_read_an_export() {
    let server = filled(1);
    let file = server.folder().join("file");
    let mode = || file.metadata().unwrap().permissions().mode() & 0o777;
    export(&file, &server.data(), &[]).with(0);
    assert_eq!(mode(), 0o600);
}

#[test]
fn what_is_advised_after_damage_can_be_typed() {
    let server = filled(3);
    let folder = server.folder().join("it's damaged");
    fs::create_dir(&folder).unwrap();
    let [file, good] = ["backup.db", "good.db"].map(|name| folder.join(name));
    for file in [&file, &good] {
        run(fanfare("", &["db", "backup", text(file), "--data", text(&server.data())])).with(0);
    }
    let store = folder.join("store");
    run(fanfare("", &["db", "restore", text(&file), "--data", text(&store)])).with(0);
    for (damaged, commands) in [(&file, 2), (&store, 3)] {
        let database = if damaged.is_dir() { damaged.join("fanfare.db") } else { damaged.clone() };
        Connection::open(database).unwrap().execute("UPDATE channel SET bytes = 9", []).unwrap();
        let option = if damaged.is_dir() { &["--data"][..] } else { &[] };
        let told = run(fanfare("", &[&["db", "check"], option, &[text(damaged)]].concat())).with(7);
        let advised: Vec<&str> = told.stderr.split('`').skip(1).step_by(2).collect();
        assert_eq!(advised.len(), commands, "{told:?}");
        let (saved, empty) = (damaged.with_extension("saved"), damaged.with_extension("empty"));
        // What can be read is taken before it is replaced.
        for command in advised.iter().rev().take(2).rev().chain(advised.iter().rev().skip(2)) {
            let mut bash = Command::new("bash");
            let programs = Path::new(FANFARE).parent().unwrap().display();
            bash.env("PATH", format!("{programs}:{}", std::env::var("PATH").unwrap()));
            bash.envs([("S", &saved), ("E", &empty), ("B", &good)]);
            let command =
                command.replace("SAVED", "\"$S\"").replace("EMPTY", "\"$E\"").replace("BACKUP", "\"$B\"");
            run({
                bash.args(["-c", &command]);
                bash
            })
            .with(0);
        }
        let sound = run(fanfare("", &["db", "check", "--data", text(&empty)])).with(0);
        assert!(sound.stdout.contains("3 messages"), "{sound:?}");
    }
    run(fanfare("", &["db", "check", "--data", text(&store)])).with(0);
}
