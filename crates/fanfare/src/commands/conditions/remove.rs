//! `fanfare conditions remove`: not any more.

use super::Command;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::remote::ServerArgs;
use clap::{ArgMatches, Args, FromArgMatches};

pub const COMMAND: Command = Command {
    name: "remove",
    about: "End conditions; what they have published stays",
    examples: &[("Not this one any more", "fanfare conditions remove 1a20d1c2c0f3b1e5")],
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// The conditions' names; all are tried, whatever comes of one
    #[arg(required = true)]
    conditions: Vec<String>,

    #[command(flatten)]
    server: ServerArgs,
}

fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let options =
        Options::from_arg_matches(matches).map_err(|error| Failure::new(Exit::USAGE, error.to_string()))?;
    let remote = options.server.remote()?;
    remote.each(&options.conditions, "removed", |name| remote.client.remove_condition(name))
}
