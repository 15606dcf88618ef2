//! `fanfare conditions list`: conditions, and how they stand.

use super::Command;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::remote::ServerArgs;
use crate::showing::{Listing, printable};
use clap::{ArgMatches, Args, FromArgMatches};
use fanfare_client::Condition;

pub const COMMAND: Command = Command {
    name: "list",
    about: "List conditions and how they stand, as they were made",
    examples: &[
        ("Everything", "fanfare conditions list"),
        ("Those whose messages go below alerts, as JSON", "fanfare conditions list 'alerts/**' --json"),
    ],
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// Only those whose messages go to this channel, or to channels that this pattern means
    #[arg(default_value = "**")]
    channel: String,

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
    let mut list = Listing::new(options.json, &["CONDITION", "CHANNEL", "WATCHES", "STATE", "FIRED"]);
    for condition in &remote.wait(remote.client.conditions(&options.channel))? {
        list.add(condition.raw(), || row(condition))?;
    }
    list.end()?;
    Ok(Exit::DONE)
}

fn row(condition: &Condition) -> [String; 5] {
    let text = |text: &str| printable(text).into_owned();
    let (state, fired) = (condition.state.clone(), condition.fired.clone());
    [
        condition.condition.clone(),
        text(&condition.channel),
        text(&condition.watch),
        state.unwrap_or_default(),
        fired.unwrap_or_default(),
    ]
}
