//! What a publish costs: live ones against a bare hyper handler and nchan, kept ones against SQLite alone.

use super::Run;
use crate::bench::{Bench, progress};
use crate::contest::{Contest, Contestant, Sample, WARM_UP, in_turn};
use crate::disk::Disk;
use crate::load::Order;
use crate::outcome::Result;
use crate::report::{Goal, Report};
use crate::servers::{Kind, Way, kind};
use crate::spread::Spread;
use clap::{ArgMatches, Args, FromArgMatches};
use hdrhistogram::Histogram;
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
                "hyper again" => ("hyper / hyper (control)", &costs[1], Some(Goal::Control)),
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
    let order = Order::Publish { connections, ahead, requests, bytes: options.bytes, rate: None };
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
    }
    bar.finish_and_clear();
    punctual(&mut contest.contestants[0], options, report)
}

/// How late what is kept is answered at a rate that leaves the machine some air, against SQLite alone: commits one after the
/// other, and rows that come at the same rate. Without a rate each publisher waits for all others: with 512 of them no
/// server could answer within a few commits.
fn punctual(kept: &mut Contestant, options: &Options, report: &mut Report) -> Result<()> {
    let (mut disk, mut late, mut commits, mut rows) = (Disk::new()?, Vec::new(), Vec::new(), Vec::new());
    let rate = 10_000.0;
    let (bytes, requests) = (options.bytes, rate as usize);
    let order = Order::Publish { connections: 512, ahead: 1, requests, bytes, rate: Some(rate) };
    let p99 = |times: Histogram<u64>| times.value_at_quantile(0.99) as f64 / 1000.0;
    for round in 0..=options.rounds {
        let turns = in_turn(3, round, |number| match number {
            0 => Ok(kept.turn(order)?.told.p99),
            1 => Ok(p99(disk.commit_at(requests, bytes, rate)?)),
            _ => Ok(p99(disk.commit(100, bytes, Duration::from_millis(500))?.1)),
        })?;
        for (times, turn) in [&mut late, &mut rows, &mut commits].into_iter().zip(turns) {
            times.extend((round > WARM_UP).then_some(turn));
        }
    }
    let what = "kept, 512 publishers, 10,000/s offered";
    report.spread(format!("{what}: p99"), Spread::of(late.iter().copied()), "ms", None);
    report.spread("SQLite alone, rows 10,000/s offered: p99", Spread::of(rows.iter().copied()), "ms", None);
    report.spread("SQLite alone, commits of 100 rows: p99", Spread::of(commits.iter().copied()), "ms", None);
    let ratio = Spread::of_ratios(&late, &rows);
    report.spread(format!("{what}: p99 / that of SQLite at the same rate"), ratio, "x", None);
    let ratio = Spread::of_ratios(&late, &commits);
    report.spread(format!("{what}: p99 / that of a commit"), ratio, "x", Some(Goal::AtMost(3.0)));
    Ok(())
}

/// A thousand messages a request, against SQLite alone in batches of a thousand.
fn batches(options: &Options, bench: &Bench, report: &mut Report) -> Result<()> {
    let kinds = [kind("fanfare-batch")?, kind("fanfare-trimmed")?];
    let mut contest = Contest::start(bench, &kinds, Way::Ws)?;
    let bar = progress("batches", options.rounds as u64 + 1);
    let (mut disk, mut rates) = (Disk::new()?, [const { Vec::new() }; 3]);
    let (connections, requests) = (4, (options.requests / 100).max(8));
    let order = Order::Publish { connections, ahead: 1, requests, bytes: options.bytes, rate: None };
    for round in 0..=options.rounds {
        let turns = in_turn(rates.len(), round, |number| match contest.contestants.get_mut(number) {
            Some(contestant) => Ok(contestant.turn(order)?.rate()),
            None => Ok(disk.commit(1000, options.bytes, Duration::from_millis(500))?.0),
        })?;
        for (rates, turn) in rates.iter_mut().zip(turns) {
            rates.extend((round > WARM_UP).then_some(turn));
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let [all, trimmed, floor] = &rates;
    let rate = |rates: &[f64]| Spread::of(rates.iter().copied());
    report.spread("kept, 1,000 a request: fanfare, on any core", rate(all), "/s", None);
    report.spread("SQLite alone, 1,000 a commit", rate(floor), "/s", None);
    let ratio = Spread::of_ratios(all, floor);
    report.spread("kept, 1,000 a request: fanfare / SQLite", ratio, "x", Some(Goal::AtLeast(0.4)));
    report.spread("... where each one that comes removes the oldest of 10,000", rate(trimmed), "/s", None);
    Ok(())
}
