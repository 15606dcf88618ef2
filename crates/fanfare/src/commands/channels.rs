//! `fanfare channels`: what there is to hear.

use super::Command;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::remote::{Remote, ServerArgs, Silence, Target};
use crate::showing::{Table, bytes, printable, write_line};
use clap::{ArgMatches, Args, FromArgMatches};
use fanfare_proto::limits;
use serde::Deserialize;
use serde_json::value::RawValue;

pub const COMMAND: Command = Command {
    name: "channels",
    about: "List channels, with what they hold",
    examples: &[
        ("Every channel", "fanfare channels"),
        ("Those below logs, as JSON", "fanfare channels 'logs/**' --json"),
    ],
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// Only channels that this pattern means
    #[arg(default_value = "**")]
    pattern: String,

    /// Print one JSON object a line
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    server: ServerArgs,
}

/// A page of the list.
#[derive(Deserialize)]
struct List<'a> {
    #[serde(borrow)]
    channels: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Info {
    channel: String,
    head: u64,
    messages: u64,
    bytes: u64,
    keeping: String,
}

fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let options =
        Options::from_arg_matches(matches).map_err(|error| Failure::new(Exit::USAGE, error.to_string()))?;
    let remote = options.server.remote(Silence::Answer)?;
    let mut table = Table::new(&["CHANNEL", "MESSAGES", "SIZE", "NEWEST", "KEEPING"]);
    each(&options.pattern, &remote, |info, raw| {
        if options.json {
            return write_line(raw.get().as_bytes());
        }
        let channel = printable(&info.channel).into_owned();
        let numbers = [info.messages.to_string(), bytes(info.bytes), info.head.to_string()];
        table.row([channel].into_iter().chain(numbers).chain([info.keeping]));
        Ok(())
    })?;
    if !options.json {
        table.print()?;
    }
    Ok(Exit::DONE)
}

/// Goes through the list, page by page.
fn each(
    pattern: &str,
    remote: &Remote,
    mut show: impl FnMut(Info, &RawValue) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut after = None::<String>;
    loop {
        let limit = limits::PAGE_MESSAGES.to_string();
        let target = Target::new("/channels").with("pattern", pattern).with("limit", limit);
        let answer = remote.get(&target.with_some("after", after.as_ref()), "application/json")?;
        let odd = |error: serde_json::Error| {
            Failure::new(
                Exit::FAILED,
                format!("{} sent a list that is not understood: {error}", remote.url()),
            )
        };
        let list: List<'_> = serde_json::from_slice(&answer.body).map_err(odd)?;
        let whole = list.channels.len() >= limits::PAGE_MESSAGES;
        for raw in list.channels {
            let info: Info = serde_json::from_str(raw.get()).map_err(odd)?;
            after = Some(info.channel.clone());
            show(info, raw)?;
        }
        if !whole {
            return Ok(());
        }
    }
}
