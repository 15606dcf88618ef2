//! The files of `fanfare db export`: what is gone on with, what is replaced, who may read them.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use rusqlite::Connection;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use support::command::{Ended, Job, fanfare, run};
use support::http::publish;
use support::server::{FANFARE, Server, until};

use tempfile::TempDir;

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

/// A store of so many messages that exporting them takes a while.
fn large(dir: &Path) -> PathBuf {
    let (file, data) = (dir.join("lines"), dir.join("data"));
    let line = |number| format!("{{\"channel\":\"c\",\"time\":\"1700000000\",\"body\":\"{number}\"}}\n");
    fs::write(&file, (0..30_000).map(line).collect::<String>()).unwrap();
    run(fanfare("", &["db", "import", text(&file), "--data", text(&data)])).with(0);
    data
}

fn names(dir: &Path) -> Vec<String> {
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    fs::read_dir(dir).unwrap().map(name).collect()
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
fn an_export_is_replaced_by_a_whole_one_only() {
    let server = filled(3);
    let (file, link) = (server.folder().join("file"), server.folder().join("link"));
    export(&file, &server.data(), &["--channel", "a"]).with(0);
    let old = fs::read(&file).unwrap();
    for wrong in [["--force", "--after", "999"], ["--force", "--after", "x"], ["--force", "--channel", "a/"]]
    {
        export(&file, &server.data(), &wrong).with(2);
        assert_eq!(fs::read(&file).unwrap(), old, "{wrong:?}");
    }
    let backup = server.folder().join("backup");
    run(fanfare("", &["db", "backup", text(&backup), "--data", text(&server.data())])).with(0);
    Connection::open(&backup)
        .unwrap()
        .execute("UPDATE message SET tags = '{' WHERE position = 2", [])
        .unwrap();
    let part = export(&file, &backup, &["--force"]).with(7);
    assert!(part.stderr.contains("was left as it is") && part.stderr.contains("another file"), "{part:?}");
    assert_eq!(fs::read(&file).unwrap(), old);
    for own in [server.data().join("fanfare.db"), server.data()] {
        let refused = export(&own, &server.data(), &["--force"]).with(1);
        assert!(refused.stderr.contains("name a file"), "{refused:?}");
    }
    export(&backup, &backup, &["--force"]).with(1);
    symlink(&file, &link).unwrap();
    export(&link, &server.data(), &["--force"]).with(0);
    assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 3);
    assert!(link.is_symlink());
    export(&server.folder().join("new"), &server.data(), &["--force"]).with(0);
    let beside = names(server.folder());
    assert!(beside.iter().all(|name| !name.contains("unfinished")), "{beside:?}");
}

#[test]
fn who_interrupts_a_replacement_has_the_old_export_and_nothing_else() {
    let dir = TempDir::new().unwrap();
    let (data, file) = (large(dir.path()), dir.path().join("file"));
    fs::write(&file, "old").unwrap();
    let arguments = ["db", "export", text(&file), "--data", text(&data), "--force"];
    let mut job = Job::start(&mut fanfare("", &arguments));
    let mut seen = false;
    until("the export to be under way", || {
        seen = names(dir.path()).iter().any(|name| name.contains("unfinished"));
        seen || job.has_ended()
    });
    assert!(seen && fs::read(&file).unwrap() == b"old", "the new one has another name");
    job.interrupt();
    let ended = job.end();
    // It may just have become whole.
    assert!(ended.code == Some(0) || ended.code == Some(130), "{ended:?}");
    assert_eq!(fs::read(&file).unwrap() == b"old", ended.code == Some(130));
    let beside = names(dir.path());
    assert!(beside.iter().all(|name| !name.contains("unfinished")), "{beside:?}");
}

#[test]
fn what_a_killed_replacement_left_is_taken_over_unless_somebody_writes_it() {
    let dir = TempDir::new().unwrap();
    let (data, file, left) = (large(dir.path()), dir.path().join("file"), dir.path().join("file.unfinished"));
    fs::write(&file, "old").unwrap();
    let arguments = ["db", "export", text(&file), "--data", text(&data), "--force"];
    let mut job = Job::start(&mut fanfare("", &arguments));
    let grows = || left.metadata().is_ok_and(|left| left.len() > 0);
    until("the export to be under way", || grows() || job.has_ended());
    job.freeze();
    let twice = export(&file, &data, &["--force"]);
    job.kill();
    assert!(left.exists() && fs::read(&file).unwrap() == b"old", "it was killed under way");
    assert!(twice.code == Some(1) && twice.stderr.contains("another copy"), "{twice:?}");
    export(&file, &data, &["--force"]).with(0);
    assert_eq!((fs::read_to_string(&file).unwrap().lines().count(), left.exists()), (30_000, false));
}

#[test]
fn what_root_exports_to_anothers_folder_is_that_users() {
    let server = filled(1);
    let home = server.folder().join("home");
    fs::create_dir(&home).unwrap();
    // Only root may give folders away, so only root can see this.
    if chown(&home, Some(12_345), Some(12_346)).is_err() {
        return;
    }
    let file = home.join("file");
    for args in [&[][..], &["--force"]] {
        export(&file, &server.data(), args).with(0);
        let made = file.metadata().unwrap();
        assert_eq!((made.uid(), made.gid(), made.mode() & 0o777), (12_345, 12_346, 0o600), "{args:?}");
        chown(&file, Some(0), Some(0)).unwrap();
    }
}

#[test]
fn an_export_goes_on_with_the_patterns_it_was_made_with_and_no_others() {
    let server = filled(6);
    let file = server.folder().join("file");
    let with = |patterns: &[&'static str]| {
        patterns.iter().flat_map(|pattern| ["--channel", pattern]).collect::<Vec<_>>()
    };
    for made in [&[][..], &["a"], &["a", "b"]] {
        fs::write(&file, "").unwrap();
        export(&file, &server.data(), &[with(made), vec!["--resume"]].concat()).with(0);
        let lines = fs::read(&file).unwrap();
        for other in [&[][..], &["a"], &["b"], &["**"], &["b", "a"], &["a", "b", "a"]] {
            let same =
                made.iter().all(|name| other.contains(name)) && other.iter().all(|name| made.contains(name));
            let ended = export(&file, &server.data(), &[with(other), vec!["--resume"]].concat());
            assert_eq!(ended.code, Some(if same { 0 } else { 2 }), "{made:?} {other:?} {ended:?}");
            assert!(same || ended.stderr.contains("other --channel patterns"), "{ended:?}");
            assert_eq!(fs::read(&file).unwrap(), lines);
        }
    }
    let data = server.folder().join("new");
    run(fanfare("", &["db", "import", text(&file), "--data", text(&data)])).with(0);
}

#[test]
fn only_its_maker_may_read_an_export() {
    let server = filled(1);
    let file = server.folder().join("file");
    let mode = || file.metadata().unwrap().permissions().mode() & 0o777;
    export(&file, &server.data(), &[]).with(0);
    assert_eq!(mode(), 0o600);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    export(&file, &server.data(), &["--force"]).with(0);
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

#[test]
fn an_export_says_that_what_was_acknowledged_is_lost() {
    let mut server = filled(20);
    server.terminate();
    server.wait();
    server.restart();
    (0..10).for_each(|_| drop(publish(server.address, "a", "acknowledged")));
    server.kill();
    let (data, file) = (server.data(), server.folder().join("file"));
    // The write-ahead log is lost, with all that was not moved into the file.
    fs::write(data.join("fanfare.db-wal"), "").unwrap();
    let told = export(&file, &data, &[]).with(7).stderr;
    assert!(told.contains("warning: the store has lost messages") && told.contains("position 30"), "{told}");
    assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 20);
}
