//! `fanfare schedules show`: one of them, with its message.

use super::Command;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::remote::ServerArgs;
use crate::showing::write_line;
use clap::{ArgMatches, Args, FromArgMatches};

pub const COMMAND: Command = Command {
    name: "show",
    about: "Print one schedule as JSON, with its message and when it is due next",
    examples: &[("What it will say", "fanfare schedules show 1a20d1c2c0f3b1e5")],
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// The schedule's name
    schedule: String,

    #[command(flatten)]
    server: ServerArgs,
}

fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let options =
        Options::from_arg_matches(matches).map_err(|error| Failure::new(Exit::USAGE, error.to_string()))?;
    let remote = options.server.remote()?;
    let scheduled = remote.wait(remote.client.schedule(&options.schedule))?;
    write_line(scheduled.raw().as_bytes())?;
    Ok(Exit::DONE)
}
