//! What a publish costs: live ones against a bare hyper handler and nchan, kept ones against SQLite alone.

use super::Run;
use super::rows::Rows;
use crate::bench::{Bench, progress};
use crate::contest::{Contest, Contestant, Sample, WARM_UP, in_turn};
use crate::cores::{Core, on};
use crate::disk::Disk;
use crate::load::Order;
use crate::outcome::Result;
use crate::report::{Goal, Report};
use crate::servers::{Kind, Way, kind};
use crate::spread::Spread;
use clap::{ArgMatches, Args, FromArgMatches};
use hdrhistogram::Histogram;
use std::time::Duration;

pub const RUN: Run = Run {
    name: "publish",
    about: "Publishing without readers: live against a bare hyper handler and nchan, kept against SQLite alone",
    examples: &[("All of it", ""), ("Quickly", "--rounds 2 --requests 5000")],
    usual: "",
    quick: "--rounds 2 --requests 4000",
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// Requests of a turn of 64 publishers; others have more or fewer
    #[arg(long, default_value_t = 60_000)]
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
    let about = format!("{bytes} bytes, {requests} requests a turn of 64 publishers, {rounds} rounds");
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
    /// Which part of the requests of a turn: where publishers wait, fewer take as long.
    part: f64,
    goal: Option<Goal>,
}

impl Load {
    fn order(&self, options: &Options, share: f64) -> Order {
        let Load { connections, ahead, .. } = *self;
        let requests = (options.requests as f64 * self.part * share) as usize;
        Order::Publish { connections, ahead, requests: requests.max(100), bytes: options.bytes, rate: None }
    }
}

const LIVE: &[Load] = &[
    Load { name: "1 publisher", connections: 1, ahead: 1, part: 0.2, goal: None },
    Load { name: "64 publishers", connections: 64, ahead: 1, part: 1.0, goal: Some(Goal::AtMost(1.15)) },
    Load { name: "512 publishers", connections: 512, ahead: 1, part: 0.5, goal: None },
    Load { name: "16 pipelined", connections: 1, ahead: 16, part: 2.0, goal: Some(Goal::AtMost(1.5)) },
];

/// nchan needs several times as long for what is pipelined, and is known well enough after a part of it.
const PEER: f64 = 0.25;

/// Processor time of a POST.
fn live(options: &Options, bench: &Bench, report: &mut Report) -> Result<()> {
    let mut kinds: Vec<&'static Kind> = vec![kind("fanfare")?, kind("hyper")?, kind("hyper")?];
    kinds.extend(Some(kind("nchan")?).filter(|nchan| nchan.version().is_some()));
    let mut contest = Contest::start(bench, &kinds, Way::Ws)?;
    let bar = progress("live", (LIVE.len() * kinds.len() * (options.rounds + 1)) as u64);
    for load in LIVE {
        let share = |kind: &&Kind| if kind.name == "nchan" { PEER } else { 1.0 };
        let orders: Vec<Order> = kinds.iter().map(|kind| load.order(options, share(kind))).collect();
        let samples = contest.rounds_of(&orders, options.rounds, &bar)?;
        let mut rows = Rows::new(report, format!("live, {}", load.name), &contest, samples);
        rows.each("each", "us", Sample::per_million);
        rows.ratios("processor time", Sample::per_million, |name| load.goal.filter(|_| name == "hyper"));
        rates(&mut rows);
    }
    bar.finish_and_clear();
    Ok(())
}

fn rates(rows: &mut Rows<'_>) {
    rows.each("rate", "/s", Sample::rate);
    rows.each("p99", "ms", |sample| sample.told.p99);
    rows.load();
}

const KEPT: &[Load] = &[
    // One publisher waits for the disk each time.
    Load { name: "1 publisher", connections: 1, ahead: 1, part: 0.01, goal: None },
    Load { name: "64 publishers", connections: 64, ahead: 1, part: 0.25, goal: None },
    Load { name: "512 publishers", connections: 512, ahead: 1, part: 0.5, goal: Some(Goal::AtLeast(0.5)) },
];

/// Rate and lateness of what is synced before it is answered.
fn kept(options: &Options, bench: &Bench, report: &mut Report) -> Result<()> {
    let kinds = [kind("fanfare-kept")?, kind("hyper")?, kind("hyper")?];
    let mut contest = Contest::start(bench, &kinds, Way::Ws)?;
    let bar = progress("kept", (KEPT.len() * kinds.len() * (options.rounds + 1)) as u64);
    for load in KEPT {
        let samples = contest.rounds(options.rounds, load.order(options, 1.0), &bar)?;
        let mut rows = Rows::new(report, format!("kept, {}", load.name), &contest, samples);
        rows.ratios("rate", Sample::rate, |_| load.goal);
        rates(&mut rows);
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
    let (bytes, requests) = (options.bytes, options.requests.min(rate as usize));
    let order = Order::Publish { connections: 512, ahead: 1, requests, bytes, rate: Some(rate) };
    let p99 = |times: Histogram<u64>| times.value_at_quantile(0.99) as f64 / 1000.0;
    for round in 0..=options.rounds {
        let turns = in_turn(3, round, |number| match number {
            0 => Ok(kept.turn(order)?.told.p99),
            1 => on(Core::Server, || Ok(p99(disk.commit_at(requests, bytes, rate)?))),
            _ => on(Core::Server, || Ok(p99(disk.commit(100, bytes, Duration::from_millis(500))?.1))),
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
    let (connections, requests) = (4, (options.requests / 600).max(8));
    let order = Order::Publish { connections, ahead: 1, requests, bytes: options.bytes, rate: None };
    for round in 0..=options.rounds {
        let turns = in_turn(rates.len(), round, |number| match contest.contestants.get_mut(number) {
            Some(contestant) => Ok(contestant.turn(order)?.rate()),
            None => on(Core::Server, || Ok(disk.commit(1000, options.bytes, Duration::from_millis(500))?.0)),
        })?;
        for (rates, turn) in rates.iter_mut().zip(turns) {
            rates.extend((round > WARM_UP).then_some(turn));
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let [all, trimmed, floor] = &rates;
    let what = "kept, 1,000 a request";
    for (name, rates) in [
        (format!("{what}: fanfare"), all),
        (format!("{what}: fanfare, each one removes the oldest of 10,000 (default retention)"), trimmed),
        ("SQLite alone, 1,000 a commit".to_owned(), floor),
    ] {
        report.spread(name, Spread::of(rates.iter().copied()), "/s", None);
    }
    let ratio = |rates: &[f64]| Spread::of_ratios(rates, floor);
    report.spread(format!("{what}: fanfare / SQLite"), ratio(all), "x", Some(Goal::AtLeast(0.4)));
    report.spread(format!("{what}: fanfare with default retention / SQLite"), ratio(trimmed), "x", None);
    Ok(())
}
