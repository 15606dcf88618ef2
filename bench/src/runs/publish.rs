//! What a publish costs: live ones against a bare hyper handler and nchan, kept ones against SQLite alone.

use super::Run;
use crate::bench::{Bench, progress};
use crate::contest::{Contest, Sample};
use crate::disk::Disk;
use crate::load::Order;
use crate::outcome::Result;
use crate::report::{Goal, Report};
use crate::servers::{Kind, Way, kind};
use crate::spread::Spread;
use clap::{ArgMatches, Args, FromArgMatches};
use indicatif::ProgressBar;
use std::time::Duration;

pub const RUN: Run = Run {
    name: "publish",
    about: "Publishing without readers: live against a bare hyper handler and nchan, kept against SQLite alone",
    examples: &[("All of it", ""), ("Quickly", "--rounds 2 --requests 5000")],
    usual: "--requests 10000",
    quick: "--rounds 2 --requests 4000",
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// Requests of a round
    #[arg(long, default_value_t = 20_000)]
    requests: usize,

    /// Bytes of a message
    #[arg(long, default_value_t = 128)]
    bytes: usize,

    /// Rounds
    #[arg(long, default_value_t = 8)]
    rounds: usize,
}

fn run(matches: &ArgMatches, bench: &Bench) -> Result<Report> {
    let options = Options::from_arg_matches(matches)?;
    let Options { bytes, rounds, requests } = options;
    let about = format!("{bytes} bytes, {requests} requests a round, {rounds} rounds");
    let mut report = Report::new(RUN.name, about);
    live(&options, bench, &mut report)?;
    kept(&options, bench, &mut report)?;
    batches(&options, bench, &mut report)?;
    Ok(report)
}

/// How often, and how many at a time.
struct Load {
    name: &'static str,
    connections: usize,
    ahead: usize,
    goal: Option<Goal>,
}

const LIVE: &[Load] = &[
    Load { name: "1 publisher", connections: 1, ahead: 1, goal: None },
    Load { name: "64 publishers", connections: 64, ahead: 1, goal: Some(Goal::AtMost(1.15)) },
    Load { name: "512 publishers", connections: 512, ahead: 1, goal: None },
    Load { name: "16 pipelined", connections: 1, ahead: 16, goal: Some(Goal::AtMost(1.5)) },
];

/// Processor time of a POST.
fn live(options: &Options, bench: &Bench, report: &mut Report) -> Result<()> {
    let mut kinds: Vec<&'static Kind> = vec![kind("fanfare")?, kind("hyper")?, kind("hyper")?];
    kinds.extend(Some(kind("nchan")?).filter(|nchan| nchan.version().is_some()));
    let mut contest = Contest::start(bench, &kinds, Way::Ws)?;
    let bar = progress("live", (LIVE.len() * kinds.len() * (options.rounds + 1)) as u64);
    for load in LIVE {
        let samples = publish(&mut contest, load, options.requests, options, &bar)?;
        let costs: Vec<Vec<f64>> =
            samples.iter().map(|samples| samples.iter().map(Sample::per_million).collect()).collect();
        for (contestant, costs) in contest.contestants.iter().zip(&costs) {
            let name = format!("live, {}: {}, each", load.name, contestant.name);
            report.spread(name, Spread::of(costs.iter().copied()), "us", None);
        }
        for (contestant, theirs) in contest.contestants.iter().zip(&costs).skip(1) {
            let (name, ours, goal) = match &*contestant.name {
                "hyper" => ("fanfare / hyper", &costs[0], load.goal),
                "hyper again" => ("hyper / hyper (control)", &costs[1], None),
                _ => ("fanfare / nchan", &costs[0], None),
            };
            let ratio = Spread::of_ratios(ours, theirs);
            report.spread(format!("live, {}: {name}", load.name), ratio, "x", goal);
        }
    }
    bar.finish_and_clear();
    Ok(())
}

fn publish(
    contest: &mut Contest,
    load: &Load,
    requests: usize,
    options: &Options,
    bar: &ProgressBar,
) -> Result<Vec<Vec<Sample>>> {
    let Load { connections, ahead, .. } = *load;
    let order = Order::Publish { connections, ahead, requests, bytes: options.bytes };
    contest.rounds(1, order, bar)?;
    contest.rounds(options.rounds, order, bar)
}

const KEPT: &[Load] = &[
    Load { name: "1 publisher", connections: 1, ahead: 1, goal: None },
    Load { name: "64 publishers", connections: 64, ahead: 1, goal: None },
    Load { name: "512 publishers", connections: 512, ahead: 1, goal: Some(Goal::AtLeast(0.5)) },
];

/// Rate and lateness of what is synced before it is answered.
fn kept(options: &Options, bench: &Bench, report: &mut Report) -> Result<()> {
    let kinds = [kind("fanfare-kept")?, kind("hyper")?];
    let mut contest = Contest::start(bench, &kinds, Way::Ws)?;
    let bar = progress("kept", (KEPT.len() * kinds.len() * (options.rounds + 1)) as u64);
    let mut disk = Disk::new()?;
    for load in KEPT {
        // One publisher waits for the disk each time.
        let requests = if load.connections == 1 { options.requests / 20 } else { options.requests };
        let samples = publish(&mut contest, load, requests, options, &bar)?;
        let [ours, hyper] = [0, 1].map(|index| samples[index].iter().map(Sample::rate).collect::<Vec<_>>());
        report.spread(format!("kept, {}: fanfare", load.name), Spread::of(ours.iter().copied()), "/s", None);
        report.spread(format!("kept, {}: hyper", load.name), Spread::of(hyper.iter().copied()), "/s", None);
        let ratio = Spread::of_ratios(&ours, &hyper);
        report.spread(format!("kept, {}: fanfare / hyper", load.name), ratio, "x", load.goal);
        let late: Vec<f64> = samples[0].iter().map(|sample| sample.told.p99).collect();
        report.spread(format!("kept, {}: p99", load.name), Spread::of(late.iter().copied()), "ms", None);
        if load.goal.is_some() {
            let mut floor = Vec::new();
            for _ in 0..options.rounds {
                let (_, times) = disk.commit(100, options.bytes, Duration::from_millis(500))?;
                floor.push(times.value_at_quantile(0.99) as f64 / 1000.0);
            }
            let floor_p99 = Spread::of(floor.iter().copied());
            report.spread("SQLite alone, commits of 100 rows: p99", floor_p99, "ms", None);
            let ratio = Spread::of_ratios(&late, &floor);
            let name = format!("kept, {}: p99 / that of a commit", load.name);
            report.spread(name, ratio, "x", Some(Goal::AtMost(3.0)));
        }
    }
    bar.finish_and_clear();
    Ok(())
}

/// A thousand messages a request, against SQLite alone in batches of a thousand.
fn batches(options: &Options, bench: &Bench, report: &mut Report) -> Result<()> {
    let mut contest = Contest::start(bench, &[kind("fanfare-batch")?], Way::Ws)?;
    let bar = progress("batches", options.rounds as u64 + 1);
    let (mut disk, mut ours, mut floor) = (Disk::new()?, Vec::new(), Vec::new());
    let (connections, requests) = (4, (options.requests / 100).max(8));
    let order = Order::Publish { connections, ahead: 1, requests, bytes: options.bytes };
    for round in 0..=options.rounds {
        let samples = contest.rounds(1, order, &bar)?;
        let rows = disk.commit(1000, options.bytes, Duration::from_millis(500))?.0;
        if round > 0 {
            ours.extend(samples[0].iter().map(Sample::rate));
            floor.push(rows);
        }
    }
    bar.finish_and_clear();
    report.spread("kept, 1,000 a request: fanfare", Spread::of(ours.iter().copied()), "/s", None);
    report.spread("SQLite alone, 1,000 a commit", Spread::of(floor.iter().copied()), "/s", None);
    let ratio = Spread::of_ratios(&ours, &floor);
    report.spread("kept, 1,000 a request: fanfare / SQLite", ratio, "x", Some(Goal::AtLeast(0.4)));
    Ok(())
}
