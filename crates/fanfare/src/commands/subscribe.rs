//! `fanfare subscribe`: hear messages as they come.

use super::{Command, from_one};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::hearing::{Handler, Place, Session, Turn};
use crate::interrupt::on_interrupt;
use crate::left::on_left;
use crate::remote::ServerArgs;
use crate::showing::Paint;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgMatches, Args, FromArgMatches, ValueHint};
use fanfare_client::{Start, Transport};
use std::io::{self, IsTerminal};
use std::path::PathBuf;

pub const COMMAND: Command = Command {
    name: "subscribe",
    about: "Hear channels: messages as they come, and what was missed",
    examples: &[
        ("Hear everything below logs", "fanfare subscribe 'logs/**'"),
        (
            "The last ten of two channels, then what follows, as JSON",
            "fanfare subscribe a b --last 10 --json",
        ),
        (
            "Run a program for each alert, and go on after a restart",
            "fanfare subscribe 'alerts/*' --state ~/.alerts --exec ./page-me",
        ),
        ("Prices as a person can read them, the newest of each", "fanfare subscribe 'prices/**' --rate 2"),
        ("Warm rooms alone, by a tag", "fanfare subscribe 'rooms/*' --filter 'temp > 25'"),
        (
            "See who comes and goes, and be seen",
            "fanfare subscribe chat '$presence/chat' --presence alice --json",
        ),
        (
            "Share work with others, each message to one of them, until it is done",
            "fanfare subscribe 'jobs/**' --reader workers --exec ./work",
        ),
        ("Wait for one message", "fanfare subscribe ops/deploys --count 1"),
    ],
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// Channels, or patterns in which `*` is one segment and a last `**` any number
    #[arg(required_unless_present = "reader", value_name = "CHANNEL")]
    channels: Vec<String>,

    /// Print whole messages, one JSON object a line
    #[arg(long)]
    json: bool,

    /// Run CMD with a shell for each message, one after the other: the body on stdin, fields as FANFARE_CHANNEL,
    /// FANFARE_POSITION, FANFARE_TIME, FANFARE_ID, FANFARE_KEY, FANFARE_EVENT, FANFARE_TAGS (JSON), ... in the
    /// environment; of an edit FANFARE_REPLACES and of a delete FANFARE_DELETES say which message it is of, FANFARE_EDITED and
    /// FANFARE_DELETED (true) what became of this one. When it fails, so does this command, and the message counts as not heard
    #[arg(long, value_name = "CMD", conflicts_with = "json", value_hint = ValueHint::CommandString)]
    exec: Option<String>,

    /// Start with the newest N messages, at most 10,000
    #[arg(long, value_name = "N", group = "start", value_parser = clap::value_parser!(u32).range(0..=10_000))]
    last: Option<u32>,

    /// Start with messages since T: a time (2026-11-23T10:00:00Z) or how long ago (10m, 24h)
    #[arg(long, value_name = "T", group = "start")]
    since: Option<String>,

    /// Start after a cursor
    #[arg(long, value_name = "CURSOR", group = "start")]
    after: Option<String>,

    /// Only messages that a filter accepts, such as 'temp > 20 and room = "hall"' (docs/preferences.md)
    #[arg(long, value_name = "FILTER")]
    filter: Option<String>,

    /// Of what was said before, only the newest message of each channel and key; without --since or --after, of all that is
    /// kept
    #[arg(long, conflicts_with = "last")]
    latest: bool,

    /// Messages as they are now, with edits folded in and without what was deleted, as far as that happened before this has
    /// caught up; events: as it happened
    #[arg(long, value_name = "VIEW", value_parser = ["events", "current"])]
    view: Option<String>,

    /// At most R messages of each key, and without a key, a second, such as 2 or 0.5; of each key the newest
    #[arg(long, value_name = "R", value_parser = rate)]
    rate: Option<String>,

    /// At most B bytes a second, such as 50k or 64KiB; of each key the newest
    #[arg(long, value_name = "B", value_parser = bytes)]
    bytes: Option<String>,

    /// Have bodies sent as what has changed in them since the message before, where that is shorter; shows the same
    #[arg(long)]
    delta: bool,

    /// Be seen on the channels as NAME, as long as this goes on; none of them is a pattern then (docs/presence.md)
    #[arg(long, value_name = "NAME", value_parser = presence)]
    presence: Option<String>,

    /// Hear as the acked reader NAME, whose place the server keeps (docs/readers.md): go on where it was, acknowledge each
    /// message that was handled, and share the work with others of this name, one message at a time; --last, --since and
    /// --after only count when the reader is made
    #[arg(long, value_name = "NAME", value_parser = reader, conflicts_with_all = ["rate", "bytes", "view", "presence", "state"])]
    reader: Option<String>,

    /// Keep the cursor of what was handled in FILE, and start from there the next time; then --last, --since and
    /// --after only count the first time
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,

    /// End after N messages that were shown: where bodies alone are, in a pipe, nothing is of deletes and of keys that end
    #[arg(long, value_name = "N", value_parser = from_one)]
    count: Option<u64>,

    /// Hear over this transport only: websocket, event-stream or long-poll. Given several times, they are tried in
    /// this order; else all are, until one gets through, and with --reader long-poll alone, as what is not begun was not given
    /// then
    #[arg(long = "transport", value_name = "NAME", value_parser = transports(), hide_possible_values = true)]
    transports: Vec<Transport>,

    #[command(flatten)]
    server: ServerArgs,
}

fn rate(text: &str) -> Result<String, String> {
    fanfare_proto::parse_rate(text).map(|_| text.to_owned())
}

fn bytes(text: &str) -> Result<String, String> {
    fanfare_proto::parse_bytes(text).map(|_| text.to_owned())
}

fn presence(text: &str) -> Result<String, String> {
    fanfare_proto::Present::new(text, None).map(|_| text.to_owned()).map_err(|refusal| refusal.detail)
}

fn reader(text: &str) -> Result<String, String> {
    fanfare_proto::ReaderName::parse(text).map(|_| text.to_owned()).map_err(|refusal| refusal.detail)
}

fn transports() -> impl TypedValueParser<Value = Transport> {
    PossibleValuesParser::new(Transport::ALL.map(Transport::name)).try_map(|name| {
        let named = Transport::ALL.into_iter().find(|transport| transport.name() == name);
        named.ok_or("there is no such transport")
    })
}

fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let options =
        Options::from_arg_matches(matches).map_err(|error| Failure::new(Exit::USAGE, error.to_string()))?;
    let turn = Turn::new()?;
    let session = Session {
        remote: options.server.remote()?,
        start: options.start(),
        transports: options.transports(),
        place: match &options.state {
            Some(file) => Place::in_file(file)?,
            None => Place::in_memory(),
        },
        handler: options.handler(),
        count: options.count,
        patterns: options.channels,
        filter: options.filter,
        latest: options.latest,
        view: options.view,
        deltas: options.delta,
        rate: options.rate,
        bytes: options.bytes,
        presence: options.presence,
        reader: options.reader,
        turn: turn.clone(),
    };
    if options.exec.is_none() {
        let turn = turn.clone();
        on_left(move || turn.end(Exit::DONE))?;
    }
    on_interrupt(move || turn.interrupt())?;
    session.run()
}

impl Options {
    fn start(&self) -> Option<Start> {
        let last = self.last.map(Start::Last);
        let since = || self.since.clone().map(Start::Since);
        let after = || self.after.clone().map(Start::After);
        last.or_else(since).or_else(after)
    }

    /// An acked reader asks for one message after the other, unless told how: it is given none that it does not begin.
    fn transports(&self) -> Vec<Transport> {
        match &self.reader {
            Some(_) if self.transports.is_empty() => vec![Transport::LongPoll],
            _ => self.transports.clone(),
        }
    }

    /// On a terminal a person reads; a pipe gets what was published and nothing else.
    fn handler(&self) -> Handler {
        match &self.exec {
            Some(program) => Handler::Program(program.clone()),
            None if self.json => Handler::Json,
            None if io::stdout().is_terminal() => Handler::Pretty(Paint::stdout()),
            None => Handler::Body,
        }
    }
}
