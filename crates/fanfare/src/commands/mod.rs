//! The commands: one file each, all of the same shape. An `Options` says what the command line may hold, a
//! [`Command`] what people read about it, and a function runs it. [`ALL`] is the only list.

mod channels;
mod completions;
mod conditions;
mod config;
mod db;
mod health;
mod history;
mod man;
mod presence;
mod protocols;
mod publish;
mod readers;
mod remove;
mod schedules;
mod serve;
mod subscribe;
mod top;
mod webhooks;

use crate::exit::Exit;
use crate::failure::Failure;
use clap::ArgMatches;
use std::ffi::OsString;
use std::fmt::Write;

/// One thing that can be done; or a name for several, with a list of its own, which [`one_of`] adds and [`choose`] runs.
pub struct Command {
    /// What one types.
    name: &'static str,
    /// One line for people.
    about: &'static str,
    /// What it is for, and a line that does it.
    examples: &'static [(&'static str, &'static str)],
    /// Adds what the command line may hold.
    arguments: fn(clap::Command) -> clap::Command,
    /// Does it.
    run: fn(&ArgMatches) -> Result<Exit, Failure>,
}

/// Every command.
const ALL: &[Command] = &[
    serve::COMMAND,
    publish::COMMAND,
    readers::COMMAND,
    schedules::COMMAND,
    conditions::COMMAND,
    webhooks::COMMAND,
    subscribe::COMMAND,
    history::COMMAND,
    channels::COMMAND,
    presence::COMMAND,
    remove::COMMAND,
    top::COMMAND,
    health::COMMAND,
    protocols::COMMAND,
    config::COMMAND,
    db::COMMAND,
    completions::COMMAND,
    man::COMMAND,
];

/// Runs what a command line asks for.
pub fn run(line: impl IntoIterator<Item = OsString>) -> Result<Exit, Failure> {
    let matches = match whole().try_get_matches_from(line) {
        Ok(matches) => matches,
        Err(told) => {
            // Help and version go to stdout and are what was asked for. If nobody reads them, so be it.
            let _ = told.print();
            return Ok(if told.use_stderr() { Exit::USAGE } else { Exit::DONE });
        }
    };
    choose(ALL, &matches)
}

/// Runs the one that was named.
fn choose(commands: &[Command], matches: &ArgMatches) -> Result<Exit, Failure> {
    let asked = matches.subcommand();
    let known =
        asked.and_then(|(name, rest)| Some((commands.iter().find(|command| command.name == name)?, rest)));
    match known {
        Some((command, rest)) => (command.run)(rest),
        None => Err(Failure::new(Exit::USAGE, "name a command").next("`fanfare --help` lists them")),
    }
}

fn whole() -> clap::Command {
    let top = clap::Command::new("fanfare")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Fanfare pushes: publish a message once, and every subscriber hears it, live or later.")
        .after_help(exits())
        .max_term_width(100);
    one_of(ALL, top)
}

/// Adds commands, of which one must be named.
fn one_of(commands: &[Command], top: clap::Command) -> clap::Command {
    let top = top.subcommand_required(true).arg_required_else_help(true);
    commands.iter().fold(top, |top, command| {
        let described = (command.arguments)(clap::Command::new(command.name));
        // What is below zero is a value: whoever reads it says what is allowed.
        let described = described.mut_args(|argument| {
            let takes = argument.get_action().takes_values();
            argument.allow_negative_numbers(takes)
        });
        top.subcommand(described.about(command.about).after_help(command.examples()))
    })
}

impl Command {
    fn examples(&self) -> String {
        let mut text = String::from("Examples:");
        for (what, line) in self.examples {
            // Writing into a String cannot fail.
            let _ = write!(text, "\n  {what}:\n    {line}");
        }
        text
    }
}

/// Reads a whole number that is not zero.
fn from_one(text: &str) -> Result<u64, String> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| "it is a whole number, 1 or more".to_owned())
}

fn exits() -> String {
    let mut text = String::from("Exit codes:");
    for exit in Exit::ALL {
        // Writing into a String cannot fail.
        let _ = write!(text, "\n  {:>3}  {}", exit.number, exit.meaning);
    }
    text.push_str("\n\n`fanfare COMMAND --help` says more about a command, with examples.");
    text
}
