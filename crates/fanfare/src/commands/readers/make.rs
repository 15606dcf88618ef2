//! `fanfare readers make`: a reader, before it is used.

use super::Command;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::remote::ServerArgs;
use crate::showing::write_line;
use clap::{ArgMatches, Args, FromArgMatches};
use serde_json::{Map, Value};

pub const COMMAND: Command = Command {
    name: "make",
    about: "Make an acked reader, or give one that is there these rules; what it has done stays done",
    examples: &[
        (
            "Twice at the most, each time for a minute",
            "fanfare readers make workers 'jobs/**' --ack-wait 1m --attempts 2",
        ),
        ("From the oldest that is kept", "fanfare readers make audit 'orders/**' --since 0"),
    ],
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// The reader's name: letters, digits and -._
    reader: String,

    /// Channels and patterns, at most 32
    #[arg(required = true, value_name = "CHANNEL")]
    channels: Vec<String>,

    /// Which of their messages
    #[arg(long, value_name = "FILTER")]
    filter: Option<String>,

    /// Time to acknowledge a message, 1s to 1h; 30s unless said
    #[arg(long, value_name = "DURATION")]
    ack_wait: Option<String>,

    /// How often a message is given before it goes to $dead/NAME, 1 to 100; 5 unless said
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    attempts: Option<u32>,

    /// Messages that are given and not done at the most, 1 to 256; 256 unless said
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=256))]
    window: Option<u32>,

    /// It is removed when nobody has used it for so long, 1m to 366d; 30d unless said
    #[arg(long, value_name = "DURATION")]
    expires: Option<String>,

    /// Begin with the newest N messages, at most 10,000
    #[arg(long, value_name = "N", group = "start", value_parser = clap::value_parser!(u32).range(0..=10_000))]
    last: Option<u32>,

    /// Begin with messages since T: a time (2026-11-23T10:00:00Z) or how long ago (10m, 24h)
    #[arg(long, value_name = "T", group = "start")]
    since: Option<String>,

    /// Begin after a cursor
    #[arg(long, value_name = "CURSOR", group = "start")]
    after: Option<String>,

    /// Print the answer as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    server: ServerArgs,
}

fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let options =
        Options::from_arg_matches(matches).map_err(|error| Failure::new(Exit::USAGE, error.to_string()))?;
    let remote = options.server.remote()?;
    let wish = Value::Object(options.wish()).to_string();
    let made = remote.wait(remote.client.make_reader(&options.reader, &wish))?;
    let line = match options.json {
        true => made.raw().to_owned(),
        false => format!("{} {}", made.name, made.patterns.join(" ")),
    };
    write_line(line.as_bytes())?;
    Ok(Exit::DONE)
}

impl Options {
    /// What is asked of the server.
    fn wish(&self) -> Map<String, Value> {
        let text = |text: &Option<String>| text.as_deref().map(Value::from);
        let fields = [
            ("patterns", Some(Value::from(&*self.channels))),
            ("filter", text(&self.filter)),
            ("ack_wait", text(&self.ack_wait)),
            ("attempts", self.attempts.map(Value::from)),
            ("window", self.window.map(Value::from)),
            ("expires", text(&self.expires)),
            ("last", self.last.map(Value::from)),
            ("since", text(&self.since)),
            ("after", text(&self.after)),
        ];
        fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}
