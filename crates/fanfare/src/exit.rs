//! How a command may end. Scripts rely on the numbers.

use std::process::ExitCode;

/// One way to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit {
    /// What the shell sees.
    pub number: u8,
    /// What it means.
    pub meaning: &'static str,
}

impl Exit {
    pub const DONE: Exit = Exit { number: 0, meaning: "done" };
    pub const FAILED: Exit =
        Exit { number: 1, meaning: "failed on this machine: a file, the store, the address" };
    pub const USAGE: Exit = Exit { number: 2, meaning: "the command line or the configuration is wrong" };
    pub const UNREACHABLE: Exit = Exit { number: 3, meaning: "the server cannot be reached" };
    pub const REFUSED: Exit = Exit { number: 4, meaning: "the server refused, and would again" };
    pub const LATER: Exit =
        Exit { number: 5, meaning: "the server refused for now; the same may succeed later" };
    pub const HANDLER: Exit = Exit { number: 6, meaning: "the program of --exec failed" };
    pub const DAMAGED: Exit = Exit { number: 7, meaning: "a store or a file is damaged" };
    pub const INTERRUPTED: Exit = Exit { number: 130, meaning: "interrupted (Ctrl-C)" };

    /// Every way to end.
    pub const ALL: &[Exit] = &[
        Exit::DONE,
        Exit::FAILED,
        Exit::USAGE,
        Exit::UNREACHABLE,
        Exit::REFUSED,
        Exit::LATER,
        Exit::HANDLER,
        Exit::DAMAGED,
        Exit::INTERRUPTED,
    ];
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.number)
    }
}
