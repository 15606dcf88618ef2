//! `fanfare readers remove`: their places are forgotten.

use super::Command;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::remote::ServerArgs;
use clap::{ArgMatches, Args, FromArgMatches};

pub const COMMAND: Command = Command {
    name: "remove",
    about: "Forget acked readers; their sessions end",
    examples: &[("This one does not come back", "fanfare readers remove phone-7")],
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// The readers' names; all are tried, whatever comes of one
    #[arg(required = true)]
    readers: Vec<String>,

    #[command(flatten)]
    server: ServerArgs,
}

fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let options =
        Options::from_arg_matches(matches).map_err(|error| Failure::new(Exit::USAGE, error.to_string()))?;
    let remote = options.server.remote()?;
    remote.each(&options.readers, "removed", |name| remote.client.remove_reader(name))
}
