//! A store with a million channels: publishing to random ones, against publishing to ten.

use super::Run;
use crate::bench::{Bench, progress};
use crate::contest::{WARM_UP, in_turn};
use crate::outcome::Result;
use crate::publisher::Publisher;
use crate::report::{Goal, Report};
use crate::spread::Spread;
use clap::{ArgMatches, Args, FromArgMatches};
use fastrand::Rng;
use std::fmt::Write;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

pub const RUN: Run = Run {
    name: "channels",
    about: "Kept publishing in batches to random channels of a million, against ten channels",
    examples: &[("A million channels", ""), ("Quickly", "--channels 50000 --seconds 2 --slices 2")],
    usual: "",
    quick: "--channels 50000 --seconds 1 --slices 2",
    arguments: Options::augment_args,
    run,
};

/// Retention would trim the few channels and not the many.
const CONFIG: &str = "[[namespace]]\npattern = \"**\"\nmessages = 1000000000\n";
const FEW: u64 = 10;
/// Messages of one request while the channels are made.
const FILLING: u64 = 1000;

#[derive(Args)]
struct Options {
    /// Channels of the large store
    #[arg(long, default_value_t = 1_000_000)]
    channels: u64,

    /// Messages of one request
    #[arg(long, default_value_t = 100)]
    batch: u64,

    /// Bytes of a message
    #[arg(long, default_value_t = 128)]
    bytes: usize,

    /// Connections that publish at the same time
    #[arg(long, default_value_t = 4)]
    publishers: usize,

    /// Seconds of one slice
    #[arg(long, default_value_t = 3)]
    seconds: u64,

    /// Slices for each store, taken in turn, so that all see the same machine, after one that counts for nothing
    #[arg(long, default_value_t = 8)]
    slices: usize,
}

fn run(matches: &ArgMatches, bench: &Bench) -> Result<Report> {
    let options = Options::from_arg_matches(matches)?;
    let Options { channels, batch, publishers, slices, .. } = options;
    let about =
        format!("batches of {batch} over {publishers} connections, to {channels} channels and to {FEW}");
    let mut report = Report::new(RUN.name, about);
    let [few, again, many] = [bench.server(CONFIG)?, bench.server(CONFIG)?, bench.server(CONFIG)?];

    let filling = Instant::now();
    fill(&options, many.address)?;
    report.figure("making the channels, a second", channels as f64 / filling.elapsed().as_secs_f64(), "");
    let memory = many.private_dirty()?;

    let stores = [(&few, FEW), (&again, FEW), (&many, channels)];
    let mut rates = [const { Vec::new() }; 3];
    let bar = progress("slices", slices as u64 + 1);
    for round in 0..=slices {
        let turns = in_turn(stores.len(), round, |number| {
            let (server, channels) = stores[number];
            slice(&options, server.address, channels)
        })?;
        for (rates, turn) in rates.iter_mut().zip(turns) {
            rates.extend((round > WARM_UP).then_some(turn));
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let [few, again, many] = &rates;
    for (name, rates) in [("few", few), ("few, another store", again), ("many", many)] {
        let spread = Spread::of(rates.iter().copied());
        report.spread(format!("messages a second to {name}"), spread, "", None);
    }
    report.spread("few / few (control)", Spread::of_ratios(again, few), "x", Some(Goal::Control));
    report.spread("many / few", Spread::of_ratios(many, few), "x", Some(Goal::AtLeast(0.75)));
    report.figure("private dirty with many channels", memory as f64 / 1024.0 / 1024.0, "MiB");
    Ok(report)
}

/// One message to every channel.
fn fill(options: &Options, address: SocketAddr) -> Result<()> {
    let mut publisher = Publisher::connect(address)?;
    let bar = progress("making channels", options.channels);
    for first in (0..options.channels).step_by(FILLING as usize) {
        let numbers = first..options.channels.min(first + FILLING);
        let count = numbers.clone().count();
        publisher.publish_lines(&lines(numbers, options.bytes), count)?;
        bar.inc(count as u64);
    }
    bar.finish_and_clear();
    Ok(())
}

/// Publishes to random channels for the time of a slice; answers the rate.
fn slice(options: &Options, address: SocketAddr, channels: u64) -> Result<f64> {
    let started = Instant::now();
    let end = started + Duration::from_secs(options.seconds);
    let publish = || -> Result<u64> {
        let (mut publisher, mut random, mut count) = (Publisher::connect(address)?, Rng::new(), 0);
        while Instant::now() < end {
            let numbers = (0..options.batch).map(|_| random.u64(0..channels));
            publisher.publish_lines(&lines(numbers, options.bytes), options.batch as usize)?;
            count += options.batch;
        }
        Ok(count)
    };
    let counts: Result<Vec<u64>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..options.publishers).map(|_| scope.spawn(publish)).collect();
        threads.into_iter().map(|thread| thread.join().map_err(|_| "a publisher panicked")?).collect()
    });
    Ok(counts?.iter().sum::<u64>() as f64 / started.elapsed().as_secs_f64())
}

/// An envelope a line for each of these channels.
fn lines(numbers: impl Iterator<Item = u64>, bytes: usize) -> Vec<u8> {
    let mut text = String::new();
    for number in numbers {
        // Writing into a String cannot fail.
        let _ =
            writeln!(text, "{{\"channel\":\"many/{}/{number}\",\"body\":\"{:x<bytes$}\"}}", number % 97, "");
    }
    text.into_bytes()
}
