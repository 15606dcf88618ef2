//! `fanfare readers list`: acked readers.

use super::Command;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::remote::ServerArgs;
use crate::showing::{Listing, printable};
use clap::{ArgMatches, Args, FromArgMatches};
use fanfare_client::AckedReader;

pub const COMMAND: Command = Command {
    name: "list",
    about: "List acked readers, with what was given to them and is not done",
    examples: &[
        ("All of them", "fanfare readers list"),
        ("Those with dead letters", "fanfare readers list --json | jq 'select(.dead > 0)'"),
    ],
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
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
    let head = &["READER", "CHANNELS", "SESSIONS", "UNACKED", "REDELIVERED", "DEAD"];
    let mut list = Listing::new(options.json, head);
    let mut after = None::<String>;
    loop {
        let page = remote.wait(remote.client.readers(after.as_deref()))?;
        for reader in &page.readers {
            list.add(reader.raw(), || row(reader))?;
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    list.end()?;
    Ok(Exit::DONE)
}

fn row(reader: &AckedReader) -> [String; 6] {
    let AckedReader { name, patterns, sessions, unacked, redelivered, dead, .. } = reader;
    let patterns = printable(&patterns.join(" ")).into_owned();
    let [sessions, unacked, redelivered, dead] =
        [sessions, unacked, redelivered, dead].map(|count| count.to_string());
    [name.clone(), patterns, sessions, unacked, redelivered, dead]
}
