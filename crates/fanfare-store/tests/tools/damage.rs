//! Each kind of damage, made on purpose, is found and named; a sound store is sound.

use crate::store::{NOW, draft, open, something_of_everything};
use fanfare_proto::Time;
use fanfare_store::{Checked, Damage, Log, Part, StoreError, check};
use rusqlite::Connection;
use std::path::Path;

fn look(path: &Path) -> Checked {
    check(path, &mut |_| ()).unwrap()
}

/// What breaks a store, where that is found, and a part of what is said.
const BREAKS: &[(&str, Part, &str)] = &[
    ("UPDATE meta SET epoch = 0", Part::Log, "epoch is 0"),
    ("UPDATE meta SET flushed = head + 1", Part::Log, "beyond the head"),
    ("UPDATE meta SET time = 1", Part::Log, "is later than the log says"),
    ("DELETE FROM meta", Part::Log, "no row about the log"),
    ("UPDATE message SET previous = 1 WHERE position = 201", Part::Messages, "201 of a says that 1 is"),
    ("UPDATE message SET previous = NULL WHERE position = 201", Part::Messages, "201 of a says that 0 is"),
    ("UPDATE message SET previous = 5 WHERE position = 1", Part::Messages, "a later one is before it"),
    ("DELETE FROM message WHERE position = 201", Part::Messages, "205 of a says that 201 is"),
    ("UPDATE message SET size = size + 1 WHERE position = 201", Part::Messages, "are noted"),
    ("UPDATE message SET body = x'00' WHERE position = 201", Part::Messages, "are noted"),
    ("UPDATE message SET time = 1 WHERE position = 201", Part::Messages, "201 is earlier"),
    ("UPDATE message SET tags = '{' WHERE position = 201", Part::Messages, "201 of a cannot be read"),
    ("UPDATE message SET key = CAST(x'ff' AS TEXT) WHERE position = 201", Part::Messages, "cannot be read"),
    ("UPDATE message SET priority = 1000 WHERE position = 201", Part::Messages, "cannot be read"),
    (
        "UPDATE message SET channel = 77777 WHERE position = 201",
        Part::Messages,
        "77777, which does not exist",
    ),
    ("DELETE FROM channel WHERE name = 'a'", Part::Messages, "1, which does not exist"),
    ("UPDATE channel SET trimmed_through = 100 WHERE name = 'a'", Part::Messages, "is gone, and still there"),
    ("DELETE FROM clearing WHERE channel = 3", Part::Messages, "of gone is gone, and still there"),
    ("DELETE FROM clearing WHERE channel = 4", Part::Messages, "4, which does not exist"),
    ("INSERT INTO message (position, channel, time, size) VALUES (-5, 1, 0, 0)", Part::Messages, "at -5"),
    ("DELETE FROM message WHERE position = 1", Part::Channels, "a is said to have 150 messages"),
    ("DELETE FROM message WHERE position = 1", Part::Messages, "of a says that 1 is before it"),
    ("UPDATE channel SET floor = 1 WHERE name = 'a'", Part::Messages, "1 of a is gone, and still there"),
    ("DELETE FROM message WHERE position = 602", Part::Channels, "said to end at 602, and 597 is the last"),
    ("UPDATE channel SET messages = messages + 1 WHERE name = 'a'", Part::Channels, "a is said to have 151"),
    ("UPDATE channel SET bytes = bytes - 1 WHERE name = 'b/c'", Part::Channels, "b/c is said to have 150"),
    ("UPDATE channel SET messages = -1 WHERE name = 'a'", Part::Channels, "a has -1 of 151"),
    ("UPDATE channel SET total = 3 WHERE name = 'a'", Part::Channels, "a has 150 of 3"),
    ("UPDATE channel SET head = 597 WHERE name = 'a'", Part::Channels, "602 should be counted"),
    ("UPDATE channel SET head = 9999 WHERE name = 'a'", Part::Channels, "the log ends at 602"),
    ("UPDATE channel SET trimmed_through = 9999 WHERE name = 'a'", Part::Channels, "beyond the log's end"),
    ("UPDATE channel SET name = 'a//b' WHERE name = 'a'", Part::Channels, "no name of a channel"),
    ("UPDATE channel SET reason = 7 WHERE name = 'a'", Part::Channels, "a has 150"),
    ("DELETE FROM milestone WHERE channel = 1", Part::Milestones, "a has none"),
    (
        "DELETE FROM milestone WHERE channel = 1 AND position = (SELECT min(position) FROM milestone WHERE channel = 1)",
        Part::Milestones,
        "messages of a come before the first",
    ),
    (
        "DELETE FROM milestone WHERE channel = 1 AND position = (SELECT max(position) FROM milestone WHERE channel = 1)",
        Part::Milestones,
        "messages of a follow the last",
    ),
    ("INSERT INTO milestone VALUES (1, 202)", Part::Milestones, "202 is no message of a"),
    ("INSERT INTO milestone VALUES (1, 9999)", Part::Milestones, "9999 is no message of a"),
    ("INSERT INTO milestone VALUES (77777, 1)", Part::Milestones, "77777, which does not exist"),
    ("UPDATE namespace SET floor = 300", Part::Namespaces, "retention has passed 300"),
    ("UPDATE namespace SET floor = 9999", Part::Namespaces, "beyond the log's end"),
    ("UPDATE namespace SET pattern = 'a//b'", Part::Namespaces, "no pattern"),
    ("UPDATE meta SET namespaces = 'a//b'", Part::Namespaces, "no pattern"),
    ("UPDATE clearing SET through = 9999", Part::Clearing, "beyond the log's end"),
    ("UPDATE clearing SET place = 201", Part::Clearing, "a message of number 1"),
    ("UPDATE record SET revision = 9999 WHERE key = 'x'", Part::Records, "the newest is 2"),
    ("UPDATE record SET revision = 2", Part::Records, "belongs to 2 records"),
];

#[test]
fn a_sound_store_is_sound() {
    let dir = tempfile::tempdir().unwrap();
    something_of_everything(dir.path());
    for path in [dir.path().to_owned(), dir.path().join("fanfare.db")] {
        let checked = look(&path);
        assert_eq!(checked.damages, []);
        let counts = (checked.channels, checked.messages, checked.head.0, checked.more);
        assert_eq!(counts, (3, 301, 602, false));
    }
}

#[test]
fn a_store_that_a_server_has_is_looked_at_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    assert_eq!(look(dir.path()).damages, [], "nothing is in it yet");
    for round in 0..200 {
        log.append(vec![draft("a", "x"), draft("b", "y")], Time(NOW.0 + round)).unwrap();
    }
    let checked = look(dir.path());
    assert_eq!((checked.damages, checked.messages), (vec![], 400), "no row counts them yet");
    log.append(vec![draft("a", "z")], NOW).unwrap();
}

/// Breaks a copy of a store, and answers what is found.
fn broken(store: &Path, breaks: &str) -> Vec<Damage> {
    let file = store.with_file_name("broken.db");
    std::fs::copy(store, &file).unwrap();
    let connection = Connection::open(&file).unwrap();
    assert!(connection.execute(breaks, []).unwrap() > 0, "{breaks} does nothing");
    drop(connection);
    look(&file).damages
}

#[test]
fn every_kind_of_damage_is_found() {
    let dir = tempfile::tempdir().unwrap();
    something_of_everything(dir.path());
    for (breaks, part, said) in BREAKS {
        // As if the row were of a time before there were check values, which would tell it first.
        let breaks = match breaks.split_once(" WHERE ") {
            Some((set, which)) if has_sum(breaks) => format!("{set}, sum = NULL WHERE {which}"),
            _ => (*breaks).to_owned(),
        };
        let damages = broken(&dir.path().join("fanfare.db"), &breaks);
        let found = damages.iter().any(|damage| damage.part == *part && damage.what.contains(said));
        assert!(found, "{breaks}: {damages:#?}");
    }
}

#[test]
fn a_store_that_went_back_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("fanfare.db");
    something_of_everything(dir.path());
    let older = std::fs::read(&file).unwrap();
    open(dir.path()).append(vec![draft("a", "newer")], NOW).unwrap();
    assert_eq!(look(dir.path()).damages, []);
    std::fs::write(&file, older).unwrap();
    let damages = look(dir.path()).damages;
    assert!(damages.len() == 1 && damages[0].what.contains("it went back"), "{damages:?}");
}

#[test]
fn a_row_that_no_server_changed_is_found_by_its_check_value() {
    let dir = tempfile::tempdir().unwrap();
    something_of_everything(dir.path());
    for breaks in [
        "UPDATE message SET previous = 1 WHERE position = 201",
        "UPDATE message SET time = time + 1 WHERE position = 201",
        "UPDATE message SET body = CAST(body || x'00' AS BLOB) WHERE position = 201",
        "UPDATE message SET event = 'other' WHERE position = 201",
        "UPDATE channel SET total = total + 1 WHERE name = 'a'",
        "UPDATE channel SET head = 9999 WHERE name = 'a'",
    ] {
        let damages = broken(&dir.path().join("fanfare.db"), breaks);
        let found = damages.iter().any(|damage| damage.what.contains("changed by no server"));
        assert!(found, "{breaks}: {damages:#?}");
    }
}

fn has_sum(breaks: &str) -> bool {
    breaks.starts_with("UPDATE message") || breaks.starts_with("UPDATE channel")
}

#[test]
fn a_file_that_is_not_whole_is_found() {
    let dir = tempfile::tempdir().unwrap();
    something_of_everything(dir.path());
    let file = dir.path().join("fanfare.db");
    let whole = std::fs::read(&file).unwrap();
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle..middle + 4096].iter_mut().for_each(|byte| *byte ^= 0x55);
    for broken in
        [flipped, whole[..whole.len() - 8192].to_vec(), whole[..100].to_vec(), b"no store".repeat(99)]
    {
        std::fs::write(&file, &broken).unwrap();
        let found = check(dir.path(), &mut |_| ());
        let told = match &found {
            Ok(checked) => checked.damages.iter().any(|damage| damage.part == Part::File),
            Err(StoreError::Unusable(text)) => text.contains("not an SQLite file"),
            Err(_) => false,
        };
        assert!(told, "{found:?}");
        assert_eq!(std::fs::read(&file).unwrap(), broken, "a check changes nothing");
    }
}

#[test]
fn what_is_no_store_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let refused = |expected: &str| {
        let Err(StoreError::Unusable(text)) = check(dir.path(), &mut |_| ()) else {
            panic!("it was checked")
        };
        assert!(text.contains(expected), "{text}");
    };
    refused("there is no store here");
    std::fs::write(dir.path().join("fanfare.db"), b"").unwrap();
    refused("no server has made a store of it yet");
}
