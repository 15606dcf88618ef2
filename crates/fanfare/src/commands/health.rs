//! `fanfare health`: whether a server should get requests, or whether it lives.

use super::Command;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::remote::ServerArgs;
use crate::showing::write_line;
use clap::{ArgMatches, Args, FromArgMatches};

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
    let (asked, said) = match options.alive {
        true => (remote.wait(remote.client.alive()), "alive"),
        false => (remote.wait(remote.client.ready()), "ready"),
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
