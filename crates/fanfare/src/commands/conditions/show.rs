//! `fanfare conditions show`: one of them, with its message.

use super::Command;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::remote::ServerArgs;
use crate::showing::write_line;
use clap::{ArgMatches, Args, FromArgMatches};

pub const COMMAND: Command = Command {
    name: "show",
    about: "Print one condition as JSON, with its message and how its channels stand",
    examples: &[("Which channels fire", "fanfare conditions show 1a20d1c2c0f3b1e5")],
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// The condition's name
    condition: String,

    #[command(flatten)]
    server: ServerArgs,
}

fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let options =
        Options::from_arg_matches(matches).map_err(|error| Failure::new(Exit::USAGE, error.to_string()))?;
    let remote = options.server.remote()?;
    let condition = remote.wait(remote.client.condition(&options.condition))?;
    write_line(condition.raw().as_bytes())?;
    Ok(Exit::DONE)
}
