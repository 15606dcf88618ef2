//! A file that grows beside where it is to be, under a name that says so, and gets its own once it is whole.

use super::copy_error::{CopyError, at};
use super::owner;
use std::fs::{File, Permissions, TryLockError, symlink_metadata};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Whose such files are: messages are not for everybody on the machine.
const MODE: u32 = 0o600;

/// Where a file grows before it has its name.
pub fn unfinished(file: &Path) -> PathBuf {
    beside(file, ".unfinished")
}

/// The file whose name goes on where that of another ends.
pub(super) fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// A file that grows. Unless it gets its name, nothing is left of it; what somebody left who was killed is taken over.
pub struct Unfinished {
    path: PathBuf,
    /// Locked: one at a time grows under this name.
    file: File,
    named: bool,
}

impl Unfinished {
    /// An empty file beside this one that nobody else grows.
    pub fn begin(file: &Path) -> Result<Unfinished, CopyError> {
        let path = unfinished(file);
        let failed = at(&path);
        loop {
            let opened =
                owner::making().read(true).truncate(false).mode(MODE).open(&path).map_err(&failed)?;
            match opened.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(CopyError::Twice(file.to_owned())),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
            // Whoever had it before may have given it its own name meanwhile, or removed it.
            let (has, is) = (symlink_metadata(&path), opened.metadata().map_err(&failed)?);
            if has.is_ok_and(|has| (has.dev(), has.ino()) == (is.dev(), is.ino())) {
                let begun = Unfinished { path: path.clone(), file: opened, named: false };
                begun.file.set_permissions(Permissions::from_mode(MODE)).map_err(&failed)?;
                begun.file.set_len(0).map_err(&failed)?;
                return Ok(begun);
            }
        }
    }

    /// Where it grows.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it grows by.
    pub fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Whether it has its name.
    pub fn is_named(&self) -> bool {
        self.named
    }

    /// Gives it its name, in place of what may have it, and syncs the folder. What root has made is of whoever has the folder.
    pub fn name(&mut self, file: &Path) -> Result<(), CopyError> {
        owner::hand_over(&self.path);
        std::fs::rename(&self.path, file).map_err(at(file))?;
        self.named = true;
        sync_folder_of(file)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.named {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Makes the entry of a file in its folder lasting.
pub(super) fn sync_folder_of(file: &Path) -> Result<(), CopyError> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(folder))
}
