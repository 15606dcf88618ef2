//! One message to many readers: processor time for each delivery, and how late it is, against the floor and peers.

use super::Run;
use super::rows::Rows;
use crate::bench::{Bench, progress};
use crate::contest::{Contest, Sample};
use crate::load::Order;
use crate::outcome::Result;
use crate::report::{Goal, Report};
use crate::servers::{Kind, Way, kind};
use clap::{ArgMatches, Args, FromArgMatches};

pub const RUN: Run = Run {
    name: "fanout",
    about: "One message to many readers: processor time for each delivery and latency, against the floor and peers",
    examples: &[
        ("All ways and loads", ""),
        ("Quickly", "--readers 2000 --rounds 2 --ways ws"),
        ("Bursts of 50 alone", "--ways ws --loads burst --burst 50"),
        ("Half a million deliveries a second offered for 10 s", "--loads rate --rate 500000 --seconds 10"),
        ("Against other peers", "--peers nats,redis --ways ws"),
    ],
    usual: "",
    quick: "--readers 2000 --rounds 2 --ways ws --deliveries 20000 --rate 200000 --seconds 1",
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
    #[arg(long, value_delimiter = ',', default_value = "ws,sse,ndjson,poll")]
    ways: Vec<Way>,

    /// Which loads; long polls have the first alone, lines of JSON the first two
    #[arg(long, value_delimiter = ',', default_value = "single,burst,rate")]
    loads: Vec<Load>,

    /// Deliveries of a turn with one message at a time; bursts have as many for each of their messages
    #[arg(long, default_value_t = 60_000)]
    deliveries: usize,

    /// Messages of a burst
    #[arg(long, default_value_t = 10)]
    burst: usize,

    /// Deliveries a second that are offered, one rate after the other
    #[arg(long, value_delimiter = ',', default_value = "100000,200000")]
    rate: Vec<u32>,

    /// Seconds for which a rate is offered
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,

    /// Whom to compare with besides the floor: nchan, redis, nats, mosquitto, node-ws; who is not installed is left out
    #[arg(long, value_delimiter = ',', default_value = "nchan")]
    peers: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Load {
    /// One message at a time
    Single,
    /// Several at a time, in one write
    Burst,
    /// So many deliveries a second, whether they are heard or not
    Rate,
}

/// What is done in a turn.
#[derive(Clone, Copy)]
enum Task {
    Single,
    Burst,
    /// Deliveries a second: at 200,000 more than one core can do.
    Rate(u32),
}

impl Task {
    /// All that readers told this way are to do.
    fn all(options: &Options, way: Way) -> Vec<Task> {
        let able = |load: &&Load| match way {
            Way::Poll => **load == Load::Single,
            Way::Ndjson => **load != Load::Rate,
            _ => true,
        };
        let tasks = |load: &Load| match load {
            Load::Single => vec![Task::Single],
            Load::Burst => vec![Task::Burst],
            Load::Rate => options.rate.iter().copied().map(Task::Rate).collect(),
        };
        options.loads.iter().filter(able).flat_map(tasks).collect()
    }

    fn name(self, options: &Options) -> String {
        match self {
            Task::Single => "one at a time".to_owned(),
            Task::Burst => format!("bursts of {}", options.burst),
            Task::Rate(rate) => format!("{},{:03}/s offered", rate / 1000, rate % 1000),
        }
    }

    /// About a second of processor time for ours and the floor. Peers need several times as much for bursts, and are known
    /// well enough after one.
    fn order(self, options: &Options, peer: bool) -> Order {
        let (bytes, readers) = (options.bytes, options.readers);
        let bursts = (options.deliveries / readers).max(2);
        match self {
            Task::Single => Order::Bursts { bursts, burst: 1, bytes },
            Task::Burst => {
                let bursts = if peer { bursts.div_ceil(6) } else { bursts };
                Order::Bursts { bursts, burst: options.burst, bytes }
            }
            Task::Rate(rate) => {
                let rate = f64::from(rate) / readers as f64;
                Order::Rate { rate, seconds: options.seconds, bytes }
            }
        }
    }
}

fn run(matches: &ArgMatches, bench: &Bench) -> Result<Report> {
    let options = Options::from_arg_matches(matches)?;
    let Options { readers, bytes, rounds, .. } = options;
    let mut about = format!(
        "{readers} readers, {bytes} bytes, {rounds} rounds; the server on one core; WebSockets are told bodies alone (as=body), \
         event streams bodies with their ids, lines and long polls whole envelopes"
    );
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
    let able = |peer: &&&'static Kind| {
        peer.version().is_some() && (peer.ways.contains(&way) || peer.ways == [Way::Own])
    };
    let rivals = kinds.len();
    // Without the floor a peer is its own control.
    let times = if way == Way::Poll { 2 } else { 1 };
    kinds.extend(peers.iter().filter(able).flat_map(|peer| [*peer; 2].into_iter().take(times)));
    let tasks = Task::all(options, way);
    // Peers take several times as long for what is offered: `peers` waits for that.
    let count = |task: Task| if matches!(task, Task::Rate(_)) { rivals } else { kinds.len() };
    let turns: usize = tasks.iter().map(|task| count(*task) * (options.rounds + 1)).sum();
    let bar = progress(way.name(), (kinds.len() + turns) as u64);
    let mut contest = Contest::start(bench, &kinds, way)?;
    contest.connect(options.readers, &bar)?;
    for task in tasks {
        let orders = (0..count(task)).map(|number| task.order(options, number >= rivals));
        let samples = contest.rounds_of(&orders.collect::<Vec<_>>(), options.rounds, &bar)?;
        let what = format!("{}, {}", way.name(), task.name(options));
        let mut rows = Rows::new(report, what, &contest, samples);
        match task {
            Task::Rate(rate) => lateness(&mut rows, rate),
            _ => costs(&mut rows, task, way, options),
        }
    }
    bar.finish_and_clear();
    Ok(())
}

/// What a delivery costs.
fn costs(rows: &mut Rows<'_>, task: Task, way: Way, options: &Options) {
    rows.each("s for a million", "", Sample::per_million);
    let burst = matches!(task, Task::Burst);
    let usual = !burst || options.burst == 10;
    rows.ratios("processor time", Sample::per_million, |name| {
        match name {
            "floor" if burst => Some(Goal::AtMost(1.35)),
            "floor" => Some(Goal::AtMost(1.10)),
            "nchan" if burst => Some(Goal::AtMost(1.0 / 7.0)),
            "nchan" if way == Way::Poll => Some(Goal::AtMost(0.7)),
            "nchan" => Some(Goal::AtMost(1.0)),
            _ => None,
        }
        .filter(|_| usual)
    });
    rows.each("achieved", "/s", Sample::rate);
    rows.each("p99", "ms", |sample| sample.told.p99);
    rows.losses();
    rows.load();
}

/// How late deliveries are, how many there are, and what they cost.
fn lateness(rows: &mut Rows<'_>, rate: u32) {
    rows.each("achieved", "/s", Sample::rate);
    rows.each("p50", "ms", |sample| sample.told.p50);
    rows.each("p99", "ms", |sample| sample.told.p99);
    rows.each("p99.9", "ms", |sample| sample.told.p999);
    rows.each("slowest", "ms", |sample| sample.told.slowest);
    rows.each("s for a million", "", Sample::per_million);
    let goal = |goal: Option<Goal>| move |name: &str| goal.filter(|_| name == "floor");
    let (late, achieved) = match rate {
        100_000 => (Some(Goal::AtMost(1.5)), None),
        200_000 => (Some(Goal::AtMost(1.25)), Some(Goal::AtLeast(0.95))),
        _ => (None, None),
    };
    rows.ratios("p99", |sample| sample.told.p99, goal(late));
    rows.ratios("achieved", Sample::rate, goal(achieved));
    rows.ratios("processor time", Sample::per_million, |_| None);
    rows.losses();
    rows.load();
}
