//! Measures the real server from outside: starts the binary, speaks HTTP to it, reads what the kernel says about it.
//!
//! - [`runs`]: one file for each run; `ALL` is the only list;
//! - [`servers`]: one file for each server: how it is started, and spoken to; `ALL` is the only list;
//! - [`contest`]: several servers, measured in turns; [`spread`]: what several rounds came to;
//! - [`floor`]: the least that a server can do, to compare with; [`bare`]: the least for a publish; [`disk`]: for a commit;
//! - [`load`]: a process that loads one server; [`readers`]: thousands on one thread; [`ears`]: how they understand;
//! - [`publisher`]: one connection that publishes and waits;
//! - [`process`]: a child process, and what it costs; [`sockets`]: what waits in the kernel; [`cores`]: which core runs what;
//! - [`outcome`]: what ends a run;
//! - [`report`]: a table for people, a line of JSON for programs.
//!
//! Nothing here is the server's own code: what is measured cannot repair itself. Speed is never asserted; a message
//! that is lost, repeated or out of order ends a run with an error, or is counted where a server promises less.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command that reports")]

mod bare;
mod bench;
mod contest;
mod cores;
mod disk;
mod ears;
mod floor;
mod load;
mod outcome;
mod process;
mod publisher;
mod readers;
mod report;
mod runs;
mod servers;
mod sockets;
mod spread;

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
