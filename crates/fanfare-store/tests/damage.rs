//! Files that were damaged while nobody had them open: bits flip, ends are cut off, pieces are blank or from another
//! place. The store is refused and left as it is, or what it answers is right or an error: never less than was kept as
//! if that were all. `FANFARE_DAMAGE_CASES` sets how often.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test stops at what it did not expect, and says how many"
)]

use fanfare_proto::{
    Channel, Content, Gap, Keeping, Message, Namespace, Namespaces, Pattern, Position, Selection, Time,
};
use fanfare_store::{Draft, Log, Order, Read, Removal, SqliteLog, SqliteOptions, StoreError, check};
use fastrand::Rng;
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

type Files = BTreeMap<String, Vec<u8>>;

const DATABASE: &str = "fanfare.db";
const LOG: &str = "fanfare.db-wal";
const HEAD: &str = "fanfare.head";
const MESSAGES: u64 = 700;
const START: u64 = 1_790_000_000_000;
/// What is read: one channel, some, and so many that the log is looked through.
const WANTED: [&str; 4] = ["few/1", "few/*", "many/*", "**"];

fn open(dir: &Path) -> Result<SqliteLog, StoreError> {
    open_with(dir, 40, SqliteOptions::default().look_time)
}

fn open_with(dir: &Path, checkpoint_pages: u32, look_time: Duration) -> Result<SqliteLog, StoreError> {
    let rules = Namespaces::new([Namespace::new(Pattern::everything(), Keeping::Kept)]);
    let options = SqliteOptions { checkpoint_pages, look_time, flush_every: 100, ..SqliteOptions::default() };
    SqliteLog::open(dir, Arc::new(rules), options)
}

fn draft(number: u64, rng: &mut Rng) -> Draft {
    let most = if number.is_multiple_of(20) { 9_000 } else { 300 };
    let channel = match rng.bool() {
        true => format!("few/{}", rng.u8(..3)),
        false => format!("many/{}", rng.u16(..400)),
    };
    let body: Vec<u8> = (0..rng.usize(..most)).map(|_| rng.alphanumeric() as u8).collect();
    Draft {
        channel: Channel::parse(&channel).unwrap(),
        id: rng.bool().then(|| number.to_string().into()),
        publisher: None,
        expires: None,
        content: Content { body: body.into(), ..Content::default() },
    }
}

/// What a directory has. Whoever opens a store makes a write-ahead log, which holds nothing as long as it is empty.
fn read_files(dir: &Path) -> Files {
    let read = |name: &str| Some((name.to_owned(), std::fs::read(dir.join(name)).ok()?));
    let files = [DATABASE, LOG, HEAD].into_iter().filter_map(read);
    files.filter(|(name, bytes)| name != LOG || !bytes.is_empty()).collect()
}

fn write_files(dir: &Path, files: &Files) {
    files.iter().for_each(|(name, bytes)| std::fs::write(dir.join(name), bytes).unwrap());
}

/// The files of a store that was at work, as kill -9 leaves them, and as an orderly end does.
fn make(checkpoint_pages: u32) -> [Files; 2] {
    let (dir, mut rng) = (tempfile::tempdir().unwrap(), Rng::with_seed(1));
    let log = open_with(dir.path(), checkpoint_pages, Duration::ZERO).unwrap();
    for number in 0..MESSAGES / 7 {
        let now = Time(START + number * 1000);
        let drafts = (0..7).map(|message| draft(number * 7 + message, &mut rng)).collect();
        log.append(drafts, now).unwrap();
        if number % 10 == 3 {
            log.remove(&Removal::Message(Position(1 + rng.u64(..number * 7)))).unwrap();
        }
        if number == 40 {
            log.remove(&Removal::Purge(Channel::parse("few/2").unwrap())).unwrap();
        }
        if number % 5 == 0 {
            log.trim(now).unwrap();
        }
    }
    let killed = read_files(dir.path());
    drop(log);
    [killed, read_files(dir.path())]
}

/// What a reader was told from a place on: messages, and then how it ended.
#[derive(Debug, Default)]
struct Told {
    messages: Vec<Arc<Message>>,
    gaps: Vec<Gap>,
    failed: Option<StoreError>,
}

fn tell(log: &SqliteLog, wanted: &str, from: Position, order: Order) -> Told {
    let selection = Selection::new(vec![Pattern::parse(wanted).unwrap()]);
    let (mut told, mut from) = (Told::default(), from);
    loop {
        let read = Read {
            selection: selection.clone(),
            from,
            began: Position::START,
            order,
            messages: 50,
            bytes: 40_000,
        };
        match log.read(&read) {
            Err(error) => {
                told.failed = Some(error);
                return told;
            }
            Ok(page) => {
                let end = page.through == from || page.through == Position::START;
                told.gaps.extend(page.gap);
                match order {
                    Order::Forward => told.messages.extend(page.messages),
                    Order::Backward => told.messages.extend(page.messages.into_iter().rev()),
                }
                if end {
                    return told;
                }
                from = page.through;
            }
        }
    }
}

/// Everything that is asked.
fn ask(log: &SqliteLog) -> Vec<Told> {
    let mut all = Vec::new();
    for wanted in WANTED {
        all.push(tell(log, wanted, Position::START, Order::Forward));
        all.push(tell(log, wanted, Position(MESSAGES + 1), Order::Backward));
        let seconds = [0, MESSAGES / 21, MESSAGES / 9];
        all.extend(seconds.map(|second| match log.find(Time(START + second * 1000)) {
            Ok(place) => tell(log, wanted, place, Order::Forward),
            Err(error) => Told { failed: Some(error), ..Told::default() },
        }));
    }
    all
}

const MISSING: &str = "missing, and nobody says so";

/// Compares what is told with what is right. What a gap says is lost may be missing: the reader knows. What is missing
/// without a gap is told by an error, at the latest where the next message of that channel comes, or the end.
fn compare(told: &Told, right: &Told) -> Result<(), String> {
    let untrue: Vec<&Gap> = told.gaps.iter().filter(|gap| !right.gaps.contains(gap)).collect();
    let lost = |at: Position| untrue.iter().any(|gap| at > gap.from && at <= gap.to);
    let kept =
        |told: &Told| told.messages.iter().filter(|it| !lost(it.position)).cloned().collect::<Vec<_>>();
    let (found, kept) = (kept(told), kept(right));
    let mut missing = Vec::new();
    let mut rest = kept.iter();
    for message in &found {
        loop {
            match rest.next() {
                Some(kept) if kept == message => break,
                Some(kept) => missing.push(kept.position),
                None => {
                    return Err(format!("position {} was never said so, or comes twice", message.position));
                }
            }
        }
    }
    missing.extend(rest.map(|kept| kept.position));
    match (&told.failed, missing.first()) {
        (None, Some(first)) => Err(format!("position {first} is {MISSING}")),
        (None, None) if right.gaps.len() > told.gaps.len() => Err("a gap is not told".into()),
        _ => Ok(()),
    }
}

/// Damages a file. Answers how.
fn harm(bytes: &mut Vec<u8>, rng: &mut Rng) -> String {
    let size = bytes.len();
    // Half of it near the beginning of a page, where the numbers are that hold everything together.
    let place = |rng: &mut Rng| match rng.bool() {
        true => rng.usize(..size),
        false => (rng.usize(..size) / 4096 * 4096 + rng.usize(..64)).min(size - 1),
    };
    match rng.u8(..10) {
        ..7 => {
            let (at, bit) = (place(rng), rng.u8(..8));
            bytes[at] ^= 1 << bit;
            format!("bit {bit} of byte {at} flipped")
        }
        7 => {
            bytes.truncate(place(rng));
            format!("cut to {} bytes", bytes.len())
        }
        8 => {
            let at = place(rng) / 512 * 512;
            let end = (at + 512).min(size);
            bytes[at..end].fill(0);
            format!("512 bytes from {at} blank")
        }
        _ => {
            let (from, to) = (place(rng) / 4096 * 4096, place(rng) / 4096 * 4096);
            let length = 4096.min(size - from.max(to));
            bytes.copy_within(from..from + length, to);
            format!("the page at {from} written to {to}")
        }
    }
}

/// What came of damage.
#[derive(Debug, PartialEq, Eq)]
enum Came {
    Refused,
    Found,
    Checked,
    Harmless,
}

/// Damages a file of a store, opens what is left and asks everything.
fn case(files: &Files, name: &str, right: &[Told], seed: u64) -> Result<Came, String> {
    let (mut files, mut rng) = (files.clone(), Rng::with_seed(seed));
    let how = harm(files.get_mut(name).unwrap(), &mut rng);
    let dir = tempfile::tempdir().unwrap();
    write_files(dir.path(), &files);
    let place = |error: String| format!("seed {seed}, {name}, {how}: {error}");
    // Half of them are as if they were too large to be looked at.
    let unlooked = seed.is_multiple_of(2);
    let look_time = if unlooked { Duration::ZERO } else { Duration::from_secs(1) };
    let log = match open_with(dir.path(), 40, look_time) {
        Ok(log) => log,
        Err(StoreError::Corrupt(_) | StoreError::Unusable(_) | StoreError::Newer { .. }) => {
            let same = read_files(dir.path()) == files;
            return if same { Ok(Came::Refused) } else { Err(place("refused, but changed".into())) };
        }
        Err(error) => return Err(place(error.to_string())),
    };
    let told = ask(&log);
    for (told, right) in told.iter().zip(right) {
        match compare(told, right) {
            // What nothing is chained to is missed by a check alone, of a store that was not looked at.
            Err(error) if unlooked && error.ends_with(MISSING) => {
                drop(log);
                let found = check(dir.path(), &mut |_| ()).map_err(|error| place(error.to_string()))?;
                return if found.damages.is_empty() { Err(place(error)) } else { Ok(Came::Checked) };
            }
            compared => compared.map_err(&place)?,
        }
    }
    let failed = told.iter().any(|told| told.failed.is_some());
    Ok(if failed { Came::Found } else { Came::Harmless })
}

#[test]
fn whatever_is_damaged_what_is_answered_is_right_or_an_error() {
    let cases = std::env::var("FANFARE_DAMAGE_CASES").map_or(120, |cases| cases.parse().unwrap());
    let [killed, closed] = make(40);
    let right = {
        let dir = tempfile::tempdir().unwrap();
        write_files(dir.path(), &closed);
        ask(&open(dir.path()).unwrap())
    };
    assert!(right.iter().all(|told| told.failed.is_none()) && right.iter().any(|told| !told.gaps.is_empty()));
    let subjects = [(&closed, DATABASE), (&killed, DATABASE), (&killed, LOG), (&killed, HEAD)];
    let (mut refused, mut found, mut checked) = (0, 0, 0);
    for seed in 0..cases {
        let (files, name) = subjects[(seed % 7 / 2) as usize];
        match case(files, name, &right, seed).unwrap() {
            Came::Refused => refused += 1,
            Came::Found => found += 1,
            Came::Checked => checked += 1,
            Came::Harmless => {}
        }
    }
    println!(
        "{cases} damaged: {refused} refused, {found} found by reading, {checked} by a check, the rest harmless"
    );
    assert!(refused > 0 && found > 0, "nothing was found");
}

#[test]
fn a_row_that_is_lost_is_missed_wherever_it_was() {
    let [_, closed] = make(40);
    let dir = tempfile::tempdir().unwrap();
    write_files(dir.path(), &closed);
    let right = ask(&open(dir.path()).unwrap());
    let (mut refused, mut found) = (0, 0);
    for lost in (1..=MESSAGES).step_by(3) {
        let dir = tempfile::tempdir().unwrap();
        write_files(dir.path(), &closed);
        let file = Connection::open(dir.path().join(DATABASE)).unwrap();
        file.execute("DELETE FROM message WHERE position = ?1", [lost]).unwrap();
        drop(file);
        match open(dir.path()) {
            Ok(log) => {
                let told = ask(&log);
                let pairs = told.iter().zip(&right);
                pairs.for_each(|(told, right)| compare(told, right).map_err(|it| (lost, it)).unwrap());
                found += u32::from(told.iter().any(|told| told.failed.is_some()));
            }
            Err(StoreError::Corrupt(why)) => {
                assert!(why.contains(&format!("position {lost}, where it ends")), "{why}");
                refused += 1;
            }
            Err(error) => panic!("{error}"),
        }
    }
    println!("{refused} refused, {found} found by reading");
    assert!(refused > 10 && found > 100);
}

#[test]
fn a_write_ahead_log_that_lost_its_end_is_refused_until_somebody_wants_to_go_on_with_what_is_left() {
    // Everything is in the write-ahead log.
    let [killed, _] = make(u32::MAX / 16);
    let dir = tempfile::tempdir().unwrap();
    let mut files = killed.clone();
    let log = files.get_mut(LOG).unwrap();
    log.truncate(log.len() / 2);
    write_files(dir.path(), &files);
    let Err(StoreError::Corrupt(why)) = open(dir.path()) else { panic!("it was opened") };
    assert!(why.contains("it went back") && why.contains(HEAD), "{why}");
    assert_eq!(read_files(dir.path()), files, "it was changed");
    std::fs::write(dir.path().join(HEAD), "").unwrap();
    let log = open(dir.path()).unwrap();
    let epoch = log.status().epoch;
    assert!(log.status().head < Position(MESSAGES));
    drop(log);
    write_files(dir.path(), &killed);
    assert_ne!(open(dir.path()).unwrap().status().epoch, epoch, "readers would not be told");
}

#[test]
fn an_older_copy_of_the_file_is_refused() {
    let [_, closed] = make(40);
    let dir = tempfile::tempdir().unwrap();
    write_files(dir.path(), &closed);
    let log = open(dir.path()).unwrap();
    log.append(vec![draft(1, &mut Rng::with_seed(2))], Time(START * 2)).unwrap();
    drop(log);
    std::fs::write(dir.path().join(DATABASE), &closed[DATABASE]).unwrap();
    assert!(matches!(open(dir.path()), Err(StoreError::Corrupt(_))));
    // Without the note nothing is known of what was.
    std::fs::remove_file(dir.path().join(HEAD)).unwrap();
    assert_eq!(open(dir.path()).unwrap().status().head, Position(MESSAGES));
}
