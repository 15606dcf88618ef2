//! How fast something goes.

use super::Written;
use fanfare_proto::{parse_bytes, parse_rate};

/// Messages a second: `10`, `0.5`. Milliseconds between two; none for 0.
pub(in super::super) struct Rate(pub(in super::super) Option<u32>);

impl TryFrom<Written> for Rate {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        match written.single()?.as_str() {
            "0" => Ok(Rate(None)),
            text => parse_rate(text).map(|every| Rate(Some(every))).map_err(|_| "it is no such number"),
        }
    }
}

/// Messages a second as TOML.
pub(in super::super) fn shown_rate(every: Option<u32>) -> String {
    match every {
        None => "0".to_owned(),
        Some(every) if 1000 % every == 0 => (1000 / every).to_string(),
        Some(every) => (1000.0 / f64::from(every)).to_string(),
    }
}

/// Bytes a second: `50k`, `64KiB`; none for 0.
pub(in super::super) struct Speed(pub(in super::super) Option<u32>);

impl TryFrom<Written> for Speed {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        match written.single()?.as_str() {
            "0" => Ok(Speed(None)),
            text => parse_bytes(text).map(|bytes| Speed(Some(bytes))).map_err(|_| "it is no such number"),
        }
    }
}
