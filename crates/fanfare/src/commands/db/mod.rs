//! `fanfare db`: look after a store. One file for each command, all of the shape of other commands.

mod backup;
mod check;
mod export;
mod import;
mod restore;
mod stats;

use super::{Command, choose, one_of};

pub const COMMAND: Command = Command {
    name: "db",
    about: "Look after a store: check, back up, restore, export, import",
    examples: &[
        ("Save the store of a running server", "fanfare db backup /backups/monday.db"),
        ("See what is in it", "fanfare db stats"),
    ],
    arguments: |command| one_of(ALL, command),
    run: |matches| choose(ALL, matches),
};

/// Every command.
const ALL: &[Command] =
    &[check::COMMAND, stats::COMMAND, backup::COMMAND, restore::COMMAND, export::COMMAND, import::COMMAND];
