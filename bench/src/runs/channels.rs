//! A store with a million channels: publishing to random ones, against publishing to ten.

use super::Run;
use crate::bench::{Bench, progress};
use crate::outcome::Result;
use crate::publisher::Publisher;
use crate::report::{Goal, Report};
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
    #[arg(long, default_value_t = 6)]
    seconds: u64,

    /// Slices for each of the two stores, taken in turn, so that both see the same machine
    #[arg(long, default_value_t = 5)]
    slices: u64,
}

fn run(matches: &ArgMatches, bench: &Bench) -> Result<Report> {
    let options = Options::from_arg_matches(matches)?;
    let Options { channels, batch, publishers, slices, .. } = options;
    let about =
        format!("batches of {batch} over {publishers} connections, to {channels} channels and to {FEW}");
    let mut report = Report::new(RUN.name, about);
    let (few, many) = (bench.server(CONFIG)?, bench.server(CONFIG)?);

    let filling = Instant::now();
    fill(&options, many.address)?;
    report.figure("making the channels, a second", channels as f64 / filling.elapsed().as_secs_f64(), "");
    let memory = many.private_dirty()?;

    let (mut to_few, mut to_many, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let bar = progress("slices", slices * 2);
    for _ in 0..slices {
        let few = slice(&options, few.address, FEW)?;
        bar.inc(1);
        let many = slice(&options, many.address, channels)?;
        bar.inc(1);
        to_few.push(few);
        to_many.push(many);
        ratios.push(many / few);
    }
    bar.finish_and_clear();
    report.figure("messages a second to few, median", median(to_few), "");
    report.figure("messages a second to many, median", median(to_many), "");
    report.figure_with_goal("many / few, median", median(ratios), "", Goal::AtLeast(0.75));
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

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
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
