//! Yes or no.

use super::Written;
use serde::Deserialize;

/// `true` or `false`.
#[derive(Deserialize)]
#[serde(try_from = "Written")]
pub(in super::super) struct Switch(pub(in super::super) bool);

impl TryFrom<Written> for Switch {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Switch, Self::Error> {
        match &*written.0 {
            "true" | "1" => Ok(Switch(true)),
            "false" | "0" => Ok(Switch(false)),
            _ => Err("it is neither `true` nor `false`"),
        }
    }
}
