//! Yes or no.

use super::Written;

/// `true` or `false`.
pub(in super::super) struct Switch(pub(in super::super) bool);

impl TryFrom<Written> for Switch {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Switch, Self::Error> {
        match &*written.single()? {
            "true" | "1" => Ok(Switch(true)),
            "false" | "0" => Ok(Switch(false)),
            _ => Err("it is neither `true` nor `false`"),
        }
    }
}
