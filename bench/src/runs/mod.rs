//! The runs, and the command line that chooses among them. Without a name, all of them run, one after the other.

mod channels;
mod fanout;
mod http2;
mod idle;
mod slow;

use crate::bench::Bench;
use crate::outcome::Result;
use crate::report::Report;
use clap::{ArgMatches, Command};
use std::ffi::OsString;
use std::path::PathBuf;

/// One run.
struct Run {
    name: &'static str,
    about: &'static str,
    /// What it is good for, and the arguments for that.
    examples: &'static [(&'static str, &'static str)],
    arguments: fn(Command) -> Command,
    run: fn(&ArgMatches, &Bench) -> Result<Report>,
}

/// Every run: the only list.
const ALL: &[Run] = &[idle::RUN, http2::RUN, fanout::RUN, slow::RUN, channels::RUN];

/// Runs what the arguments name.
pub fn run(args: impl Iterator<Item = OsString>) -> Result<()> {
    let matches = command().get_matches_from(args);
    let bench = Bench::new(matches.get_one::<PathBuf>("server-binary").cloned())?;
    for run in ALL {
        match matches.subcommand() {
            Some((name, matches)) if name == run.name => bench.finish(&(run.run)(matches, &bench)?)?,
            Some(_) => {}
            None => {
                let defaults = run.command().get_matches_from([run.name]);
                bench.finish(&(run.run)(&defaults, &bench)?)?;
            }
        }
    }
    Ok(())
}

fn command() -> Command {
    let binary = clap::Arg::new("server-binary")
        .long("server-binary")
        .global(true)
        .value_name("FILE")
        .value_parser(clap::value_parser!(PathBuf))
        .help("The server to measure; if not named, target/release/fanfare, built first");
    let examples =
        ALL.iter().flat_map(|run| run.examples.iter().map(move |(what, args)| example(run, what, args)));
    Command::new("fanfare-bench")
        .about("Measures a running server. Without a command: everything, one after the other")
        .after_help(format!("Examples:\n{}", examples.collect::<String>()))
        .arg(binary)
        .subcommands(ALL.iter().map(Run::command))
}

impl Run {
    fn command(&self) -> Command {
        let examples = self.examples.iter().map(|(what, args)| example(self, what, args));
        (self.arguments)(Command::new(self.name).about(self.about))
            .after_help(format!("Examples:\n{}", examples.collect::<String>()))
    }
}

fn example(run: &Run, what: &str, args: &str) -> String {
    let line = format!("cargo run --release -p fanfare-bench -- {} {args}", run.name);
    format!("  {what}:\n    {}\n", line.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_is_a_command_that_parses() {
        command().debug_assert();
        for run in ALL {
            for (what, args) in run.examples {
                let words = ["fanfare-bench", run.name].into_iter().chain(args.split_whitespace());
                assert!(command().try_get_matches_from(words).is_ok(), "{what}: {args}");
            }
        }
    }
}
