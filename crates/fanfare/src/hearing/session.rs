//! One session over as many connections as it takes.

use super::handler::Handler;
use super::line::{self, Closing, Line, Note};
use super::place::Place;
use crate::backoff::Backoff;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::remote::{Duty, Envelope, Refused, Remote, Target, Trouble, why};
use crate::stderr::tell;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// Where hearing starts when the place is not known yet: a query parameter and its value.
pub type Start = (&'static str, String);

/// What is heard, from where, and what is done with it.
pub struct Session {
    pub remote: Remote,
    pub patterns: Vec<String>,
    pub start: Option<Start>,
    pub place: Place,
    pub handler: Handler,
    /// Messages after which it is enough.
    pub count: Option<u64>,
    /// Held while a message is being handled and its place kept, so that an interrupt falls between two messages.
    pub turn: Arc<Mutex<()>>,
}

/// How a connection ended.
enum End {
    /// As many messages as wanted were handled.
    Enough,
    /// It was cut, or the server asked to come back; when, if it said so.
    Cut(String, Option<Duration>),
}

impl Session {
    /// Hears until it is enough or nothing helps.
    pub fn run(mut self) -> Result<Exit, Failure> {
        let mut backoff = Backoff::default();
        let mut reached = false;
        loop {
            let (why, asked) = match self.connect(&mut backoff, &mut reached) {
                Ok(End::Enough) => return Ok(Exit::DONE),
                Ok(End::Cut(why, asked)) => (why, asked),
                Err(Stop::Failed(failure)) => return Err(failure),
                Err(Stop::Trouble(Trouble::Refused(refused))) if refused.passes() => {
                    (format!("the server refused for now: {}", refused.detail), refused.after)
                }
                Err(Stop::Trouble(Trouble::Unreachable { why, .. })) if reached => (why, None),
                Err(Stop::Trouble(trouble)) => return Err(trouble.into()),
            };
            let tried = backoff.tried();
            let wait = backoff.next(asked);
            if tried == 0 {
                tell(format_args!("connection lost ({why}); coming back in {:.1} s", wait.as_secs_f64()));
            }
            thread::sleep(wait);
        }
    }

    /// One connection, from its start to its end.
    fn connect(&mut self, backoff: &mut Backoff, reached: &mut bool) -> Result<End, Stop> {
        let mut reader = self.remote.stream(&self.target(), "application/x-ndjson").map_err(Stop::Trouble)?;
        *reached = true;
        let mut buffer = Vec::new();
        loop {
            match line::read(&mut reader, &mut buffer) {
                Ok(true) => {}
                Ok(false) => return Ok(End::Cut("the server closed it".to_owned(), None)),
                Err(error) => return Ok(End::Cut(why(error), None)),
            }
            if backoff.tried() > 0 {
                tell("connected again");
                backoff.reset();
            }
            match Line::parse(&buffer) {
                Err(why) => {
                    return Err(Failure::new(Exit::FAILED, format!("{}: {why}", self.remote.url())).into());
                }
                Ok(Line::Message(message)) => {
                    if self.hear(&message, &buffer)? {
                        return Ok(End::Enough);
                    }
                }
                Ok(Line::Note(note)) => {
                    if let Some(closing) = self.note(note)? {
                        return ended(closing);
                    }
                }
            }
        }
    }

    fn target(&self) -> Target {
        let target = Target::new("/subscribe");
        let target = self.patterns.iter().fold(target, |target, pattern| target.with("channel", pattern));
        match (self.place.cursor(), &self.start) {
            (Some(cursor), _) => target.with("after", cursor),
            (None, Some((name, value))) => target.with(name, value),
            (None, None) => target,
        }
    }

    /// Handles a message and keeps its place; says whether that was enough.
    fn hear(&mut self, message: &Envelope<'_>, line: &[u8]) -> Result<bool, Failure> {
        let turn = self.turn.clone();
        let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.handler.handle(message, line)?;
        self.place.reach(&message.cursor)?;
        if let Some(left) = &mut self.count {
            *left = left.saturating_sub(1);
        }
        Ok(self.count == Some(0))
    }

    /// Takes what the server tells; answers with why it closes, if it does.
    fn note(&mut self, note: Note<'_>) -> Result<Option<Closing>, Failure> {
        if let Some(lost) = note.gap {
            tell(lost.warning());
        }
        if let Some(complaint) = note.error {
            tell(format_args!("warning: the server refused a part: {}", complaint.detail));
        }
        if let Some(cursor) = note.cursor {
            self.place.reach(&cursor)?;
        }
        Ok(note.closing)
    }
}

/// Why there is no connection any more, or never was.
enum Stop {
    Trouble(Trouble),
    Failed(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Stop {
        Stop::Failed(failure)
    }
}

fn ended(closing: Closing) -> Result<End, Stop> {
    let after = Some(closing.after());
    match closing.retry {
        Duty::Now | Duty::Later => Ok(End::Cut(closing.detail, after)),
        Duty::Never => {
            Err(Stop::Trouble(Trouble::Refused(Refused { detail: closing.detail, duty: Duty::Never, after })))
        }
    }
}
