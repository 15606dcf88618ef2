//! Why a command could not do what it was asked to, and what to do next.

use crate::exit::Exit;
use crate::stderr::tell;
use fanfare_server::{ConfigError, StartError};
use fanfare_store::StoreError;
use std::fmt::Display;
use std::io;

/// Why a command failed.
#[derive(Debug)]
pub struct Failure {
    /// How the command ends.
    pub exit: Exit,
    /// What was wrong.
    pub what: String,
    /// What to do next.
    pub next: Option<String>,
}

impl Failure {
    /// A failure without advice.
    pub fn new(exit: Exit, what: impl Into<String>) -> Failure {
        Failure { exit, what: what.into(), next: None }
    }

    /// The same with advice.
    #[must_use]
    pub fn next(self, advice: impl Into<String>) -> Failure {
        Failure { next: Some(advice.into()), ..self }
    }

    /// A file or stream that did not do what it should.
    pub fn io(doing: impl Display, error: &io::Error) -> Failure {
        Failure::new(Exit::FAILED, format!("{doing}: {error}"))
    }

    /// Says it on stderr. Whoever ends without a word, because nobody listens any more, says nothing.
    pub fn report(&self) {
        if self.what.is_empty() {
            return;
        }
        tell(format_args!("error: {}", self.what));
        if let Some(next) = &self.next {
            tell(format_args!("       {next}"));
        }
    }

    /// What writing to stdout came to. A reader that has left, as `head` does, wants no more, and that is no error.
    pub fn of_output(error: &io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::new(Exit::DONE, ""),
            _ => Failure::io("stdout cannot be written", error),
        }
    }
}

impl From<Vec<ConfigError>> for Failure {
    /// One line for each.
    fn from(errors: Vec<ConfigError>) -> Failure {
        let lines: Vec<String> = errors.iter().map(ConfigError::to_string).collect();
        Failure::new(Exit::USAGE, lines.join("\nerror: "))
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Failure {
        let exit = match error {
            StartError::Open(_) => Exit::USAGE,
            StartError::Store { error: StoreError::Corrupt(_), .. } => Exit::DAMAGED,
            _ => Exit::FAILED,
        };
        Failure::new(exit, error.to_string()).next(error.advice())
    }
}
