//! `fanfare schedules`: what is for later. One file for each command, all of the shape of other commands.

mod cancel;
mod list;
mod make;
mod show;

use super::{Command, choose, one_of};

pub const COMMAND: Command = Command {
    name: "schedules",
    about: "List, show, make and cancel what is to be published later",
    examples: &[
        ("What is to come", "fanfare schedules list"),
        ("Not this one after all", "fanfare schedules cancel 1a20d1c2c0f3b1e5"),
    ],
    arguments: |command| one_of(ALL, command),
    run: |matches| choose(ALL, matches),
};

/// Every command.
const ALL: &[Command] = &[list::COMMAND, show::COMMAND, make::COMMAND, cancel::COMMAND];
