//! `fanfare webhooks remove`: nothing is sent any more.

use super::Command;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::remote::ServerArgs;
use clap::{ArgMatches, Args, FromArgMatches};

pub const COMMAND: Command = Command {
    name: "remove",
    about: "End webhooks; their dead letters stay",
    examples: &[("Not this one any more", "fanfare webhooks remove 5f0c1e9a77b3d2c4")],
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// The webhooks' ids; all are tried, whatever comes of one
    #[arg(required = true)]
    webhooks: Vec<String>,

    #[command(flatten)]
    server: ServerArgs,
}

fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let options =
        Options::from_arg_matches(matches).map_err(|error| Failure::new(Exit::USAGE, error.to_string()))?;
    let remote = options.server.remote()?;
    remote.each(&options.webhooks, "removed", |id| remote.client.remove_webhook(id))
}
