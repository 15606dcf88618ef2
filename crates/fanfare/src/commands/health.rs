//! `fanfare health`: whether a server should get requests, or whether it lives.

use super::Command;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::remote::ServerArgs;
use crate::showing::write_line;
use clap::{ArgMatches, Args, FromArgMatches};
use std::time::Duration;
use tokio::time::timeout;

/// A server that takes longer is no good to those who ask this.
const PATIENCE: Duration = Duration::from_secs(5);

pub const COMMAND: Command = Command {
    name: "health",
    about: "Ask a server whether it takes publishes and sessions",
    examples: &[
        ("This machine's server", "fanfare health"),
        ("Wait until it is up", "until fanfare health --quiet; do sleep 1; done"),
        ("Whether it has to be restarted", "fanfare health --alive"),
    ],
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// Ask only whether it lives: a server whose disk has failed does, and heals without a restart
    #[arg(long)]
    alive: bool,

    /// Print nothing: the exit code says it
    #[arg(long, short)]
    quiet: bool,

    #[command(flatten)]
    server: ServerArgs,
}

fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let options =
        Options::from_arg_matches(matches).map_err(|error| Failure::new(Exit::USAGE, error.to_string()))?;
    let remote = options.server.remote()?;
    let client = &remote.client;
    let (said, asked) = remote.wait(async {
        match options.alive {
            true => ("alive", timeout(PATIENCE, client.alive()).await),
            false => ("ready", timeout(PATIENCE, client.ready()).await),
        }
    });
    let Ok(asked) = asked else {
        let failure = Failure::new(Exit::UNREACHABLE, format!("no answer within {} s", PATIENCE.as_secs()));
        let failure = failure.next("see whether the process is stopped, or its machine overloaded");
        return if options.quiet { Ok(failure.exit) } else { Err(failure) };
    };
    match asked {
        Ok(()) if options.quiet => Ok(Exit::DONE),
        Ok(()) => write_line(said.as_bytes()).map(|()| Exit::DONE),
        Err(error) => {
            let failure = Failure::from(error);
            if options.quiet { Ok(failure.exit) } else { Err(failure) }
        }
    }
}
