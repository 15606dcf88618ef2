//! Bodies that come as what has changed, against whole ones: bytes that a reader is sent, and processor time of giving them to
//! many.

use super::Run;
use crate::bench::{Bench, progress};
use crate::cores::Core;
use crate::ears::Event;
use crate::outcome::Result;
use crate::publisher::Publisher;
use crate::readers::{Audience, Readers, Wish};
use crate::report::Report;
use crate::servers::{Server, Way};
use crate::spread::Spread;
use clap::{ArgMatches, Args, FromArgMatches};
use std::fmt::Write;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

pub const RUN: Run = Run {
    name: "deltas",
    about: "Bodies as what has changed against whole ones: bytes, with filter and rate, and processor time",
    examples: &[
        ("A market and a document that grows", ""),
        ("Quickly", "--seconds 2 --readers 100 --rounds 2"),
    ],
    usual: "",
    quick: "--seconds 2 --readers 100 --rounds 2",
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// Seconds of publishing, each of twenty updates of everything
    #[arg(long, default_value_t = 5)]
    seconds: u64,

    /// Readers of the market, for processor time
    #[arg(long, default_value_t = 1_000)]
    readers: usize,

    /// Rounds of that
    #[arg(long, default_value_t = 4)]
    rounds: u64,
}

const CONFIG: &str = "workers = 1\n[[namespace]]\npattern = \"live/**\"\nkeeping = \"live\"\n";
/// Updates a second of each instrument, and of the document.
const UPDATES: u64 = 20;
const INSTRUMENTS: u64 = 50;
/// What readers ask for beside the channel.
const ASKED: &[(&str, &str)] = &[
    ("everything", ""),
    ("by a filter", "&filter=body.venue%20%3D%20%22A%22"),
    ("at a rate", "&rate=5"),
    ("by a filter, at a rate", "&filter=body.venue%20%3D%20%22A%22&rate=5"),
];
/// The lines of one update, by its number.
type Update = fn(u64, &mut Chance) -> String;

const STREAMS: &[(&str, Update)] = &[("market", market), ("document", document)];

fn run(matches: &ArgMatches, bench: &Bench) -> Result<Report> {
    let Options { seconds, readers, rounds } = Options::from_arg_matches(matches)?;
    let about = format!(
        "{INSTRUMENTS} instruments, books of ten levels a side, {UPDATES} times a second each; a JSON document that grows as often by an \
         entry; WebSockets (as=envelope, as=delta), bytes of what they are sent; {seconds} s. Processor time: {readers} readers of the \
         market, {rounds} rounds"
    );
    let mut report = Report::new(RUN.name, about);
    let bar = progress("deltas", STREAMS.len() as u64 + 2 * (rounds + 1));
    for (name, update) in STREAMS {
        bytes(&mut report, bench, (name, *update), seconds)?;
        bar.inc(1);
    }
    let (mut whole, mut changes) = (Vec::new(), Vec::new());
    let (mut one, mut other) = (crowd(bench, "envelope", readers, 0)?, crowd(bench, "delta", readers, 1)?);
    for round in 0..=rounds {
        for (crowd, costs) in [(&mut one, &mut whole), (&mut other, &mut changes)] {
            let before = crowd.0.process.settled_seconds()?;
            hear(crowd.0.address, &mut crowd.1, seconds, market)?;
            let cost = crowd.0.process.settled_seconds()? - before;
            if round > 0 {
                costs.push(cost);
            }
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    report.spread("whole: processor seconds of a round", Spread::of(whole.clone()), "s", None);
    report.spread("as changes: processor seconds of a round", Spread::of(changes.clone()), "s", None);
    report.spread("processor time, as changes / whole", Spread::of_ratios(&changes, &whole), "x", None);
    Ok(report)
}

/// What one reader of each kind is sent.
fn bytes(report: &mut Report, bench: &Bench, (name, update): (&str, Update), seconds: u64) -> Result<()> {
    let server = crate::servers::start_fanfare(bench.binary(), CONFIG, Core::Server)?;
    let mut readers = Readers::new(server.address, 0)?;
    for (_, asked) in ASKED {
        for form in ["envelope", "delta"] {
            connect(&mut readers, &server, &format!("/c/live/x?via=ws&as={form}{asked}"), 1)?;
        }
    }
    let sent = hear(server.address, &mut readers, seconds, update)?;
    for ((what, _), pair) in ASKED.iter().zip(sent.chunks(2)) {
        let [whole, changes] = pair else { continue };
        if whole.messages != changes.messages && !what.contains("rate") {
            return Err(
                format!("{what}: {} messages, and {} as changes", whole.messages, changes.messages).into()
            );
        }
        let mean = |sent: &Sent| sent.bytes as f64 / sent.messages.max(1) as f64;
        report.figure(format!("{name}, {what}: messages"), whole.messages as f64, "");
        report.figure(format!("{name}, {what}: bytes of one, whole"), mean(whole), "B");
        report.figure(format!("{name}, {what}: bytes of one, as changes"), mean(changes), "B");
        report.figure(format!("{name}, {what}: saved"), 100.0 * (1.0 - mean(changes) / mean(whole)), "%");
    }
    Ok(())
}

fn crowd(bench: &Bench, form: &str, count: usize, net: u8) -> Result<(Server, Readers)> {
    let server = crate::servers::start_fanfare(bench.binary(), CONFIG, Core::Server)?;
    let mut readers = Readers::new(server.address, net)?;
    connect(&mut readers, &server, &format!("/c/live/x?via=ws&as={form}"), count)?;
    Ok((server, readers))
}

fn connect(readers: &mut Readers, server: &Server, target: &str, count: usize) -> Result<()> {
    let wish = Wish::target(target, Way::Ws, server.address);
    // Each is greeted.
    readers.connect(count, &wish, &mut Ignored, &mut |_| {})?;
    Ok(())
}

struct Ignored;

impl Audience for Ignored {
    fn hear(&mut self, _: usize, _: &Event<'_>) -> Result<()> {
        Ok(())
    }
}

#[derive(Default, Clone)]
struct Sent {
    messages: u64,
    bytes: u64,
}

/// What each was sent, and when somebody was last.
struct Counting(Vec<Sent>, Instant);

impl Audience for Counting {
    fn hear(&mut self, reader: usize, event: &Event<'_>) -> Result<()> {
        if event.data.starts_with(b"{\"channel\"") {
            self.0[reader].messages += 1;
            self.0[reader].bytes += event.data.len() as u64;
            self.1 = Instant::now();
        }
        Ok(())
    }
}

/// Publishes, and reads until nothing has come for a second.
fn hear(address: SocketAddr, readers: &mut Readers, seconds: u64, update: Update) -> Result<Vec<Sent>> {
    let mut counting = Counting(vec![Sent::default(); readers.len()], Instant::now());
    thread::scope(|scope| {
        let publishing = scope.spawn(move || -> Result<()> {
            let (mut publisher, began, mut chance) =
                (Publisher::connect(address)?, Instant::now(), Chance(7));
            for number in 0..seconds * UPDATES {
                let due = began + Duration::from_millis(number * 1000 / UPDATES);
                thread::sleep(due.saturating_duration_since(Instant::now()));
                let lines = update(number, &mut chance);
                publisher.publish_lines(lines.as_bytes(), lines.lines().count())?;
            }
            Ok(())
        });
        let heard = readers.pump(&mut counting, |counting| {
            publishing.is_finished() && counting.1.elapsed() > Duration::from_secs(1)
        });
        publishing.join().map_err(|_| "the publisher panicked")??;
        heard
    })?;
    Ok(counting.0)
}

/// Numbers that are the same every time (a linear congruence of Knuth's).
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

/// One update of each instrument: its price moves, and what is offered at some levels.
fn market(number: u64, chance: &mut Chance) -> String {
    let mut lines = String::new();
    for instrument in 0..INSTRUMENTS {
        // It moves with every fifth update.
        let middle = 10_000 + instrument * 100 + (number + instrument) / 5 % 3;
        let mut side = |sign: i64| {
            let level = |level: i64| {
                // Most levels stay as they are.
                let size = if chance.below(5) == 0 { chance.below(900) + 100 } else { 250 };
                let price = middle as i64 + sign * (level + 1);
                format!("[{}.{:04},{size}]", price / 10_000, price % 10_000)
            };
            (0..10).map(level).collect::<Vec<_>>().join(",")
        };
        let (bids, asks) = (side(-1), side(1));
        let venue = if number.is_multiple_of(2) { "A" } else { "B" };
        // Writing into a String cannot fail.
        let _ = writeln!(
            lines,
            "{{\"channel\":\"live/x\",\"key\":\"i{instrument}\",\"content_type\":\"application/json\",\"body\":{{\"symbol\":\"I{instrument}\",\
             \"venue\":\"{venue}\",\"seq\":{number},\"bids\":[{bids}],\"asks\":[{asks}]}}}}"
        );
    }
    lines
}

/// A document that has an entry more, or something changed, each time.
fn document(number: u64, _: &mut Chance) -> String {
    let entry = |entry: u64| {
        let done = entry + 10 < number;
        format!("{{\"id\":{entry},\"title\":\"what is to be done as number {entry}\",\"done\":{done}}}")
    };
    let entries: Vec<String> = (0..=number).map(entry).collect();
    let venue = if number.is_multiple_of(2) { "A" } else { "B" };
    format!(
        "{{\"channel\":\"live/x\",\"key\":\"d\",\"content_type\":\"application/json\",\"body\":{{\"venue\":\"{venue}\",\"entries\":[{}]}}}}\n",
        entries.join(",")
    )
}
