//! The power goes while a store is at work, and the disk keeps, reorders and tears what was not synced as it likes.
//! The store opens again and holds what it held after the last thing it acknowledged, or, whole, after the one that
//! was under way: never less, never a part, never anything else. `FANFARE_POWER_POINTS` sets how often it goes.

// A panic is how a test says that something is wrong; figures are printed.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod disk;
mod failed_sync;
mod life;
mod snapshot;
mod vfs;

use disk::{Disk, Files, Syncs};
use fanfare_proto::{Epoch, Time};
use fastrand::Rng;
use life::{Life, PATTERNS};
use snapshot::Snapshot;
use std::fmt::Display;
use std::path::Path;
use vfs::Vfs;

/// Each life but the first begins with what a power loss left.
const LIVES: usize = 3;
/// In each life the power goes so often.
const POINTS_OF_LIFE: usize = 5;

fn write_files(dir: &Path, files: &Files) {
    for (name, content) in files {
        std::fs::write(dir.join(name), content).unwrap();
    }
}

/// The epoch of a store that is just being made: if the power goes, the next one has another.
const UNMADE: Epoch = Epoch(0);

/// What the store may hold after the power went behind so many operations: what was acknowledged and, if something
/// was under way, what that was to make of it. `before`: what it held before this life, if there was another one.
fn possible(life: &Life, before: Option<&Snapshot>, ops: usize) -> Vec<Snapshot> {
    let opened = &life.moments[0].after;
    let before = before.cloned().unwrap_or_else(|| opened.in_epoch(UNMADE));
    let done = life.moments.iter().rev().find(|moment| moment.done <= ops);
    let under_way = life.moments.iter().find(|moment| moment.asked < ops && moment.done > ops);
    let acknowledged = done.map_or(before, |moment| moment.after.clone());
    std::iter::once(acknowledged).chain(under_way.map(|moment| moment.after.clone())).collect()
}

/// Opens what is left, holds it against what may be, and goes on with it. Answers what it was of that.
fn check(files: &Files, possible: &[Snapshot], clock: u64, rng: &mut Rng) -> Result<Snapshot, String> {
    let dir = tempfile::tempdir().unwrap();
    write_files(dir.path(), files);
    let log = life::open(dir.path(), None).map_err(|error| format!("it does not open: {error}"))?;
    let found = Snapshot::of(&log, &PATTERNS);
    let unmade = found.in_epoch(UNMADE);
    let expected = possible.iter().find(|snapshot| **snapshot == found || **snapshot == unmade);
    let Some(expected) = expected else {
        let differences = possible.iter().map(|snapshot| found.difference(snapshot));
        return Err(differences.collect::<Vec<_>>().join("\n or "));
    };
    life::go_on(&log, Time(clock), rng)?;
    drop(log);
    let damages = fanfare_store::check(dir.path(), &mut |_| ()).map_err(|error| error.to_string())?.damages;
    if damages.is_empty() { Ok(expected.clone()) } else { Err(format!("{damages:#?}")) }
}

/// Loses power at random points of a life. Answers what one of these left: files, and what the store made of them.
fn lose_power(
    life: &Life,
    began: &State,
    clock: u64,
    disk: &mut Disk,
    rng: &mut Rng,
) -> Result<State, String> {
    let mut points: Vec<usize> = (0..POINTS_OF_LIFE).map(|_| rng.usize(..=life.ops.len())).collect();
    points.sort_unstable();
    let (mut applied, mut left) = (0, Vec::new());
    for point in points {
        life.ops[applied..point].iter().for_each(|op| disk.apply(op));
        applied = point;
        let files = disk.crash(rng);
        let possible = possible(life, began.holds.as_ref(), point);
        let found = check(&files, &possible, clock, rng);
        let place = |error| format!("after {point} of {} operations: {error}", life.ops.len());
        left.push(State { files, holds: Some(found.map_err(place)?) });
    }
    Ok(left.swap_remove(rng.usize(..left.len())))
}

/// A store on a disk.
#[derive(Default)]
struct State {
    files: Files,
    holds: Option<Snapshot>,
}

/// Several lives, each begun with what a power loss left of the one before.
fn history(seed: u64, syncs: Syncs, vfs: &Vfs) -> Result<(), String> {
    let mut rng = Rng::with_seed(seed);
    let (mut state, mut clock) = (State::default(), 1_000_000);
    for number in 0..LIVES {
        let dir = tempfile::tempdir().unwrap();
        write_files(dir.path(), &state.files);
        let place = |error: &dyn Display| format!("history {seed}, life {number}: {error}");
        let life = life::live(dir.path(), vfs, &mut clock, &mut rng).map_err(|error| place(&error))?;
        let mut disk = Disk::new(state.files.clone(), syncs);
        state = lose_power(&life, &state, clock, &mut disk, &mut rng).map_err(|error| place(&error))?;
    }
    Ok(())
}

#[test]
fn what_was_acknowledged_survives_and_the_store_opens() {
    let points = std::env::var("FANFARE_POWER_POINTS").map_or(200, |points| points.parse().unwrap());
    let (vfs, histories) = (Vfs::register(), usize::div_ceil(points, LIVES * POINTS_OF_LIFE) as u64);
    for seed in 0..histories {
        history(seed, Syncs::Obeyed, &vfs).unwrap();
        if seed % 50 == 49 {
            println!("{} points", (seed + 1) as usize * LIVES * POINTS_OF_LIFE);
        }
    }
    let points = histories as usize * LIVES * POINTS_OF_LIFE;
    println!("{points} power losses: 0 acknowledged lost, every store opened");
}

#[test]
fn a_disk_that_ignores_syncs_is_caught() {
    let vfs = Vfs::register();
    assert!((0..10).any(|seed| history(seed, Syncs::Ignored, &vfs).is_err()));
}
