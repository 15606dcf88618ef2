//! `fanfare webhooks`: who is sent messages. One file for each command, all of the shape of other commands.

mod list;
mod make;
mod remove;
mod show;

use super::{Command, choose, one_of};

pub const COMMAND: Command = Command {
    name: "webhooks",
    about: "List, show, make and remove webhooks: addresses that messages are sent to",
    examples: &[
        ("How they do", "fanfare webhooks list"),
        ("Have orders sent", "fanfare webhooks make https://hook.example/in 'orders/**'"),
    ],
    arguments: |command| one_of(ALL, command),
    run: |matches| choose(ALL, matches),
};

/// Every command.
const ALL: &[Command] = &[list::COMMAND, show::COMMAND, make::COMMAND, remove::COMMAND];
