//! One message to many readers: processor time for each delivery, and how late it is, against the floor and peers.

use super::Run;
use crate::bench::{Bench, progress};
use crate::contest::{Contest, Sample};
use crate::load::Order;
use crate::outcome::Result;
use crate::report::{Goal, Report};
use crate::servers::{Kind, Way, kind};
use crate::spread::Spread;
use clap::{ArgMatches, Args, FromArgMatches};

pub const RUN: Run = Run {
    name: "fanout",
    about: "One message to many readers: processor time for each delivery and latency, against the floor and peers",
    examples: &[
        ("All ways and loads", ""),
        ("Quickly", "--readers 2000 --rounds 2 --ways ws"),
        ("Against other peers", "--peers nats,redis --ways ws"),
    ],
    usual: "",
    quick: "--readers 2000 --rounds 3 --ways ws --loads single,burst,rate200k",
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// Readers of each server
    #[arg(long, default_value_t = 10_000)]
    readers: usize,

    /// Bytes of a message
    #[arg(long, default_value_t = 128)]
    bytes: usize,

    /// Rounds, in each of which every server has its turn
    #[arg(long, default_value_t = 8)]
    rounds: usize,

    /// How readers are told
    #[arg(long, value_delimiter = ',', default_value = "ws,sse,poll")]
    ways: Vec<Way>,

    /// Which loads
    #[arg(long, value_delimiter = ',', default_value = "single,burst,rate100k,rate200k")]
    loads: Vec<Load>,

    /// Whom to compare with besides the floor: nchan, redis, nats, mosquitto, node-ws; who is not installed is left out
    #[arg(long, value_delimiter = ',', default_value = "nchan")]
    peers: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Load {
    /// One message at a time
    Single,
    /// Ten at a time, in one write
    Burst,
    /// 100,000 deliveries a second
    #[value(name = "rate100k")]
    Rate100k,
    /// 200,000 deliveries a second: more than one core can do
    #[value(name = "rate200k")]
    Rate200k,
}

impl Load {
    fn name(self) -> &'static str {
        match self {
            Load::Single => "one at a time",
            Load::Burst => "bursts of 10",
            Load::Rate100k => "100,000/s offered",
            Load::Rate200k => "200,000/s offered",
        }
    }

    /// Whether it comes at its own pace.
    fn is_offered(self) -> bool {
        matches!(self, Load::Rate100k | Load::Rate200k)
    }

    fn order(self, options: &Options) -> Order {
        let (bytes, readers) = (options.bytes, options.readers as f64);
        match self {
            Load::Single => Order::Bursts { bursts: 5, burst: 1, bytes },
            Load::Burst => Order::Bursts { bursts: 2, burst: 10, bytes },
            Load::Rate100k => Order::Rate { rate: 100_000.0 / readers, seconds: 2.0, bytes },
            Load::Rate200k => Order::Rate { rate: 200_000.0 / readers, seconds: 2.0, bytes },
        }
    }
}

fn run(matches: &ArgMatches, bench: &Bench) -> Result<Report> {
    let options = Options::from_arg_matches(matches)?;
    let Options { readers, bytes, rounds, .. } = options;
    let mut about = format!("{readers} readers, {bytes} bytes, {rounds} rounds; the server on one core");
    let peers: Vec<&'static Kind> = options.peers.iter().map(|name| kind(name)).collect::<Result<_>>()?;
    for peer in [kind("floor")?].iter().chain(&peers) {
        match peer.version() {
            Some(_) => about += &format!("; {}", peer.introduction()),
            None => about += &format!("; {} is not installed, and nothing is compared with it", peer.name),
        }
    }
    let mut report = Report::new(RUN.name, about);
    for way in &options.ways {
        compete(*way, &peers, &options, bench, &mut report)?;
    }
    Ok(report)
}

/// All loads, for readers that are told one way.
fn compete(
    way: Way,
    peers: &[&'static Kind],
    options: &Options,
    bench: &Bench,
    report: &mut Report,
) -> Result<()> {
    let mut kinds = vec![kind("fanfare")?];
    if way != Way::Poll {
        kinds.extend([kind("floor")?; 2]);
    }
    let able =
        |peer: &&&Kind| peer.version().is_some() && (peer.ways.contains(&way) || peer.ways == [Way::Own]);
    let rivals = kinds.len();
    kinds.extend(peers.iter().filter(able));
    let loads = options.loads.iter().filter(|load| way != Way::Poll || **load == Load::Single);
    let loads: Vec<Load> = loads.copied().collect();
    // Peers take several times as long for what is offered: `peers` waits for that.
    let able = |load: Load| if load.is_offered() { rivals } else { kinds.len() };
    let turns: usize = loads.iter().map(|load| able(*load) * (options.rounds + 1)).sum();
    let bar = progress(way.name(), (kinds.len() + turns) as u64);
    let mut contest = Contest::start(bench, &kinds, way)?;
    contest.connect(options.readers, &bar)?;
    for load in loads {
        let order = load.order(options);
        let samples = contest.rounds_of(able(load), options.rounds, order, &bar)?;
        let names = contest.contestants.iter().map(|contestant| &*contestant.name);
        let named: Vec<(&str, &[Sample])> = names.zip(samples.iter().map(Vec::as_slice)).collect();
        let what = format!("{}, {}", way.name(), load.name());
        match load.is_offered() {
            true => lateness(report, &what, load, &named),
            false => costs(report, &what, load, way, &named),
        }
    }
    bar.finish_and_clear();
    Ok(())
}

/// What a delivery costs.
fn costs(report: &mut Report, what: &str, load: Load, way: Way, named: &[(&str, &[Sample])]) {
    let each = |samples: &[Sample]| samples.iter().map(Sample::per_million).collect::<Vec<_>>();
    let ours = each(named[0].1);
    for (name, samples) in named {
        report.spread(format!("{what}: {name}, s for a million"), Spread::of(each(samples)), "", None);
    }
    for (name, samples) in &named[1..] {
        let ratio = Spread::of_ratios(&ours, &each(samples));
        let goal = match (*name, load) {
            ("floor", Load::Burst) => Some(Goal::AtMost(1.35)),
            ("floor", _) => Some(Goal::AtMost(1.10)),
            ("nchan", Load::Burst) => Some(Goal::AtMost(1.0 / 7.0)),
            ("nchan", _) if way == Way::Poll => Some(Goal::AtMost(0.7)),
            ("nchan", _) => Some(Goal::AtMost(1.0)),
            _ => None,
        };
        match *name {
            "floor again" => control(report, what, &each(samples), &each(named[1].1)),
            _ => report.spread(format!("{what}: fanfare / {name}"), ratio, "x", goal),
        }
    }
    losses(report, what, named);
}

/// How late deliveries are, and how many there are.
fn lateness(report: &mut Report, what: &str, load: Load, named: &[(&str, &[Sample])]) {
    let late = |samples: &[Sample]| samples.iter().map(|sample| sample.told.p99).collect::<Vec<_>>();
    let rates = |samples: &[Sample]| samples.iter().map(Sample::rate).collect::<Vec<_>>();
    for (name, samples) in named {
        report.spread(format!("{what}: {name}, achieved"), Spread::of(rates(samples)), "/s", None);
        report.spread(format!("{what}: {name}, p99"), Spread::of(late(samples)), "ms", None);
        let median = |value: fn(&Sample) -> f64| Spread::of(samples.iter().map(value)).median;
        for (quantile, value) in [
            ("p50", median(|sample| sample.told.p50)),
            ("p99.9", median(|sample| sample.told.p999)),
            ("slowest", median(|sample| sample.told.slowest)),
        ] {
            report.figure(format!("{what}: {name}, {quantile}"), value, "ms");
        }
    }
    for (name, samples) in &named[1..] {
        if *name == "floor again" {
            control(report, &format!("{what}, p99"), &late(samples), &late(named[1].1));
            continue;
        }
        let (most, floor) = (if load == Load::Rate100k { 1.5 } else { 1.25 }, *name == "floor");
        let ratio = Spread::of_ratios(&late(named[0].1), &late(samples));
        let goal = floor.then_some(Goal::AtMost(most));
        report.spread(format!("{what}: p99, fanfare / {name}"), ratio, "x", goal);
        let ratio = Spread::of_ratios(&rates(named[0].1), &rates(samples));
        let goal = (floor && load == Load::Rate200k).then_some(Goal::AtLeast(0.95));
        report.spread(format!("{what}: achieved, fanfare / {name}"), ratio, "x", goal);
    }
    losses(report, what, named);
}

/// The floor against itself: how far figures of this run can be trusted.
fn control(report: &mut Report, what: &str, again: &[f64], first: &[f64]) {
    report.spread(
        format!("{what}: floor / floor (control)"),
        Spread::of_ratios(again, first),
        "x",
        Some(Goal::Control),
    );
}

/// What was lost or came twice: ours must not be.
fn losses(report: &mut Report, what: &str, named: &[(&str, &[Sample])]) {
    for (index, (name, samples)) in named.iter().enumerate() {
        let count: u64 = samples.iter().map(|sample| sample.told.lost + sample.told.repeated).sum();
        if index == 0 {
            let goal = Goal::AtMost(0.0);
            report.figure_with_goal(format!("{what}: lost or repeated"), count as f64, "", goal);
        } else if count > 0 {
            report.figure(format!("{what}: {name}, lost or repeated"), count as f64, "");
        }
    }
}
