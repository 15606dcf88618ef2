//! `fanfare channels`: what there is to hear.

use super::Command;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::remote::{Remote, ServerArgs};
use crate::showing::{Listing, bytes, printable};
use clap::{ArgMatches, Args, FromArgMatches};
use fanfare_client::ChannelInfo;
use fanfare_proto::limits;

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

fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let options =
        Options::from_arg_matches(matches).map_err(|error| Failure::new(Exit::USAGE, error.to_string()))?;
    let remote = options.server.remote()?;
    let mut list = Listing::new(options.json, &["CHANNEL", "MESSAGES", "SIZE", "NEWEST", "KEEPING"]);
    each(&options.pattern, &remote, |info| {
        list.add(info.raw(), || {
            let channel = printable(&info.channel).into_owned();
            let (messages, head) = (info.messages.to_string(), info.head.to_string());
            [channel, messages, bytes(info.bytes), head, info.keeping.clone()]
        })
    })?;
    list.end()?;
    Ok(Exit::DONE)
}

/// Goes through the list, page by page.
fn each(
    pattern: &str,
    remote: &Remote,
    mut show: impl FnMut(ChannelInfo) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut after = None::<String>;
    loop {
        let list = remote.wait(remote.client.channels(pattern, after.as_deref()))?;
        let whole = list.len() >= limits::PAGE_MESSAGES;
        after = list.last().map(|info| info.channel.clone());
        list.into_iter().try_for_each(&mut show)?;
        if !whole {
            return Ok(());
        }
    }
}
