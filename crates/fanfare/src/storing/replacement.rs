//! A file that takes the place of another one once it is whole. Until then it has a name of its own beside it, and unless
//! it gets there, nothing is left of it.

use super::trouble::of_copy;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::on_interrupt;
use crate::stderr::tell;
use fanfare_store::{Unfinished, is_of_a_server};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file on its way.
pub struct Replacement {
    /// What is replaced; not a link to it.
    path: PathBuf,
    /// The folder of the store.
    data: PathBuf,
    file: Unfinished,
}

impl Replacement {
    /// Begins a file in place of one that is there and is not the store's.
    pub fn begin(path: &Path, data: &Path) -> Result<Replacement, Failure> {
        let refuse = |what: String, next: &str| Err(Failure::new(Exit::FAILED, what).next(next));
        if !path.is_file() {
            return refuse(format!("{} is not a file", path.display()), "name a file; - is stdout");
        }
        if is_of_a_server(data, path) {
            return refuse(
                format!("{} belongs to the store itself", path.display()),
                "name a file elsewhere",
            );
        }
        let path = path.canonicalize().map_err(|error| trouble(path, &error))?;
        let file = Unfinished::begin(&path).map_err(|error| of_copy(data, error))?;
        let (left, kept) = (file.path().to_owned(), path.display().to_string());
        on_interrupt(move || {
            let _ = fs::remove_file(left);
            tell(format_args!("interrupted: {kept} is as it was, and nothing of the new export is left"));
            std::process::exit(Exit::INTERRUPTED.number.into());
        })?;
        Ok(Replacement { path, data: data.to_owned(), file })
    }

    pub(super) fn write(&mut self, lines: &[u8]) -> Result<(), Failure> {
        self.file.file().write_all(lines).map_err(|error| trouble(&self.path, &error))
    }

    /// What is there may have what this one has not.
    pub(super) fn finish(mut self, unreadable: u64) -> Result<(), Failure> {
        if unreadable > 0 {
            let what = format!(
                "{unreadable} parts of the store could not be read, and {} was left as it is",
                self.path.display()
            );
            return Err(Failure::new(Exit::DAMAGED, what).next("export what can be read to another file"));
        }
        self.file.file().sync_all().map_err(|error| trouble(&self.path, &error))?;
        self.file.name(&self.path).map_err(|error| of_copy(&self.data, error))
    }
}

fn trouble(path: &Path, error: &io::Error) -> Failure {
    let failure = Failure::io(format_args!("{} cannot be written", path.display()), error);
    failure.next(
        "what was there is as it was; look whether the disk has room and this user may write to the folder",
    )
}
