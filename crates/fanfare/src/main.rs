//! The `fanfare` command: the server, and what one does with it from a shell.
//!
//! - [`commands`]: one file for each command; `ALL` is the only list;
//! - [`configuring`]: what a server is to be, from all places that say it;
//! - [`remote`]: which server, and what its refusals mean here;
//! - [`publishing`], [`hearing`]: what publishing many lines and hearing for long need beyond one request;
//! - [`watching`]: a server in numbers, on a terminal;
//! - [`storing`]: what looking after a store needs beyond one command;
//! - [`showing`], [`logging`], [`stderr`]: what people see;
//! - [`traces`]: what a collector sees;
//! - [`exit`], [`failure`], [`interrupt`], [`left`]: how it ends.

mod commands;
mod configuring;
mod exit;
mod failure;
mod hearing;
mod interrupt;
mod left;
mod logging;
mod publishing;
mod remote;
mod showing;
mod stderr;
mod storing;
mod traces;
mod watching;

use std::process::ExitCode;

fn main() -> ExitCode {
    match commands::run(std::env::args_os()) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            failure.report();
            failure.exit.into()
        }
    }
}
