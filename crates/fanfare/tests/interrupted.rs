//! Exports and imports that somebody stops, or that would put old messages behind newer ones: what is told, and how to go on.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use support::command::{Ended, Job, fanfare, run};
use support::server::{until, wait};
use tempfile::TempDir;

/// So many that it takes a while.
const MANY: u64 = 60_000;

fn db(data: &Path, args: &[&str]) -> Ended {
    run(fanfare("", &[&["db"], args, &["--data", text(data)]].concat()))
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A file of so many lines, each a second after the one before.
fn lines(dir: &Path, count: u64, from: u64) -> PathBuf {
    let file = dir.join(format!("lines-{from}"));
    let line =
        |number| format!("{{\"channel\":\"c\",\"time\":\"{}\",\"body\":\"{number}\"}}\n", from + number);
    fs::write(&file, (0..count).map(line).collect::<String>()).unwrap();
    file
}

#[test]
fn many_old_messages_are_told_in_a_few_lines_with_what_to_do() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    let (new, old) = (lines(dir.path(), 1, 1_700_000_000), lines(dir.path(), 50, 1_600_000_000));
    db(&data, &["import", text(&new)]).with(0);
    let told = db(&data, &["import", text(&old)]).with(7).stderr;
    assert!(
        told.contains("line 3: time: 2020-09-13T12:26:42.000Z is before that of the newest message"),
        "{told}"
    );
    assert!(
        told.contains("50 in all; nothing of it was imported") && told.contains("--raise-times"),
        "{told}"
    );
    assert_eq!(told.lines().count(), 5, "{told}");
    let raised = db(&data, &["import", text(&old), "--raise-times"]).with(0);
    assert!(raised.stdout.contains("50 messages imported"), "{raised:?}");
}

#[test]
fn an_interrupted_import_says_what_is_in_and_goes_on() {
    let dir = TempDir::new().unwrap();
    let (file, data) = (lines(dir.path(), MANY, 1_600_000_000), dir.path().join("data"));
    let mut job = Job::start(&mut fanfare("", &["db", "import", text(&file), "--data", text(&data)]));
    until("the import to be under way", || {
        let found = db(&data, &["stats", "--json"]);
        job.has_ended() || found.code == Some(0) && !found.stdout.contains("\"messages\":0,")
    });
    job.interrupt();
    let told = job.end().with(130).stderr;
    let count = told.split_whitespace().nth(1).unwrap().to_owned();
    assert!(told.contains("are in the store; the same command goes on after them"), "{told}");
    assert!(db(&data, &["stats", "--json"]).stdout.contains(&format!("\"messages\":{count},")), "{told}");
    let rest = db(&data, &["import", text(&file)]).with(0);
    assert!(rest.stderr.contains(&format!("{count} lines are in the store since before")), "{rest:?}");
    an_interrupted_export_says_what_is_written_and_goes_on(dir.path(), &data);
}

fn an_interrupted_export_says_what_is_written_and_goes_on(dir: &Path, data: &Path) {
    let mut export = fanfare("", &["db", "export", "-", "--data", text(data)]);
    let mut child = export.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // It has begun, and waits for whoever does not read on.
    child.stdout.as_mut().unwrap().read_exact(&mut [0; 1000]).unwrap();
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::INT)
        .unwrap();
    assert_eq!(wait(&mut child).code(), Some(130));
    let mut told = String::new();
    child.stderr.unwrap().read_to_string(&mut told).unwrap();
    let position =
        told.trim_end().strip_suffix(" goes on there").unwrap().rsplit(' ').next().unwrap().to_owned();
    assert!(told.contains(&format!("up to position {position}; --after {position} goes on there")), "{told}");

    let file = dir.join("export");
    let mut job = Job::start(&mut fanfare("", &["db", "export", text(&file), "--data", text(data)]));
    until("the export to be under way", || {
        job.has_ended() || file.metadata().is_ok_and(|file| file.len() > 0)
    });
    job.interrupt();
    let ended = job.end();
    let told = ended.stderr.contains("export has everything up to position")
        && ended.stderr.contains("; --resume goes on");
    // It may just have become whole.
    assert!(ended.code == Some(0) || ended.code == Some(130) && told, "{ended:?}");
    db(data, &["export", text(&file), "--resume"]).with(0);
    assert_eq!(fs::read_to_string(&file).unwrap().lines().count() as u64, MANY);
}
