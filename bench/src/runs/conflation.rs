//! Far more updates than readers want: each reader is given the newest of every key, a few times a second. What that costs,
//! against writing as many bytes.

use super::Run;
use crate::bench::{Bench, progress};
use crate::cores::Core;
use crate::ears::Event;
use crate::outcome::Result;
use crate::publisher::Publisher;
use crate::readers::{Audience, Readers, Silence, Wish, body, number_of};
use crate::report::{Goal, Report};
use crate::servers::{CHANNEL, Server, Way, kind};
use crate::spread::Spread;
use clap::{ArgMatches, Args, FromArgMatches};
use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

pub const RUN: Run = Run {
    name: "conflation",
    about: "Readers at a rate hear the newest of each key: processor time, against writing as many bytes on the floor",
    examples: &[
        ("100,000 updates a second of 1,000 keys, to 1,000 readers twice a second", ""),
        ("Quickly", "--readers 200 --seconds 2 --rounds 2"),
    ],
    usual: "",
    quick: "--readers 200 --seconds 2 --rounds 2",
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// WebSockets that hear the channel
    #[arg(long, default_value_t = 1_000)]
    readers: usize,

    /// Keys
    #[arg(long, default_value_t = 1_000)]
    keys: u64,

    /// Updates a second, in batches of one of each key
    #[arg(long, default_value_t = 100_000)]
    updates: u64,

    /// Messages of each key that a reader is given a second
    #[arg(long, default_value_t = 2)]
    rate: u64,

    /// Bytes of a message
    #[arg(long, default_value_t = 128)]
    bytes: usize,

    /// Seconds of a round
    #[arg(long, default_value_t = 5)]
    seconds: u64,

    /// Rounds
    #[arg(long, default_value_t = 4)]
    rounds: u64,
}

const CONFIG: &str = "workers = 1\n[[namespace]]\npattern = \"live/**\"\nkeeping = \"live\"\n";
/// Bytes of one message of the floor at the most: their length has sixteen bits.
const FLOOR_BYTES: usize = 60_000;

fn run(matches: &ArgMatches, bench: &Bench) -> Result<Report> {
    let options = Options::from_arg_matches(matches)?;
    let Options { readers: count, keys, updates, rate, bytes, seconds, rounds } = options;
    let about = format!(
        "{updates} updates a second of {keys} keys, {bytes} bytes, in batches; {count} WebSockets (as=body, rate={rate}); \
         {rounds} rounds of {seconds} s"
    );
    let mut report = Report::new(RUN.name, about);
    let server = crate::servers::start_fanfare(bench.binary(), CONFIG, Core::Server)?;
    let alone = crate::servers::start_fanfare(bench.binary(), CONFIG, Core::Server)?;
    let floor = (kind("floor")?.start)(bench.binary(), Core::Server)?;
    let bar = progress("conflation", 3 * (rounds + 1));
    let (mut ours, mut updating, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    let mut heard = Vec::new();
    let (mut nobody, mut nothing) = (Readers::new(alone.address, 2)?, Newest::of(0, keys));
    let mut readers = connect(&server, &format!("/c/{CHANNEL}?via=ws&as=body&rate={rate}"), count, 0)?;
    let mut hearing = connect(&floor, &format!("/c/{CHANNEL}?via=ws"), count, 1)?;
    let mut newest = Newest::of(count, keys);
    let mut first = keys;
    for round in 0..=rounds {
        let before = alone.process.settled_seconds()?;
        update(&options, alone.address, first, &mut nobody, &mut nothing)?;
        let without = alone.process.settled_seconds()? - before;
        bar.inc(1);
        let (before, messages) = (server.process.settled_seconds()?, newest.messages);
        first = update(&options, server.address, first, &mut readers, &mut newest)?;
        let cost = server.process.settled_seconds()? - before;
        let messages = newest.messages - messages;
        bar.inc(1);
        let before = floor.process.settled_seconds()?;
        write(&options, floor.address, messages / count as u64, &mut hearing)?;
        let least = floor.process.settled_seconds()? - before;
        bar.inc(1);
        if round > 0 {
            ours.push(cost);
            updating.push(without);
            theirs.push(least);
            heard.push(messages as f64 / seconds as f64);
        }
    }
    bar.finish_and_clear();
    report.spread("messages heard a second", Spread::of(heard), "", None);
    report.spread("fanfare: processor seconds of a round", Spread::of(ours.clone()), "s", None);
    report.spread("fanfare without readers: the same updates", Spread::of(updating.clone()), "s", None);
    report.spread("floor: processor seconds for as many bytes", Spread::of(theirs.clone()), "s", None);
    let ratio = Spread::of_ratios(&ours, &theirs);
    report.spread("processor time, fanfare / floor", ratio, "x", Some(Goal::AtMost(2.0)));
    let reading: Vec<f64> = ours.iter().zip(&updating).map(|(ours, updating)| ours - updating).collect();
    let ratio = Spread::of_ratios(&reading, &theirs);
    report.spread("processor time of the readers, fanfare / floor", ratio, "x", Some(Goal::AtMost(2.0)));
    report.figure_with_goal("older than what was heard before", newest.wrong as f64, "", Goal::AtMost(0.0));
    Ok(report)
}

fn connect(server: &Server, target: &str, count: usize, net: u8) -> Result<Readers> {
    let mut readers = Readers::new(server.address, net)?;
    readers.connect(count, &Wish::target(target, Way::Ws, server.address), &mut Silence, &mut |_| {})?;
    Ok(readers)
}

/// What each reader has heard of each key.
struct Newest {
    keys: u64,
    last: Vec<u64>,
    messages: u64,
    wrong: usize,
}

impl Newest {
    fn of(readers: usize, keys: u64) -> Newest {
        Newest { keys, last: vec![0; readers * keys as usize], messages: 0, wrong: 0 }
    }

    /// Whether everybody has heard the last update of each key.
    fn is_all(&self, end: u64) -> bool {
        self.last.iter().all(|last| *last + self.keys >= end)
    }
}

impl Audience for Newest {
    fn hear(&mut self, reader: usize, event: &Event<'_>) -> Result<()> {
        let number = number_of(event)?;
        let last = &mut self.last[reader * self.keys as usize + (number % self.keys) as usize];
        self.wrong += usize::from(number <= *last);
        *last = number;
        self.messages += 1;
        Ok(())
    }
}

/// Publishes for a round, until all have heard the newest. Answers the number after the last update.
fn update(
    options: &Options,
    address: SocketAddr,
    first: u64,
    readers: &mut Readers,
    newest: &mut Newest,
) -> Result<u64> {
    let Options { keys, updates, bytes, seconds, .. } = *options;
    let batches = updates * seconds / keys;
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let publishing = scope.spawn(|| -> Result<()> {
            let (mut publisher, began) = (Publisher::connect(address)?, Instant::now());
            for batch in 0..batches {
                let due = began + Duration::from_secs_f64((batch * keys) as f64 / updates as f64);
                thread::sleep(due.saturating_duration_since(Instant::now()));
                let numbers = first + batch * keys..first + (batch + 1) * keys;
                publisher.publish_lines(&lines(numbers, keys, bytes), keys as usize)?;
            }
            done.store(true, Ordering::Release);
            Ok(())
        });
        let end = first + batches * keys;
        let heard = readers.pump(newest, |newest| {
            publishing.is_finished() && (!done.load(Ordering::Acquire) || newest.is_all(end))
        });
        publishing.join().map_err(|_| "the publisher panicked")??;
        heard.map(|()| end)
    })
}

/// One update a line.
fn lines(numbers: std::ops::Range<u64>, keys: u64, bytes: usize) -> Vec<u8> {
    let mut text = String::new();
    for number in numbers {
        let (key, body) = (number % keys, body(number, bytes));
        // Writing into a String cannot fail.
        let _ = writeln!(text, "{{\"channel\":\"{CHANNEL}\",\"key\":\"k{key}\",\"body\":\"{body}\"}}");
    }
    text.into_bytes()
}

/// Bytes that all have heard.
struct Bytes(u64);

impl Audience for Bytes {
    fn hear(&mut self, _: usize, event: &Event<'_>) -> Result<()> {
        self.0 += event.data.len() as u64;
        Ok(())
    }
}

/// Gives each reader as many messages, joined, as often as there are ticks.
fn write(options: &Options, address: SocketAddr, messages: u64, readers: &mut Readers) -> Result<()> {
    let Options { bytes, rate, seconds, .. } = *options;
    let ticks = rate * seconds;
    // A message of a WebSocket has four bytes beside its body.
    let mut left = messages / ticks * (bytes as u64 + 4);
    let mut parts = Vec::new();
    while left > 0 {
        let part = left.min(FLOOR_BYTES as u64);
        parts.push(vec![b'x'; part as usize]);
        left -= part;
    }
    let mut publisher = Publisher::connect(address)?;
    let all: u64 = parts.iter().map(|part| part.len() as u64).sum::<u64>() * readers.len() as u64;
    for _ in 0..ticks {
        parts.iter().try_for_each(|part| publisher.begin(CHANNEL, part))?;
        let mut heard = Bytes(0);
        readers.pump(&mut heard, |heard| heard.0 >= all)?;
        parts.iter().try_for_each(|_| publisher.answered())?;
    }
    Ok(())
}
