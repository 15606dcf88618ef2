//! `fanfare protocols`: how messages can be heard.

use super::Command;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::showing::Table;
use clap::ArgMatches;
use fanfare_proto::protocol::{ALL, Shape};

pub const COMMAND: Command = Command {
    name: "protocols",
    about: "List the protocols that messages can be heard over",
    examples: &[("What can follow ?via= or stand in Accept", "fanfare protocols")],
    arguments: |command| command,
    run,
};

fn run(_: &ArgMatches) -> Result<Exit, Failure> {
    let mut table = Table::new(&["PROTOCOL", "MEDIA TYPE", "RESPONSE", "WHAT IT IS"]);
    for protocol in ALL {
        let shape = match protocol.shape() {
            Shape::Stream => "held open",
            Shape::Answer => "held until there is something",
            Shape::Page | Shape::Feed | Shape::Document => "at once",
            Shape::Socket => "held open, both ways",
        };
        table.row([protocol.name(), protocol.media_type(), shape, protocol.about()]);
    }
    table.print()?;
    Ok(Exit::DONE)
}
