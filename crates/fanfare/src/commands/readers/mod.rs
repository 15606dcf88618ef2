//! `fanfare readers`: whose place the server keeps. One file for each command, all of the shape of other commands.

mod list;
mod make;
mod remove;
mod show;

use super::{Command, choose, one_of};

pub const COMMAND: Command = Command {
    name: "readers",
    about: "List, show, make and remove acked readers, whose place the server keeps",
    examples: &[
        ("Who is there, and what they have not done", "fanfare readers list"),
        ("This one does not come back", "fanfare readers remove phone-7"),
    ],
    arguments: |command| one_of(ALL, command),
    run: |matches| choose(ALL, matches),
};

/// Every command.
const ALL: &[Command] = &[list::COMMAND, show::COMMAND, make::COMMAND, remove::COMMAND];
