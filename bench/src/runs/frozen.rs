//! What those that read feel of a few that do not.

use super::Run;
use crate::bench::{Bench, progress};
use crate::contest::{Contest, Sample, WARM_UP};
use crate::load::Order;
use crate::outcome::Result;
use crate::report::{Goal, Report};
use crate::servers::{Way, kind};
use crate::spread::Spread;
use clap::{ArgMatches, Args, FromArgMatches};

pub const RUN: Run = Run {
    name: "frozen",
    about: "One reader in a hundred never reads: how late the others hear, against the same without them",
    examples: &[("100 of 10,000 WebSockets are frozen", ""), ("Quickly", "--readers 2000 --rounds 2")],
    usual: "",
    quick: "--readers 2000 --rounds 3",
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// Readers that read; of the first server one more in a hundred does not
    #[arg(long, default_value_t = 10_000)]
    readers: usize,

    /// Deliveries a second
    #[arg(long, default_value_t = 100_000.0)]
    rate: f64,

    /// Rounds
    #[arg(long, default_value_t = 8)]
    rounds: usize,
}

/// More than the kernel takes for a socket that nobody reads.
const FILLING: Order = Order::Bursts { bursts: 4, burst: 8, bytes: 16 * 1024 };

fn run(matches: &ArgMatches, bench: &Bench) -> Result<Report> {
    let Options { readers, rate, rounds } = Options::from_arg_matches(matches)?;
    let frozen = readers / 100;
    let about = format!(
        "{readers} WebSockets that read are offered {rate:.0} deliveries a second of 128 bytes, {rounds} rounds; \
         beside them {frozen} that do not read and whose sockets are full"
    );
    let mut report = Report::new(RUN.name, about);
    let kinds = [kind("fanfare")?; 3];
    let bar = progress("frozen", (kinds.len() * (rounds + 3)) as u64);
    let mut contest = Contest::start(bench, &kinds, Way::Ws)?;
    contest.connect(readers, &bar)?;
    contest.contestants[0].turn(Order::Freeze { readers: frozen })?;
    contest.round(WARM_UP, FILLING, &bar)?;
    let order = Order::Rate { rate: rate / readers as f64, seconds: 2.0, bytes: 128 };
    let samples = contest.rounds(rounds, order, &bar)?;
    bar.finish_and_clear();
    let late: Vec<Vec<f64>> =
        samples.iter().map(|samples| samples.iter().map(|sample| sample.told.p99).collect()).collect();
    report.spread("p99 beside frozen ones", Spread::of(late[0].iter().copied()), "ms", None);
    report.spread("p99 without", Spread::of(late[1].iter().copied()), "ms", None);
    report.spread(
        "p99, without / without (control)",
        Spread::of_ratios(&late[2], &late[1]),
        "x",
        Some(Goal::Control),
    );
    let ratio = Spread::of_ratios(&late[0], &late[1]);
    report.spread("p99, beside frozen ones / without", ratio, "x", Some(Goal::AtMost(1.25)));
    let costs: Vec<Vec<f64>> =
        samples.iter().map(|samples| samples.iter().map(Sample::per_million).collect()).collect();
    report.spread(
        "processor time, beside frozen ones / without",
        Spread::of_ratios(&costs[0], &costs[1]),
        "x",
        None,
    );
    let lost: u64 = samples.iter().flatten().map(|sample| sample.told.lost + sample.told.repeated).sum();
    report.figure_with_goal("lost or repeated", lost as f64, "", Goal::AtMost(0.0));
    Ok(report)
}
