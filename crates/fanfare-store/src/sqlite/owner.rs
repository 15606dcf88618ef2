//! Whose a file is: what root makes in another user's folder is that user's, whose server has to write it.

use rustix::fs::OFlags;
use std::fs::{OpenOptions, symlink_metadata};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, lchown};
use std::path::Path;

/// How a file is made that nobody but the server needs: where a link lies, nothing is opened.
pub(super) fn making() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
    options
}

/// Makes a folder and those above it that are missing.
pub(super) fn make_folder(folder: &Path) -> std::io::Result<()> {
    let above = folder.ancestors().take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists());
    let missing: Vec<&Path> = above.collect();
    std::fs::create_dir_all(folder)?;
    // The highest first: each is of whoever has the one above.
    missing.into_iter().rev().for_each(hand_over);
    Ok(())
}

/// Gives what root has made to the owner of its folder. No link is followed, and nothing is given that lies elsewhere, too:
/// the owner of a folder could make root give away any file. Where that is not allowed, all stays as it is.
pub fn hand_over(made: &Path) {
    let folder = made.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (Ok(has), Ok(wants)) = (symlink_metadata(made), std::fs::metadata(folder)) else { return };
    let alone = has.is_dir() || has.is_file() && has.nlink() == 1;
    if alone && has.uid() == 0 && wants.uid() != 0 {
        let _ = lchown(made, Some(wants.uid()), Some(wants.gid()));
    }
}
