//! What is done with each message. When this returns, the message was handled.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::showing::{Paint, pretty, write_line};
use fanfare_client::Message;
use serde_json::Value;
use signal_hook::consts::SIGINT;
use std::io::{self, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

/// What is done with each message.
#[derive(Debug)]
pub enum Handler {
    /// A line for people.
    Pretty(Paint),
    /// The body alone, as a line.
    Body,
    /// The whole message, as a line of JSON.
    Json,
    /// A shell runs this; it has the body on stdin and the fields in its environment.
    Program(String),
}

impl Handler {
    /// Handles one message. Answers whether somebody sees something of it: where bodies alone are printed, a delete and the
    /// end of a key have none.
    pub fn handle(&self, message: &Message) -> Result<bool, Failure> {
        match self {
            Handler::Pretty(paint) => write_line(pretty(message, *paint).as_bytes())?,
            Handler::Body if message.says_nothing() => return Ok(false),
            Handler::Body => write_line(&message.body)?,
            Handler::Json => write_line(message.raw().as_bytes())?,
            Handler::Program(program) => run(program, message)?,
        }
        Ok(true)
    }
}

fn run(program: &str, message: &Message) -> Result<(), Failure> {
    let failed =
        |error: &io::Error| Failure::new(Exit::HANDLER, format!("`{program}` cannot be run: {error}"));
    let mut command = Command::new("/bin/sh");
    command.args(["-c", program]).stdin(Stdio::piped());
    fields(message).for_each(|(name, value)| {
        // The environment cannot hold a zero byte.
        command.env(name, value.replace('\0', "\u{fffd}"));
    });
    let mut child = command.spawn().map_err(|error| failed(&error))?;
    if let Some(mut stdin) = child.stdin.take() {
        match stdin.write_all(&message.body) {
            // A program need not read what it does not want.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            Err(error) => return Err(failed(&error)),
            Ok(()) => {}
        }
    }
    let status = child.wait().map_err(|error| failed(&error))?;
    if status.success() {
        return Ok(());
    }
    if status.signal() == Some(SIGINT) {
        // Ctrl-C reaches the program as well as us.
        return Err(Failure::new(Exit::INTERRUPTED, ""));
    }
    let what = format!("`{program}` ended with {status} at {} {}", message.channel, message.position);
    let again = match message.attempt {
        Some(_) => {
            "the reader is given this message again, unless this was its last attempt (see `$dead/**`)"
        }
        None => "with --state, the next run starts with this message again",
    };
    Err(Failure::new(Exit::HANDLER, what)
        .next(format!("{again}; `|| true` behind the program passes over it")))
}

/// The fields that a program finds in its environment. Those a message lacks are empty, so that an outer value of
/// the same name is not taken for the message's.
fn fields(message: &Message) -> impl Iterator<Item = (&'static str, String)> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let tags =
        if message.tags.is_empty() { String::new() } else { Value::Object(message.tags.clone()).to_string() };
    [
        ("FANFARE_CHANNEL", message.channel.clone()),
        ("FANFARE_POSITION", message.position.to_string()),
        ("FANFARE_CURSOR", text(&message.cursor)),
        ("FANFARE_TIME", message.time.clone()),
        ("FANFARE_ID", message.id.clone()),
        ("FANFARE_KEY", text(&message.key)),
        ("FANFARE_EVENT", text(&message.event)),
        ("FANFARE_EXPIRES", text(&message.expires)),
        ("FANFARE_CONTENT_TYPE", text(&message.content_type)),
        ("FANFARE_PRIORITY", message.priority.map(|number| number.to_string()).unwrap_or_default()),
        ("FANFARE_ATTEMPT", message.attempt.map(|number| number.to_string()).unwrap_or_default()),
        ("FANFARE_REPLACES", message.replaces.map(|number| number.to_string()).unwrap_or_default()),
        ("FANFARE_DELETES", message.deletes.map(|number| number.to_string()).unwrap_or_default()),
        ("FANFARE_EDITED", message.edited.map(|number| number.to_string()).unwrap_or_default()),
        ("FANFARE_DELETED", if message.deleted { "true".to_owned() } else { String::new() }),
        ("FANFARE_TAGS", tags),
        ("FANFARE_NOTICE", text(&message.notice)),
    ]
    .into_iter()
}
