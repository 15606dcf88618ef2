//! `fanfare conditions`: what is published when something holds. One file for each command, all of the shape of other commands.

mod list;
mod make;
mod remove;
mod show;

use super::{Command, choose, one_of};

pub const COMMAND: Command = Command {
    name: "conditions",
    about: "List, show, make and remove conditions: messages for when something holds",
    examples: &[
        ("How they stand", "fanfare conditions list"),
        (
            "When it is hot for a minute",
            "fanfare conditions make alerts/heat 'too hot' --watch 'sensors/*' --when 'body.temp > 90' --for 1m",
        ),
    ],
    arguments: |command| one_of(ALL, command),
    run: |matches| choose(ALL, matches),
};

/// Every command.
const ALL: &[Command] = &[list::COMMAND, show::COMMAND, make::COMMAND, remove::COMMAND];
