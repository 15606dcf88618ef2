//! Terminals and colours.

use std::env;
use std::fmt;
use std::io::{self, IsTerminal};

/// Whether and how text is coloured.
#[derive(Debug, Clone, Copy)]
pub struct Paint(bool);

impl Paint {
    /// For stdout: colours on a terminal, unless `NO_COLOR` is set (no-color.org) or the terminal is dumb.
    pub fn stdout() -> Paint {
        Paint(io::stdout().is_terminal() && colours_are_wanted())
    }

    /// For stderr, likewise.
    pub fn stderr() -> Paint {
        Paint(io::stderr().is_terminal() && colours_are_wanted())
    }

    /// Whether there are colours.
    pub fn is_on(self) -> bool {
        self.0
    }

    /// Less important text.
    pub fn dim(self, text: impl fmt::Display) -> String {
        self.wrap("2", text)
    }

    /// What one looks for.
    pub fn strong(self, text: impl fmt::Display) -> String {
        self.wrap("1;36", text)
    }

    fn wrap(self, code: &str, text: impl fmt::Display) -> String {
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
    }
}

fn colours_are_wanted() -> bool {
    let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    !set("NO_COLOR") && env::var_os("TERM").is_none_or(|term| term != "dumb")
}
