//! Readers that hear by pattern against readers that name their channels.

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
    name: "patterns",
    about: "A pattern for each reader against ten named channels for each: processor time to publish and deliver",
    examples: &[("10,000 patterns over 100,000 channels", ""), ("Quickly", "--readers 2000 --rounds 2")],
    usual: "",
    quick: "--readers 2000 --rounds 2",
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
        "{readers} WebSockets (as=body), {} channels, heard by pattern and by name; each message is published to one and heard by one",
        readers * 10
    );
    let mut report = Report::new(RUN.name, about);
    let kinds = [kind("fanfare-patterns")?, kind("fanfare-direct")?, kind("fanfare-direct")?];
    let bar = progress("patterns", (kinds.len() * (rounds + 2)) as u64);
    let mut contest = Contest::start(bench, &kinds, Way::Ws)?;
    contest.connect(readers, &bar)?;
    for (contestant, name) in contest.contestants.iter_mut().zip(["by pattern", "by name", "by name again"]) {
        contestant.name = name.to_owned();
    }
    let order = Order::Scatter { bursts: 200, burst: 100, bytes: 128 };
    let samples = contest.rounds(rounds, order, &bar)?;
    bar.finish_and_clear();
    let mut rows = Rows::new(&mut report, "published and delivered", &contest, samples);
    rows.each("us for a message", "", Sample::per_million);
    rows.ratios("processor time", Sample::per_million, |_| Some(Goal::AtMost(2.0)));
    rows.losses();
    rows.load();
    Ok(report)
}
