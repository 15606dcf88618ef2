//! Publishing to very many channels against publishing to ten: batches of 100, kept, over HTTP, in turns.

use crate::http::Publisher;
use crate::progress::bar;
use crate::report::Report;
use crate::server::Server;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

#[derive(clap::Args)]
pub struct Options {
    /// Channels in the store.
    #[arg(long, default_value_t = 1_000_000)]
    channels: u64,
    /// Rounds; each measures both ways, in turns.
    #[arg(long, default_value_t = 8)]
    rounds: u64,
    /// Seconds of one measurement.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Connections that publish at the same time.
    #[arg(long, default_value_t = 4)]
    publishers: usize,
}

const BATCH: u64 = 100;
const FEW: u64 = 10;

pub fn run(binary: &Path, options: &Options) -> io::Result<()> {
    let server = Server::start(binary, "")?;
    let mut report = Report::new("channels");
    fill(server.address, options.channels)?;
    let progress = bar("measuring", options.rounds * 2);
    let (mut many, mut few, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..options.rounds {
        let order = if round % 2 == 0 { [options.channels, FEW] } else { [FEW, options.channels] };
        let mut pair = [0.0; 2];
        for channels in order {
            pair[usize::from(channels == FEW)] = measure(server.address, channels, options)?;
            progress.inc(1);
        }
        many.push(pair[0]);
        few.push(pair[1]);
        ratios.push(pair[0] / pair[1]);
    }
    progress.finish_and_clear();
    let (many, few, ratio) = (median(many), median(few), median(ratios));
    report.figure(
        "many_per_second",
        many,
        &format!("{} channels: {many:.0} messages a second", options.channels),
    );
    report.figure("few_per_second", few, &format!("{FEW} channels: {few:.0} messages a second"));
    report.figure("ratio", ratio, &format!("ratio, median of {} pairs: {ratio:.2}", options.rounds));
    report.save()
}

/// A message to every channel, so that all of them exist.
fn fill(address: SocketAddr, channels: u64) -> io::Result<()> {
    let mut publisher = Publisher::connect(address)?;
    let progress = bar("making channels", channels);
    for start in (0..channels).step_by(1000) {
        let lines: String = (start..channels.min(start + 1000)).map(line).collect();
        publisher.publish("/publish", lines.as_bytes())?;
        progress.inc(1000);
    }
    progress.finish_and_clear();
    Ok(())
}

fn line(channel: u64) -> String {
    format!("{{\"channel\":\"bench/{channel}\",\"body\":\"{:0128}\"}}\n", channel)
}

/// Messages a second to random ones of the first so many channels.
fn measure(address: SocketAddr, channels: u64, options: &Options) -> io::Result<f64> {
    let time = Duration::from_secs(options.seconds);
    let publish = || -> io::Result<u64> {
        let (mut publisher, began, mut count) = (Publisher::connect(address)?, Instant::now(), 0);
        while began.elapsed() < time {
            let lines: String = (0..BATCH).map(|_| line(fastrand::u64(..channels))).collect();
            publisher.publish("/publish", lines.as_bytes())?;
            count += BATCH;
        }
        Ok(count)
    };
    let total = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..options.publishers).map(|_| scope.spawn(publish)).collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, io::Result<u64>>| {
            thread.join().map_err(|_| io::Error::other("a publisher has failed"))?
        };
        threads.into_iter().map(join).sum::<io::Result<u64>>()
    })?;
    Ok(total as f64 / time.as_secs_f64())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
