//! Where the file of an open store is. A file that is removed or replaced while it is open can be written for ever, and all
//! of that is gone when it is closed.

use crate::StoreError;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A file by its name, and which one it is.
pub(super) struct Place {
    path: PathBuf,
    file: Option<(u64, u64)>,
}

impl Place {
    /// The file of this name, as it is now.
    pub(super) fn of(path: &Path) -> Place {
        Place { path: path.to_owned(), file: file_at(path) }
    }

    /// Refuses if it is another file now, or none.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        if file_at(&self.path) == self.file {
            return Ok(());
        }
        let text = format!(
            "{} was removed, moved or replaced while the server has it: what is written now is lost when it ends",
            self.path.display()
        );
        Err(StoreError::Failed(text))
    }
}

fn file_at(path: &Path) -> Option<(u64, u64)> {
    let is = |file: Metadata| (file.dev(), file.ino());
    std::fs::metadata(path).ok().map(is)
}
