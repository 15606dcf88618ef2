//! Where the lines of an export go. Whoever makes a file of messages is the only one who may read it.

use crate::exit::Exit;
use crate::failure::Failure;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Where lines go.
pub enum Target {
    /// Whoever reads stdout.
    Stdout,
    /// A file with its name from the beginning, so that what is interrupted can be gone on with.
    File(PathBuf, File),
}

impl Target {
    /// A new file, or one to be replaced.
    pub fn create(path: &Path, replace: bool) -> Result<Target, Failure> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(replace).create_new(!replace).mode(0o600);
        match options.open(path) {
            Ok(file) => Ok(Target::File(path.to_owned(), file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let what = format!("{} exists already, and was left as it is", path.display());
                let next = "--resume goes on after its last line; --force replaces it";
                Err(Failure::new(Exit::FAILED, what).next(next))
            }
            Err(error) => Err(trouble(path, &error)),
        }
    }

    pub(super) fn write(&mut self, lines: &[u8]) -> Result<(), Failure> {
        match self {
            Target::Stdout => {
                io::stdout().lock().write_all(lines).map_err(|error| Failure::of_output(&error))
            }
            Target::File(path, file) => file.write_all(lines).map_err(|error| trouble(path, &error)),
        }
    }

    pub(super) fn finish(self) -> Result<(), Failure> {
        match self {
            Target::Stdout => io::stdout().lock().flush().map_err(|error| Failure::of_output(&error)),
            Target::File(path, file) => file.sync_all().map_err(|error| trouble(&path, &error)),
        }
    }
}

/// Why a file cannot be written that can be gone on with.
pub(super) fn trouble(path: &Path, error: &io::Error) -> Failure {
    let failure = Failure::io(format_args!("{} cannot be written", path.display()), error);
    match error.kind() {
        io::ErrorKind::StorageFull => failure.next("make room on the disk; --resume goes on where it ended"),
        _ => failure,
    }
}
