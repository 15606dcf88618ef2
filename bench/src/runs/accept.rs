//! What it costs to let readers in.

use super::Run;
use crate::bench::{Bench, progress};
use crate::contest::{Contest, WARM_UP};
use crate::load::Order;
use crate::outcome::Result;
use crate::report::{Goal, Report};
use crate::servers::{Way, kind};
use crate::spread::Spread;
use clap::{ArgMatches, Args, FromArgMatches};

pub const RUN: Run = Run {
    name: "accept",
    about: "Processor time to let a reader in: connection, handshake, subscription",
    examples: &[("WebSockets and event streams", ""), ("Quickly", "--readers 1000 --rounds 3 --ways ws")],
    usual: "",
    quick: "--readers 1000 --rounds 3 --ways ws",
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// Readers that come in a round, and leave after it
    #[arg(long, default_value_t = 3_000)]
    readers: usize,

    /// Rounds
    #[arg(long, default_value_t = 8)]
    rounds: usize,

    /// How readers are told
    #[arg(long, value_delimiter = ',', default_value = "ws,sse")]
    ways: Vec<Way>,
}

fn run(matches: &ArgMatches, bench: &Bench) -> Result<Report> {
    let options = Options::from_arg_matches(matches)?;
    let Options { readers, rounds, .. } = options;
    let mut report = Report::new(RUN.name, format!("{readers} readers come at a time, {rounds} rounds"));
    for way in &options.ways {
        let mut kinds = vec![kind("fanfare")?, kind("floor")?, kind("floor")?];
        kinds.extend(Some(kind("nchan")?).filter(|nchan| nchan.version().is_some()));
        let mut contest = Contest::start(bench, &kinds, *way)?;
        let bar = progress(way.name(), ((rounds + 1) * kinds.len() * 2) as u64);
        let mut costs = vec![Vec::new(); kinds.len()];
        for round in 0..=rounds {
            let came = contest.round(round, Order::Connect { readers }, &bar)?;
            contest.round(round, Order::Leave, &bar)?;
            for (costs, came) in costs.iter_mut().zip(&came).filter(|_| round > WARM_UP) {
                costs.push(came.processor / readers as f64 * 1e6);
            }
        }
        bar.finish_and_clear();
        for (contestant, costs) in contest.contestants.iter().zip(&costs) {
            let name = format!("{}: {}, each", way.name(), contestant.name);
            report.spread(name, Spread::of(costs.iter().copied()), "us", None);
        }
        for (contestant, theirs) in contest.contestants.iter().zip(&costs).skip(1) {
            let (ours, goal) = match &*contestant.name {
                "floor again" => (&costs[1], Some(Goal::Control)),
                "nchan" => (&costs[0], Some(Goal::AtMost(1.0))),
                _ => (&costs[0], None),
            };
            let name = match &*contestant.name {
                "floor again" => "floor / floor (control)".to_owned(),
                name => format!("fanfare / {name}"),
            };
            report.spread(format!("{}: {name}", way.name()), Spread::of_ratios(ours, theirs), "x", goal);
        }
    }
    Ok(report)
}
