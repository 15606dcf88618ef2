//! Readers that hear by filters against readers that hear everything.

use super::Run;
use super::rows::Rows;
use crate::bench::{Bench, progress};
use crate::contest::{Contest, Sample};
use crate::load::Order;
use crate::outcome::Result;
use crate::report::Report;
use crate::servers::{Way, kind};
use clap::{ArgMatches, Args, FromArgMatches};

pub const RUN: Run = Run {
    name: "filters",
    about: "1, 100 and 1,000 different filters against none: processor time of a delivery",
    examples: &[
        ("10,000 readers of one channel", ""),
        ("Quickly", "--readers 2000 --rounds 2 --deliveries 50000"),
    ],
    usual: "",
    quick: "--readers 2000 --rounds 2 --deliveries 50000",
    arguments: Options::augment_args,
    run,
};

/// How many different filters there are, and who hears by them.
const FILTERED: &[(&str, &str)] = &[
    ("1 filter", "fanfare-filter-1"),
    ("100 filters", "fanfare-filters-100"),
    ("1,000 filters", "fanfare-filters-1000"),
];

#[derive(Args)]
struct Options {
    /// Readers of the channel
    #[arg(long, default_value_t = 10_000)]
    readers: usize,

    /// Deliveries of a turn, one message at a time; ten times as many in bursts
    #[arg(long, default_value_t = 100_000)]
    deliveries: usize,

    /// Rounds
    #[arg(long, default_value_t = 8)]
    rounds: usize,
}

fn run(matches: &ArgMatches, bench: &Bench) -> Result<Report> {
    let Options { readers, deliveries, rounds } = Options::from_arg_matches(matches)?;
    let about = format!(
        "{readers} WebSockets (as=body) hear one channel, each by a filter of a field in the JSON body that accepts all messages, \
         or by none; {rounds} rounds"
    );
    let mut report = Report::new(RUN.name, about);
    for (name, filtered) in FILTERED {
        let kinds = [kind(filtered)?, kind("fanfare-unfiltered")?, kind("fanfare-unfiltered")?];
        let bar = progress(name, (kinds.len() * (2 * rounds + 3)) as u64);
        let mut contest = Contest::start(bench, &kinds, Way::Ws)?;
        contest.connect(readers, &bar)?;
        for (contestant, name) in contest.contestants.iter_mut().zip([*name, "none", "none again"]) {
            contestant.name = name.to_owned();
        }
        let bursts = (deliveries / readers).max(2);
        for (what, burst) in [("one at a time", 1), ("bursts of 10", 10)] {
            let samples = contest.rounds(rounds, Order::Bursts { bursts, burst, bytes: 128 }, &bar)?;
            let mut rows = Rows::new(&mut report, format!("{name}, {what}"), &contest, samples);
            rows.each("s for a million", "", Sample::per_million);
            rows.ratios("processor time", Sample::per_million, |_| None);
            rows.losses();
            rows.load();
        }
        bar.finish_and_clear();
    }
    Ok(report)
}
