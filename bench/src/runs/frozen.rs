//! What those that read feel of a few that do not.

use super::Run;
use super::rows::Rows;
use crate::bench::{Bench, progress};
use crate::contest::{Contest, Sample, WARM_UP};
use crate::load::Order;
use crate::outcome::Result;
use crate::report::{Goal, Report};
use crate::servers::{Way, kind};
use crate::sockets::waiting;
use clap::{ArgMatches, Args, FromArgMatches};

pub const RUN: Run = Run {
    name: "frozen",
    about: "One reader in a hundred never reads: how late the others hear, against the same without them",
    examples: &[("100 of 10,000 WebSockets are frozen", ""), ("Quickly", "--readers 2000 --rounds 2")],
    usual: "",
    quick: "--readers 1000 --rounds 2 --seconds 1",
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

    /// Seconds of a turn
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,

    /// Rounds
    #[arg(long, default_value_t = 8)]
    rounds: usize,
}

/// More than the kernel takes for a socket that nobody reads.
const FILLING: Order = Order::Bursts { bursts: BURSTS, burst: BURST, bytes: BYTES };
const BURSTS: usize = 4;
const BURST: usize = 8;
const BYTES: usize = 16 * 1024;

fn run(matches: &ArgMatches, bench: &Bench) -> Result<Report> {
    let Options { readers, rate, seconds, rounds } = Options::from_arg_matches(matches)?;
    let frozen = readers / 100;
    let about = format!(
        "{readers} WebSockets (as=body) that read are offered {rate:.0} deliveries a second of 128 bytes, {rounds} rounds; \
         beside them {frozen} that do not read and whose sockets are full"
    );
    let mut report = Report::new(RUN.name, about);
    let kinds = [kind("fanfare")?; 3];
    let bar = progress("frozen", (kinds.len() * (rounds + 3)) as u64);
    let mut contest = Contest::start(bench, &kinds, Way::Ws)?;
    let names = ["beside frozen ones", "without", "without again"];
    for (contestant, name) in contest.contestants.iter_mut().zip(names) {
        contestant.name = name.to_owned();
    }
    contest.connect(readers, &bar)?;
    contest.contestants[0].turn(Order::Freeze { readers: frozen })?;
    contest.round(WARM_UP, FILLING, &bar)?;
    // A socket that has not all that was said has no room for more.
    let waiting = waiting(contest.contestants[0].server.address.port())?;
    let full = waiting.iter().filter(|bytes| **bytes < (BURSTS * BURST * BYTES) as u64).count();
    report.figure_with_goal(
        "frozen readers whose sockets are full",
        full as f64,
        "",
        Goal::AtLeast(frozen as f64),
    );
    let order = Order::Rate { rate: rate / readers as f64, seconds, bytes: 128 };
    let samples = contest.rounds(rounds, order, &bar)?;
    bar.finish_and_clear();
    let mut rows = Rows::new(&mut report, "offered", &contest, samples);
    rows.each("p99", "ms", |sample| sample.told.p99);
    rows.each("s for a million", "", Sample::per_million);
    rows.ratios("p99", |sample| sample.told.p99, |_| Some(Goal::AtMost(1.25)));
    rows.ratios("processor time", Sample::per_million, |_| None);
    rows.losses();
    rows.load();
    Ok(report)
}
