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
        StoreError::Corrupt(text) => {
            let what = format!("{at} is damaged: {text}");
            return Failure::new(Exit::DAMAGED, what).next(after_damage(store));
        }
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

/// What to do when a store, or a backup, is damaged: commands that can be typed, with names for what is to be chosen.
pub fn after_damage(store: &Path) -> String {
    let at = typed(store);
    let restore = match store.is_file() {
        true => "take an older backup".to_owned(),
        false => format!("restore a backup with `fanfare db restore BACKUP --data {at} --force`"),
    };
    format!(
        "keep a copy of it; then {restore}, or take what can be read with `fanfare db export SAVED --data {at}` and put it \
         into an empty folder with `fanfare db import SAVED --data EMPTY`"
    )
}

/// A path as it is typed into a shell.
fn typed(path: &Path) -> String {
    let path = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+,:@%".contains(c);
    if path.chars().all(plain) { path } else { format!("'{}'", path.replace('\'', "'\\''")) }
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
