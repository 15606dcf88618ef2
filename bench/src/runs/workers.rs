//! Two workers against one on the same core: what more threads cost.

use super::Run;
use crate::bench::{Bench, progress};
use crate::contest::{Contest, Sample};
use crate::load::Order;
use crate::outcome::Result;
use crate::report::{Goal, Report};
use crate::servers::{Way, kind};
use crate::spread::Spread;
use clap::{ArgMatches, Args, FromArgMatches};

pub const RUN: Run = Run {
    name: "workers",
    about: "Two workers against one on the same core: processor time for each delivery",
    examples: &[("10,000 WebSockets", ""), ("Quickly", "--readers 2000 --rounds 2")],
    usual: "",
    quick: "--readers 2000 --rounds 3",
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// Readers of each server
    #[arg(long, default_value_t = 10_000)]
    readers: usize,

    /// Rounds
    #[arg(long, default_value_t = 8)]
    rounds: usize,
}

fn run(matches: &ArgMatches, bench: &Bench) -> Result<Report> {
    let Options { readers, rounds } = Options::from_arg_matches(matches)?;
    let about =
        format!("{readers} WebSockets, 128 bytes, one message at a time, {rounds} rounds, all on one core");
    let mut report = Report::new(RUN.name, about);
    let kinds = [kind("fanfare-two")?, kind("fanfare")?, kind("fanfare")?];
    let bar = progress("workers", (kinds.len() * (rounds + 2)) as u64);
    let mut contest = Contest::start(bench, &kinds, Way::Ws)?;
    contest.connect(readers, &bar)?;
    let order = Order::Bursts { bursts: 12, burst: 1, bytes: 128 };
    let samples = contest.rounds(rounds, order, &bar)?;
    bar.finish_and_clear();
    let costs: Vec<Vec<f64>> =
        samples.iter().map(|samples| samples.iter().map(Sample::per_million).collect()).collect();
    report.spread("two workers, s for a million", Spread::of(costs[0].iter().copied()), "", None);
    report.spread("one worker, s for a million", Spread::of(costs[1].iter().copied()), "", None);
    report.spread("one / one (control)", Spread::of_ratios(&costs[2], &costs[1]), "x", Some(Goal::Control));
    report.spread("two / one", Spread::of_ratios(&costs[0], &costs[1]), "x", Some(Goal::AtMost(1.15)));
    Ok(report)
}
