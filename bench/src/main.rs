//! Measures the real server from outside: starts the binary, speaks HTTP to it, reads what the kernel says about it.
//!
//! - [`runs`]: one file for each run; `ALL` is the only list;
//! - [`server`]: the server as a child process, and what it costs;
//! - [`readers`]: thousands of event streams on one thread;
//! - [`publisher`]: one connection that publishes;
//! - [`outcome`]: what ends a run;
//! - [`report`]: a table for people, a line of JSON for programs.
//!
//! Nothing here is the server's own code: what is measured cannot repair itself. Speed is never asserted; a message
//! that is lost, repeated or out of order ends a run with an error.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command that reports")]

mod bench;
mod outcome;
mod publisher;
mod readers;
mod report;
mod runs;
mod server;

use std::process::ExitCode;

fn main() -> ExitCode {
    match runs::run(std::env::args_os()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
