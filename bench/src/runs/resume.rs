//! Everybody comes back at once, having missed some messages, while publishing goes on.

use super::Run;
use super::rows::Rows;
use crate::bench::{Bench, progress};
use crate::contest::{Contest, WARM_UP};
use crate::load::Order;
use crate::outcome::Result;
use crate::report::{Goal, Report};
use crate::servers::{Way, kind};
use clap::{ArgMatches, Args, FromArgMatches};

pub const RUN: Run = Run {
    name: "resume",
    about: "Everybody comes back at once and has missed some messages: the time until all have heard everything",
    examples: &[("18,000 event streams, 50 messages missed", ""), ("Quickly", "--readers 2000 --rounds 2")],
    usual: "",
    quick: "--readers 2000 --rounds 3",
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// Readers that come back
    #[arg(long, default_value_t = 18_000)]
    readers: usize,

    /// Messages that each has missed
    #[arg(long, default_value_t = 50)]
    missing: usize,

    /// Bytes of a message
    #[arg(long, default_value_t = 128)]
    bytes: usize,

    /// Rounds
    #[arg(long, default_value_t = 8)]
    rounds: usize,

    /// How readers are told
    #[arg(long, default_value = "sse")]
    way: Way,
}

fn run(matches: &ArgMatches, bench: &Bench) -> Result<Report> {
    let options = Options::from_arg_matches(matches)?;
    let Options { readers, missing, bytes, rounds, way } = options;
    let about = format!(
        "{readers} readers over {} come back, 128 at a time as fast as they are let in, each after a cursor and {missing} messages of {bytes} bytes late; \
         another message every 200 ms, 20 at the most",
        way.name()
    );
    let mut report = Report::new(RUN.name, about);
    let kinds = [kind("fanfare")?, kind("floor")?, kind("floor")?];
    let mut contest = Contest::start(bench, &kinds, way)?;
    let bar = progress("coming back", ((rounds + 1) * kinds.len() * 2) as u64);
    let mut samples = vec![Vec::new(); kinds.len()];
    for round in 0..=rounds {
        let back = contest.round(round, Order::Return { readers, missing, bytes }, &bar)?;
        contest.round(round, Order::Leave, &bar)?;
        for (samples, back) in samples.iter_mut().zip(back).filter(|_| round > WARM_UP) {
            samples.push(back);
        }
    }
    bar.finish_and_clear();
    let mut rows = Rows::new(&mut report, "coming back", &contest, samples);
    rows.each("until all have heard all", "s", |sample| sample.told.seconds);
    rows.each("processor time", "s", |sample| sample.processor);
    rows.ratios("time", |sample| sample.told.seconds, |_| Some(Goal::AtMost(1.5)));
    rows.ratios("processor time", |sample| sample.processor, |_| None);
    rows.losses();
    rows.load();
    Ok(report)
}
