//! `fanfare readers show`: one of them, and how far behind it is.

use super::Command;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::remote::ServerArgs;
use crate::showing::write_line;
use clap::{ArgMatches, Args, FromArgMatches};

pub const COMMAND: Command = Command {
    name: "show",
    about: "Print one acked reader as JSON, and how far behind it is",
    examples: &[("How far it is", "fanfare readers show phone-7")],
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// The reader's name
    reader: String,

    #[command(flatten)]
    server: ServerArgs,
}

fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let options =
        Options::from_arg_matches(matches).map_err(|error| Failure::new(Exit::USAGE, error.to_string()))?;
    let remote = options.server.remote()?;
    let reader = remote.wait(remote.client.reader(&options.reader))?;
    write_line(reader.raw().as_bytes())?;
    Ok(Exit::DONE)
}
