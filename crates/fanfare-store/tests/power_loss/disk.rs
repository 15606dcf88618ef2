//! A disk as it may look after the power went: what was synced is there; of what was not, anything may be.

use crate::vfs::{FileId, Op};
use fastrand::Rng;
use std::collections::BTreeMap;

/// The files of a directory, by name.
pub type Files = BTreeMap<String, Vec<u8>>;

/// What a disk writes in one piece.
const SECTOR: usize = 512;

/// What a disk does with a request to sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Syncs {
    #[default]
    Obeyed,
    Ignored,
}

#[derive(Debug, Clone)]
enum Change {
    Write { at: usize, data: Vec<u8> },
    Truncate { size: usize },
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Change::Truncate { size } => content.resize(*size, 0),
            Change::Write { at, data } => {
                content.resize(content.len().max(at + data.len()), 0);
                content[*at..at + data.len()].copy_from_slice(data);
            }
        }
    }

    /// The same in pieces, each of which a disk may write or not.
    fn pieces(&self) -> Vec<Change> {
        let Change::Write { at, data } = self else { return vec![self.clone()] };
        let (mut pieces, mut from) = (Vec::new(), 0);
        while from < data.len() {
            let until = data.len().min(((at + from) / SECTOR + 1) * SECTOR - at);
            pieces.push(Change::Write { at: at + from, data: data[from..until].to_vec() });
            from = until;
        }
        pieces
    }
}

/// A file's content: what is on the disk, and what may be.
#[derive(Debug, Default)]
struct Content {
    synced: Vec<u8>,
    pending: Vec<Change>,
}

/// What happened to a name in the directory and may not be on the disk yet.
#[derive(Debug)]
struct Naming {
    name: String,
    file: Option<FileId>,
}

/// A disk, followed through everything that is done to it.
#[derive(Debug, Default)]
pub struct Disk {
    files: BTreeMap<FileId, Content>,
    names: BTreeMap<String, FileId>,
    /// Files that were there and were not opened yet.
    untouched: Files,
    syncs: Syncs,
    /// In order: a directory changes on the disk in the order in which it was changed.
    namings: Vec<Naming>,
}

impl Disk {
    pub fn new(files: Files, syncs: Syncs) -> Disk {
        Disk { untouched: files, syncs, ..Disk::default() }
    }

    pub fn apply(&mut self, op: &Op) {
        match op {
            Op::Open { file, name } => {
                let found = self.untouched.remove(name);
                if found.is_some() {
                    self.names.insert(name.clone(), *file);
                } else {
                    self.namings.push(Naming { name: name.clone(), file: Some(*file) });
                }
                let synced = found.unwrap_or_default();
                self.files.insert(*file, Content { synced, pending: Vec::new() });
            }
            Op::Write { file, at, data } => {
                let change = Change::Write { at: *at as usize, data: data.clone() };
                self.files.get_mut(file).unwrap().pending.push(change);
            }
            Op::Truncate { file, size } => {
                let change = Change::Truncate { size: *size as usize };
                self.files.get_mut(file).unwrap().pending.push(change);
            }
            Op::Sync { .. } if self.syncs == Syncs::Ignored => {}
            Op::Sync { file } => {
                let content = self.files.get_mut(file).unwrap();
                content.pending.drain(..).for_each(|change| change.apply(&mut content.synced));
                // With a new file its name is synced, and what was done to the directory before.
                if let Some(at) = self.namings.iter().position(|naming| naming.file == Some(*file)) {
                    self.name_first(at + 1);
                }
            }
            Op::FailedSync { file } => self.files.get_mut(file).unwrap().pending.clear(),
            Op::Delete { name, synced } => {
                self.namings.push(Naming { name: name.clone(), file: None });
                if *synced && self.syncs == Syncs::Obeyed {
                    self.name_first(self.namings.len());
                }
            }
        }
    }

    fn name_first(&mut self, count: usize) {
        let namings: Vec<Naming> = self.namings.drain(..count).collect();
        namings.iter().for_each(|naming| rename(&mut self.names, naming));
    }

    /// The directory as it may look if the power goes now.
    pub fn crash(&self, rng: &mut Rng) -> Files {
        let mut names = self.names.clone();
        let named = rng.usize(..=self.namings.len());
        self.namings[..named].iter().for_each(|naming| rename(&mut names, naming));
        let named = names.into_iter().map(|(name, file)| (name, self.files[&file].crash(rng)));
        self.untouched.clone().into_iter().chain(named).collect()
    }
}

fn rename(names: &mut BTreeMap<String, FileId>, naming: &Naming) {
    match naming.file {
        Some(file) => names.insert(naming.name.clone(), file),
        None => names.remove(&naming.name),
    };
}

impl Content {
    fn crash(&self, rng: &mut Rng) -> Vec<u8> {
        let mut content = self.synced.clone();
        let mut pieces: Vec<Change> = self.pending.iter().flat_map(Change::pieces).collect();
        let chance = [0.0, 0.1, 0.5, 0.9, 1.0][rng.usize(..5)];
        pieces.retain(|_| rng.f64() < chance);
        if rng.bool() {
            rng.shuffle(&mut pieces);
        }
        pieces.iter().for_each(|piece| piece.apply(&mut content));
        content
    }
}
