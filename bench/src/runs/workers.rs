//! Two workers against one on the same core: what more threads cost.

use super::Run;
use super::rows::Rows;
use crate::bench::{Bench, progress};
use crate::contest::{Contest, Sample};
use crate::load::Order;
use crate::outcome::Result;
use crate::report::{Goal, Report};
use crate::servers::{Way, kind};
use clap::{ArgMatches, Args, FromArgMatches};

pub const RUN: Run = Run {
    name: "workers",
    about: "Two workers against one on the same core: processor time for each delivery",
    examples: &[("10,000 WebSockets", ""), ("Quickly", "--readers 2000 --rounds 2")],
    usual: "",
    quick: "--readers 2000 --rounds 2",
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
    let about = format!(
        "{readers} WebSockets (as=body), 128 bytes, one message at a time, {rounds} rounds, all on one core"
    );
    let mut report = Report::new(RUN.name, about);
    let kinds = [kind("fanfare-two")?, kind("fanfare")?, kind("fanfare")?];
    let bar = progress("workers", (kinds.len() * (rounds + 2)) as u64);
    let mut contest = Contest::start(bench, &kinds, Way::Ws)?;
    contest.connect(readers, &bar)?;
    let order = Order::Bursts { bursts: (60_000 / readers).max(2), burst: 1, bytes: 128 };
    let samples = contest.rounds(rounds, order, &bar)?;
    bar.finish_and_clear();
    let mut rows = Rows::new(&mut report, "one at a time", &contest, samples);
    rows.each("s for a million", "", Sample::per_million);
    rows.ratios("processor time", Sample::per_million, |_| Some(Goal::AtMost(1.15)));
    rows.losses();
    rows.load();
    Ok(report)
}
