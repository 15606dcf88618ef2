//! The runs, and the command line that chooses among them. Without a name, all of them run, one after the other.

mod accept;
mod channels;
mod conflation;
mod deltas;
mod fair;
mod fanout;
mod filters;
mod frozen;
mod http2;
mod idle;
mod patterns;
mod peers;
mod presence;
mod publish;
mod resume;
mod rows;
mod slow;
mod viewers;
mod workers;

use crate::bench::Bench;
use crate::outcome::Result;
use crate::report::Report;
use crate::{bare, floor, load};
use clap::{ArgMatches, Args, Command, FromArgMatches};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Instant;

/// One run.
struct Run {
    name: &'static str,
    about: &'static str,
    /// What it is good for, and the arguments for that.
    examples: &'static [(&'static str, &'static str)],
    /// Arguments when all runs are made, and when all are made quickly.
    usual: &'static str,
    quick: &'static str,
    arguments: fn(Command) -> Command,
    run: fn(&ArgMatches, &Bench) -> Result<Report>,
}

/// Every run: the only list.
const ALL: &[Run] = &[
    fanout::RUN,
    accept::RUN,
    publish::RUN,
    idle::RUN,
    resume::RUN,
    fair::RUN,
    slow::RUN,
    frozen::RUN,
    channels::RUN,
    patterns::RUN,
    filters::RUN,
    conflation::RUN,
    deltas::RUN,
    presence::RUN,
    viewers::RUN,
    workers::RUN,
    http2::RUN,
    peers::RUN,
];

/// Runs what the arguments name.
pub fn run(args: impl Iterator<Item = OsString>) -> Result<()> {
    let matches = command().get_matches_from(args);
    match matches.subcommand() {
        Some(("floor", matches)) => return floor::serve(&floor::Options::from_arg_matches(matches)?),
        Some(("bare", _)) => return bare::serve(),
        Some(("load", matches)) => return load::serve(&load::Options::from_arg_matches(matches)?),
        _ => {}
    }
    let bench =
        Bench::new(matches.get_one::<PathBuf>("server-binary").cloned(), matches.get_flag("document"))?;
    if let Some((name, matches)) = matches.subcommand() {
        let run = ALL.iter().find(|run| run.name == name).ok_or("clap knows a run that is none")?;
        let words = shown(std::env::args().skip(1));
        return bench.finish(&(run.run)(matches, &bench)?, &format!("{COMMAND} {words}"));
    }
    let (quick, began) = (matches.get_flag("quick"), Instant::now());
    // The comparison with all peers is asked for by its name.
    for run in ALL.iter().filter(|run| run.name != peers::RUN.name) {
        let args = if quick { run.quick } else { run.usual };
        let words = [run.name].into_iter().chain(args.split_whitespace());
        let matches = run.command().get_matches_from(words);
        bench.finish(&(run.run)(&matches, &bench)?, format!("{COMMAND} {} {args}", run.name).trim_end())?;
    }
    let seconds = began.elapsed().as_secs();
    println!("\nall runs: {} min {} s", seconds / 60, seconds % 60);
    Ok(())
}

/// The arguments of a run without those that change no figure, or only name a place on this machine.
fn shown(words: impl Iterator<Item = String>) -> String {
    let (mut shown, mut words) = (Vec::new(), words);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--server-binary" => drop(words.next()),
            "--document" => {}
            _ if word.starts_with("--server-binary=") => {}
            _ => shown.push(word),
        }
    }
    shown.join(" ")
}

/// How a run is started.
const COMMAND: &str = "cargo run --release -p fanfare-bench --";

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
        .about(
            "Measures a running server against a floor and peers. Without a command: everything, 20 minutes. \
             Each run writes a file to bench/results",
        )
        .after_help(format!("Examples:\n{}", examples.collect::<String>()))
        .arg(binary)
        .arg(
            flag("document", "Put the tables into docs/performance.md, in place of those that are there")
                .global(true),
        )
        .arg(flag("quick", "All runs in their short form: two minutes"))
        .subcommands(ALL.iter().map(Run::command))
        .subcommand(floor::Options::augment_args(Command::new("floor").hide(true)))
        .subcommand(Command::new("bare").hide(true))
        .subcommand(load::Options::augment_args(Command::new("load").hide(true)))
}

fn flag(name: &'static str, about: &'static str) -> clap::Arg {
    clap::Arg::new(name).long(name).action(clap::ArgAction::SetTrue).help(about)
}

impl Run {
    fn command(&self) -> Command {
        let examples = self.examples.iter().map(|(what, args)| example(self, what, args));
        (self.arguments)(Command::new(self.name).about(self.about))
            .after_help(format!("Examples:\n{}", examples.collect::<String>()))
    }
}

fn example(run: &Run, what: &str, args: &str) -> String {
    let line = format!("{COMMAND} {} {args}", run.name);
    format!("  {what}:\n    {}\n", line.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_is_a_command_that_parses() {
        command().debug_assert();
        for run in ALL {
            let examples = run.examples.iter().map(|(_, args)| *args);
            for args in examples.chain([run.usual, run.quick]) {
                let words = ["fanfare-bench", run.name].into_iter().chain(args.split_whitespace());
                assert!(command().try_get_matches_from(words).is_ok(), "{}: {args}", run.name);
            }
        }
    }

    #[test]
    fn what_names_a_place_is_not_shown() {
        let words = "fair --server-binary /x --readers 5 --document --server-binary=/x";
        assert_eq!(shown(words.split(' ').map(str::to_owned)), "fair --readers 5");
    }

    #[test]
    fn every_run_has_a_place_in_the_docs() {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(crate::bench::DOCUMENT);
        let text = std::fs::read_to_string(file).unwrap();
        for run in ALL {
            assert!(text.contains(&format!("<!-- bench: {} -->\n", run.name)), "{}", run.name);
        }
    }
}
