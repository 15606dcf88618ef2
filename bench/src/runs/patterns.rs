//! Readers that hear by pattern against readers that name their channels.

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
    name: "patterns",
    about: "A pattern for each reader against ten named channels for each: processor time to publish and deliver",
    examples: &[("10,000 patterns over 100,000 channels", ""), ("Quickly", "--readers 2000 --rounds 2")],
    usual: "",
    quick: "--readers 2000 --rounds 3",
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// Readers; there are ten times as many channels
    #[arg(long, default_value_t = 10_000)]
    readers: usize,

    /// Rounds
    #[arg(long, default_value_t = 8)]
    rounds: usize,
}

fn run(matches: &ArgMatches, bench: &Bench) -> Result<Report> {
    let Options { readers, rounds } = Options::from_arg_matches(matches)?;
    let about = format!(
        "{readers} WebSockets, {} channels; each message is published to one and heard by one",
        readers * 10
    );
    let mut report = Report::new(RUN.name, about);
    let kinds = [kind("fanfare-patterns")?, kind("fanfare-direct")?, kind("fanfare-direct")?];
    let bar = progress("patterns", (kinds.len() * (rounds + 2)) as u64);
    let mut contest = Contest::start(bench, &kinds, Way::Ws)?;
    contest.connect(readers, &bar)?;
    let order = Order::Scatter { bursts: 200, burst: 100, bytes: 128 };
    let samples = contest.rounds(rounds, order, &bar)?;
    bar.finish_and_clear();
    let costs: Vec<Vec<f64>> =
        samples.iter().map(|samples| samples.iter().map(Sample::per_million).collect()).collect();
    report.spread("by pattern, published and delivered", Spread::of(costs[0].iter().copied()), "us", None);
    report.spread("by name, published and delivered", Spread::of(costs[1].iter().copied()), "us", None);
    report.spread(
        "by name / by name (control)",
        Spread::of_ratios(&costs[2], &costs[1]),
        "x",
        Some(Goal::Control),
    );
    let ratio = Spread::of_ratios(&costs[0], &costs[1]);
    report.spread("by pattern / by name", ratio, "x", Some(Goal::AtMost(2.0)));
    let lost: u64 = samples.iter().flatten().map(|sample| sample.told.lost + sample.told.repeated).sum();
    report.figure_with_goal("lost or repeated", lost as f64, "", Goal::AtMost(0.0));
    Ok(report)
}
