//! Lines on stdout.

use crate::failure::Failure;
use std::io::{self, Write};

/// Writes a line and sends it off: what was written was shown. A line end is added where there is none.
pub fn write_line(text: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let end: &[u8] = if text.ends_with(b"\n") { b"" } else { b"\n" };
    let written = out.write_all(text).and_then(|()| out.write_all(end)).and_then(|()| out.flush());
    written.map_err(|error| Failure::of_output(&error))
}
