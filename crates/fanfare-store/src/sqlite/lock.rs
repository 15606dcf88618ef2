//! One server per data directory.

use super::error::of_file;
use super::owner;
use crate::StoreError;
use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

/// The name of the lock file in a data directory.
pub(super) const NAME: &str = "fanfare.lock";

/// The right to use a data directory, held as long as this lives. The system takes the lock away when the process
/// ends, however it ends; the file stays and says which process had it.
pub(super) struct DirLock {
    _file: File,
}

impl DirLock {
    pub(super) fn take(dir: &Path) -> Result<DirLock, StoreError> {
        let path = dir.join(NAME);
        let unusable = |error| of_file(&path, &error);
        let open = owner::making().read(true).truncate(false).open(&path);
        let mut file = open.map_err(unusable)?;
        owner::hand_over(&path);
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = file.read_to_string(&mut holder);
                return Err(StoreError::InUse(format!(
                    "{} is used by another server, process {}",
                    dir.display(),
                    holder.trim()
                )));
            }
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
        }
        let written = file.set_len(0).and_then(|()| file.rewind());
        written.and_then(|()| writeln!(file, "{}", std::process::id())).map_err(unusable)?;
        Ok(DirLock { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_the_first_is() {
        let dir = tempfile::tempdir().unwrap();
        let first = DirLock::take(dir.path()).unwrap();
        let Err(StoreError::InUse(text)) = DirLock::take(dir.path()) else {
            panic!("the lock is taken twice")
        };
        assert!(text.ends_with(&format!("process {}", std::process::id())), "{text}");
        drop(first);
        assert!(DirLock::take(dir.path()).is_ok());
    }
}
