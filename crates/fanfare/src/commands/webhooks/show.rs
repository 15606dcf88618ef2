//! `fanfare webhooks show`: one of them, and how it does.

use super::Command;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::remote::ServerArgs;
use crate::showing::write_line;
use clap::{ArgMatches, Args, FromArgMatches};

pub const COMMAND: Command = Command {
    name: "show",
    about: "Print one webhook as JSON, and how it does",
    examples: &[("Why nothing comes", "fanfare webhooks show 5f0c1e9a77b3d2c4")],
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// The webhook's id
    webhook: String,

    #[command(flatten)]
    server: ServerArgs,
}

fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let options =
        Options::from_arg_matches(matches).map_err(|error| Failure::new(Exit::USAGE, error.to_string()))?;
    let remote = options.server.remote()?;
    let webhook = remote.wait(remote.client.webhook(&options.webhook))?;
    write_line(webhook.raw().as_bytes())?;
    Ok(Exit::DONE)
}
