//! Where the lines of an export go. Whoever makes a file of messages is the only one who may read it.

use super::replacement::Replacement;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::on_interrupt;
use crate::stderr::tell;
use fanfare_store::hand_over;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Where lines go.
pub enum Target {
    /// Whoever reads stdout.
    Stdout,
    /// A file with its name from the beginning, so that what is interrupted can be gone on with.
    File(PathBuf, File),
    /// A file that takes the place of another one at the end.
    Replacement(Replacement),
}

impl Target {
    /// A new file.
    pub fn create(path: &Path) -> Result<Target, Failure> {
        match create_new(path) {
            Ok(file) => {
                hand_over(path);
                Ok(Target::File(path.to_owned(), file))
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let what = format!("{} exists already, and was left as it is", path.display());
                let next = "--resume goes on after its last line; --force replaces it";
                Err(Failure::new(Exit::FAILED, what).next(next))
            }
            Err(error) => Err(trouble(path, &error)),
        }
    }

    /// A new file, which takes the place of what is there once it is whole.
    pub fn replace(path: &Path, data: &Path) -> Result<Target, Failure> {
        match path.metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Target::create(path),
            Err(error) => Err(trouble(path, &error)),
            Ok(_) => Ok(Target::Replacement(Replacement::begin(path, data)?)),
        }
    }

    /// Has an interrupt say up to which position everything is written, and how to go on.
    pub(super) fn on_interrupt(&self, written: Arc<AtomicU64>) -> Result<(), Failure> {
        let (what, file) = match self {
            Target::Stdout => ("everything is written".to_owned(), false),
            Target::File(path, _) => (format!("{} has everything", path.display()), true),
            // It says itself what is left.
            Target::Replacement(_) => return Ok(()),
        };
        on_interrupt(move || {
            let position = written.load(Relaxed);
            let how = if file { "--resume".to_owned() } else { format!("--after {position}") };
            tell(format_args!("interrupted: {what} up to position {position}; {how} goes on there"));
            std::process::exit(Exit::INTERRUPTED.number.into());
        })
    }

    pub(super) fn write(&mut self, lines: &[u8]) -> Result<(), Failure> {
        match self {
            Target::Stdout => {
                io::stdout().lock().write_all(lines).map_err(|error| Failure::of_output(&error))
            }
            Target::File(path, file) => file.write_all(lines).map_err(|error| trouble(path, &error)),
            Target::Replacement(replacement) => replacement.write(lines),
        }
    }

    /// All is written but so many parts, which could not be read.
    pub(super) fn finish(self, unreadable: u64) -> Result<(), Failure> {
        match self {
            Target::Stdout => io::stdout().lock().flush().map_err(|error| Failure::of_output(&error)),
            Target::File(path, file) => file.sync_all().map_err(|error| trouble(&path, &error)),
            Target::Replacement(replacement) => replacement.finish(unreadable),
        }
    }
}

/// Makes a file of this user's only; where something is, even a link, nothing is made.
fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Why a file cannot be written that can be gone on with.
pub(super) fn trouble(path: &Path, error: &io::Error) -> Failure {
    let failure = Failure::io(format_args!("{} cannot be written", path.display()), error);
    match error.kind() {
        io::ErrorKind::StorageFull => failure.next("make room on the disk; --resume goes on where it ended"),
        _ => failure,
    }
}
