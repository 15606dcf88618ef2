//! Everybody in one table: what a delivery costs, how late it is under too much load, what an idle reader takes.

use super::{Run, idle};
use crate::bench::{Bench, progress};
use crate::contest::{Contest, Contestant, Sample};
use crate::cores::Core;
use crate::load::{Loader, Order};
use crate::outcome::Result;
use crate::report::Report;
use crate::servers::{ALL, Kind, Way};
use crate::spread::Spread;
use clap::{ArgMatches, Args, FromArgMatches};

pub const RUN: Run = Run {
    name: "peers",
    about: "Fanfare, the floor and all peers that are installed, in one table; bench/peers/need gets them",
    examples: &[("All of them", ""), ("Some", "--only fanfare,floor,redis --rounds 2")],
    usual: "",
    quick: "--readers 500 --idle-readers 500 --rounds 1 --only fanfare,floor",
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// Readers of each server
    #[arg(long, default_value_t = 10_000)]
    readers: usize,

    /// Idle readers of each server
    #[arg(long, default_value_t = 18_000)]
    idle_readers: usize,

    /// Rounds
    #[arg(long, default_value_t = 8)]
    rounds: usize,

    /// Servers
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "fanfare,floor,floor-each,nchan,redis,nats,mosquitto,node-ws"
    )]
    only: Vec<String>,
}

/// One server and one way.
struct Entry {
    kind: &'static Kind,
    way: Way,
    cells: Vec<String>,
}

fn run(matches: &ArgMatches, bench: &Bench) -> Result<Report> {
    let options = Options::from_arg_matches(matches)?;
    let Options { readers, idle_readers, rounds, .. } = options;
    let mut about = format!(
        "{readers} readers, {idle_readers} idle ones, 128 bytes, {rounds} rounds, every server on one core; medians; WebSockets of Fanfare \
         are told bodies alone (as=body); own protocol: the lines of Fanfare, the event stream of the floor"
    );
    let named = ALL.iter().filter(|kind| options.only.iter().any(|name| name == kind.name));
    let kinds: Vec<&Kind> = named.filter(|kind| kind.version().is_some()).collect();
    kinds.iter().for_each(|kind| about += &format!("; {}", kind.introduction()));
    let ways = |kind: &'static Kind| {
        let wanted = [Way::Ws, Way::Sse, Way::Poll, Way::Own];
        wanted.into_iter().filter(|way| kind.ways.contains(way)).map(move |way| Entry {
            kind,
            way,
            cells: Vec::new(),
        })
    };
    let mut entries: Vec<Entry> = kinds.into_iter().flat_map(ways).collect();
    let bar = progress("peers", (entries.len() * (2 + 3 * (rounds + 1))) as u64);
    for entry in &mut entries {
        let server = (entry.kind.start)(bench.binary(), Core::Server)?;
        let loader = Loader::start(entry.kind, entry.way, &server, 0)?;
        let mut contestant = Contestant { name: entry.kind.name.to_owned(), server, loader };
        let each = idle::memory(&mut contestant, idle_readers, 3, &bar)?;
        entry.cells.push(format!("{each:.0}"));
    }
    for way in [Way::Ws, Way::Sse, Way::Poll, Way::Own] {
        let mut chosen: Vec<&mut Entry> = entries.iter_mut().filter(|entry| entry.way == way).collect();
        let kinds: Vec<&'static Kind> = chosen.iter().map(|entry| entry.kind).collect();
        let mut contest = Contest::start(bench, &kinds, way)?;
        contest.connect(readers, &bar)?;
        let orders: &[Order] = match way {
            Way::Poll => &LOADS[..1],
            _ => &LOADS,
        };
        for order in orders {
            let order = order_for(*order, readers);
            for (entry, samples) in chosen.iter_mut().zip(contest.rounds(rounds, order, &bar)?) {
                entry.cells.extend(cells(order, &samples));
            }
        }
    }
    bar.finish_and_clear();
    let mut report = Report::new(RUN.name, about);
    let head = [
        "server",
        "told by",
        "bytes idle",
        "one at a time, us",
        "bursts of 10, us",
        "200,000/s: achieved",
        "p99, ms",
        "lost / repeated",
    ];
    let rows = entries.into_iter().map(|entry| {
        let name = [entry.kind.name.to_owned(), entry.way.name().to_owned()];
        name.into_iter().chain(entry.cells).chain(std::iter::repeat(String::new())).take(head.len()).collect()
    });
    report.table(&head, rows.collect());
    Ok(report)
}

const LOADS: [Order; 3] = [
    Order::Bursts { bursts: 8, burst: 1, bytes: 128 },
    Order::Bursts { bursts: 3, burst: 10, bytes: 128 },
    Order::Rate { rate: 200_000.0, seconds: 2.0, bytes: 128 },
];

/// Rates are deliveries a second.
fn order_for(order: Order, readers: usize) -> Order {
    match order {
        Order::Rate { rate, seconds, bytes } => Order::Rate { rate: rate / readers as f64, seconds, bytes },
        other => other,
    }
}

fn cells(order: Order, samples: &[Sample]) -> Vec<String> {
    let median = |value: fn(&Sample) -> f64| Spread::of(samples.iter().map(value)).median;
    match order {
        Order::Rate { .. } => {
            let sum = |value: fn(&Sample) -> u64| samples.iter().map(value).sum::<u64>();
            let (lost, repeated) = (sum(|sample| sample.told.lost), sum(|sample| sample.told.repeated));
            let (rate, late) = (median(Sample::rate), median(|sample| sample.told.p99));
            vec![format!("{rate:.0}"), format!("{late:.0}"), format!("{lost} / {repeated}")]
        }
        _ => vec![format!("{:.2}", median(Sample::per_million))],
    }
}
