//! A folder as the configuration writes it.

use serde::Deserialize;
use std::path::PathBuf;

#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(in super::super) struct Folder(pub(in super::super) PathBuf);

impl TryFrom<String> for Folder {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Folder, Self::Error> {
        if text.trim().is_empty() { Err("it is empty") } else { Ok(Folder(text.into())) }
    }
}
