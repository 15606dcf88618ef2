//! A store's refusals as ways to end, with what to do next.

use crate::exit::Exit;
use crate::failure::Failure;
use fanfare_store::{CopyError, StoreError};
use std::io::ErrorKind;
use std::path::Path;

/// Why a store cannot be used.
pub fn of_store(store: &Path, error: StoreError) -> Failure {
    let at = store.display();
    let (exit, what, next) = match error {
        StoreError::InUse(text) => {
            (Exit::FAILED, text, "stop the server first; it can be started again afterwards")
        }
        StoreError::Corrupt(text) => (
            Exit::DAMAGED,
            format!("{at} is damaged: {text}"),
            "restore a backup with `fanfare db restore`, or take what can be read with `fanfare db export`",
        ),
        StoreError::Full(text) => (Exit::FAILED, text, "make room on the disk, and try again"),
        StoreError::Unusable(text) => {
            (Exit::FAILED, text, "--data names the folder of a store; look whether this user may read it")
        }
        error @ StoreError::Newer { .. } => {
            (Exit::FAILED, format!("{at}: {error}"), "use the newer version of this command, too")
        }
        StoreError::Failed(text) => (
            Exit::FAILED,
            format!("{at} cannot be used: {text}"),
            "look at the disk, and whether this user may read and write here; try as the server's user",
        ),
    };
    Failure::new(exit, what).next(next)
}

/// Why a store was not copied.
pub fn of_copy(store: &Path, error: CopyError) -> Failure {
    match error {
        CopyError::Store(error) => of_store(store, error),
        CopyError::File { path, error } => {
            let failure = Failure::io(format_args!("{} cannot be written", path.display()), &error);
            match error.kind() {
                ErrorKind::StorageFull => failure.next("make room on the disk, or choose another one"),
                _ => failure.next("look whether the folder is there and this user may write to it"),
            }
        }
        CopyError::Occupied(path) => {
            let what = format!("there is a store in {} already, and it was left as it is", path.display());
            Failure::new(Exit::FAILED, what)
                .next("--force moves it aside; or choose an empty folder with --data")
        }
        CopyError::InUse(_) => Failure::new(Exit::FAILED, error.to_string()).next("name a file elsewhere"),
        CopyError::Twice(_) => Failure::new(Exit::FAILED, error.to_string()).next("wait until it is done"),
        CopyError::Unsound(_) => {
            let next = format!(
                "`fanfare db check {}` says what is damaged; if nothing is, the disk that was copied to is",
                store.display()
            );
            Failure::new(Exit::DAMAGED, error.to_string()).next(next)
        }
    }
}
