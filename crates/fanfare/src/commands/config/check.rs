//! `fanfare config check`: whether a server would start with this.

use super::Command;
use crate::configuring::{self, Flags};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::showing::{printable, write_line};
use clap::ArgMatches;
use fanfare_server::Server;
use fanfare_server::config::Reading;
use std::path::Path;

pub const COMMAND: Command = Command {
    name: "check",
    about: "Say every error of a configuration, and what in it has no effect",
    examples: &[
        ("A file, before the server has it", "fanfare config check /etc/fanfare.toml"),
        ("With flags, as for serve", "fanfare config check --config fanfare.toml --workers 4"),
    ],
    arguments: |command| configuring::arguments(configuring::file_argument(command), Flags::Hidden),
    run,
};

fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let sources = configuring::sources(matches);
    let reading = configuring::read(&sources)?;
    Server::check(&reading.config)?;
    let mut text = format!("All is well: {}.", found(sources.file.as_deref(), &reading));
    for line in reading.unnoticed() {
        text.push_str("\nNo effect: ");
        text.push_str(&line);
    }
    write_line(printed(&text).as_bytes())?;
    Ok(Exit::DONE)
}

/// How much was said, and where.
fn found(file: Option<&Path>, reading: &Reading) -> String {
    let file = file.map_or("no file".to_owned(), |file| file.display().to_string());
    let values = match reading.written.len() {
        1 => "1 value".to_owned(),
        count => format!("{count} values"),
    };
    format!("{file}, the environment and flags set {values}; the rest has its defaults")
}

/// Names of files may hold anything; lines stay lines.
fn printed(text: &str) -> String {
    text.lines().map(printable).collect::<Vec<_>>().join("\n")
}
