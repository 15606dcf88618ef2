//! `fanfare config`: what configures a server, looked at without one. Each reads what `serve` with the same file,
//! environment and flags would.

mod check;
mod explain;
mod init;
mod show;

use super::{Command, choose, one_of};

pub const COMMAND: Command = Command {
    name: "config",
    about: "Check, show, explain and write the configuration of a server",
    examples: &[
        ("What is wrong with a file", "fanfare config check --config fanfare.toml"),
        ("What there is to configure", "fanfare config init -"),
    ],
    arguments: |command| one_of(ALL, command),
    run: |matches| choose(ALL, matches),
};

/// Every command of `fanfare config`.
const ALL: &[Command] = &[check::COMMAND, show::COMMAND, explain::COMMAND, init::COMMAND];
