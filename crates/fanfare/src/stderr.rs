//! What people are told beside the output.

use std::fmt;
use std::io::{self, Write};

/// A line on stderr. When that is gone there is nobody left to tell.
pub fn tell(line: impl fmt::Display) {
    let _ = writeln!(io::stderr(), "{line}");
}
