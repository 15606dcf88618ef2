//! What it costs to let readers in.

use super::Run;
use super::rows::Rows;
use crate::bench::{Bench, progress};
use crate::contest::{Contest, Sample, WARM_UP};
use crate::load::Order;
use crate::outcome::Result;
use crate::report::{Goal, Report};
use crate::servers::{Way, kind};
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
    #[arg(long, default_value_t = 4_000)]
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
        let mut samples = vec![Vec::new(); kinds.len()];
        for round in 0..=rounds {
            let came = contest.round(round, Order::Connect { readers }, &bar)?;
            contest.round(round, Order::Leave, &bar)?;
            for (samples, came) in samples.iter_mut().zip(came).filter(|_| round > WARM_UP) {
                samples.push(came);
            }
        }
        bar.finish_and_clear();
        let each = |sample: &Sample| sample.processor / readers as f64 * 1e6;
        let mut rows = Rows::new(&mut report, way.name(), &contest, samples);
        rows.each("each", "us", each);
        rows.ratios("processor time", each, |name| (name == "nchan").then_some(Goal::AtMost(1.0)));
        rows.load();
    }
    Ok(report)
}
