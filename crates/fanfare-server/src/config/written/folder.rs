//! A folder as the configuration writes it.

use super::Written;
use std::path::PathBuf;

/// A path.
pub(in super::super) struct Folder(pub(in super::super) PathBuf);

impl TryFrom<Written> for Folder {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Folder, Self::Error> {
        let text = written.text()?;
        if text.trim().is_empty() { Err("it is empty") } else { Ok(Folder(text.into())) }
    }
}
