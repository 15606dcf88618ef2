//! Why a store was not copied: to a backup, from one, or to lines.

use crate::StoreError;
use std::io;
use std::path::{Path, PathBuf};

/// Why a store was not copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The store that was to be copied, or the folder it was to be copied to.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file or a folder.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// There is a store already.
    #[error("{} has a store already", .0.display())]
    Occupied(PathBuf),
    /// A file that is to be replaced is somebody's store.
    #[error("{} is the store of a server, or part of one, and was left as it is", .0.display())]
    InUse(PathBuf),
    /// Somebody else is copying to there.
    #[error("another copy to {} is being made", .0.display())]
    Twice(PathBuf),
    /// What was copied is damaged, or was not copied as it is.
    #[error("the copy is not sound, and was thrown away: {0}")]
    Unsound(String),
}

/// Names the file of an error.
pub(super) fn at(path: &Path) -> impl Fn(io::Error) -> CopyError {
    let path = path.to_owned();
    move |error| CopyError::File { path: path.clone(), error }
}
