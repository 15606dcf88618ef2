//! A file that takes the place of another one once it is whole. Until then it has a name of its own beside it, and unless
//! it gets there, nothing is left of it.

use super::own::is_of_store;
use super::target::create_new;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::on_interrupt;
use crate::stderr::tell;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file on its way.
pub struct Replacement {
    /// What is replaced; not a link to it.
    path: PathBuf,
    unfinished: PathBuf,
    file: File,
}

impl Replacement {
    /// Begins a file in place of one that is there and is not the store's.
    pub fn begin(path: &Path, data: &Path) -> Result<Replacement, Failure> {
        let refuse = |what: String, next: &str| Err(Failure::new(Exit::FAILED, what).next(next));
        if !path.is_file() {
            return refuse(format!("{} is not a file", path.display()), "name a file; - is stdout");
        }
        if is_of_store(path, data) {
            return refuse(
                format!("{} belongs to the store itself", path.display()),
                "name a file elsewhere",
            );
        }
        let path = path.canonicalize().map_err(|error| trouble(path, &error))?;
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".unfinished-{:016x}", fastrand::u64(..)));
        let unfinished = PathBuf::from(name);
        let (left, kept) = (unfinished.clone(), path.display().to_string());
        on_interrupt(move || {
            let _ = fs::remove_file(left);
            tell(format_args!("interrupted: {kept} is as it was, and nothing of the new export is left"));
            std::process::exit(Exit::INTERRUPTED.number.into());
        })?;
        let file = create_new(&unfinished).map_err(|error| trouble(&unfinished, &error))?;
        Ok(Replacement { path, unfinished, file })
    }

    pub(super) fn write(&mut self, lines: &[u8]) -> Result<(), Failure> {
        self.file.write_all(lines).map_err(|error| trouble(&self.path, &error))
    }

    /// What is there may have what this one has not.
    pub(super) fn finish(self, unreadable: u64) -> Result<(), Failure> {
        if unreadable > 0 {
            let what = format!(
                "{unreadable} parts of the store could not be read, and {} was left as it is",
                self.path.display()
            );
            return Err(Failure::new(Exit::DAMAGED, what).next("export what can be read to another file"));
        }
        let named = || {
            self.file.sync_all()?;
            fs::rename(&self.unfinished, &self.path)?;
            self.path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
        };
        named().map_err(|error| trouble(&self.path, &error))
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        // Once it has its name there is nothing.
        let _ = fs::remove_file(&self.unfinished);
    }
}

fn trouble(path: &Path, error: &io::Error) -> Failure {
    let failure = Failure::io(format_args!("{} cannot be written", path.display()), error);
    failure.next(
        "what was there is as it was; look whether the disk has room and this user may write to the folder",
    )
}
