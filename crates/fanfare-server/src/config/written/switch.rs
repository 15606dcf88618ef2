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
        written.0.parse().map(Switch).map_err(|_| "it is neither `true` nor `false`")
    }
}
