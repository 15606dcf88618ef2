//! Idle readers: what each costs in memory, and what a quiet publisher feels when all of them hear a message.

use super::Run;
use crate::bench::{Bench, progress};
use crate::outcome::Result;
use crate::process::tcp_memory;
use crate::publisher::Publisher;
use crate::readers::{Counting, Readers, Silence, Wish};
use crate::report::{Goal, Report};
use crate::servers::Way;
use clap::{ArgMatches, Args, FromArgMatches};
use hdrhistogram::Histogram;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

pub const RUN: Run = Run {
    name: "idle",
    about: "Memory of idle readers; then one message to all of them while a quiet channel is published to",
    examples: &[
        ("As many as one process may have", ""),
        ("Quickly", "--readers 2000 --idle 2 --rounds 50"),
        ("WebSockets", "--via ws"),
    ],
    usual: "",
    quick: "--readers 2000 --idle 2 --rounds 50",
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// Readers
    #[arg(long, default_value_t = 18_000)]
    readers: usize,

    /// How they are told: event streams or WebSockets
    #[arg(long, default_value = "sse", value_parser = ["sse", "ws"])]
    via: String,

    /// Seconds that all are quiet before memory is measured
    #[arg(long, default_value_t = 10)]
    idle: u64,

    /// Messages to all, one after the other
    #[arg(long, default_value_t = 200)]
    rounds: u64,
}

/// Whether a message is on its way to all.
type Busy = AtomicBool;

fn run(matches: &ArgMatches, bench: &Bench) -> Result<Report> {
    let options = Options::from_arg_matches(matches)?;
    let mut report =
        Report::new(RUN.name, format!("{} readers on one channel, via {}", options.readers, options.via));
    let server = bench.server("")?;
    let mut readers = Readers::new(server.address, 0)?;

    let (before, tcp_before) = (server.private_dirty()?, tcp_memory()?);
    let connecting = Instant::now();
    let bar = progress("connecting", options.readers as u64);
    let target = format!("/c/hot/all?via={}&as=body", options.via);
    let way = if options.via == "ws" { Way::Ws } else { Way::Sse };
    let wish = Wish::target(&target, way, server.address);
    readers.connect(options.readers, &wish, &mut Silence, &mut |count| bar.set_position(count as u64))?;
    bar.finish_and_clear();
    report.figure("connecting all", connecting.elapsed().as_secs_f64(), "s");
    let quiet_until = Instant::now() + Duration::from_secs(options.idle);
    readers.pump(&mut Silence, |_| Instant::now() >= quiet_until)?;
    let after = server.private_dirty()?;
    let each = after.saturating_sub(before) as f64 / options.readers as f64;
    report.figure("private dirty before the first", before as f64 / 1024.0, "KiB");
    report.figure("private dirty with all, idle", after as f64 / 1024.0, "KiB");
    report.figure_with_goal("private dirty for each", each, "bytes", Goal::AtMost(1024.0));
    let tcp = tcp_memory()?.saturating_sub(tcp_before) as f64 / options.readers as f64;
    report.figure("kernel TCP memory, both ends, for each", tcp, "bytes");

    let (busy, over) = (Busy::new(false), AtomicBool::new(false));
    let (rounds, quiet) = thread::scope(|scope| {
        let quiet = scope.spawn(|| publish_quietly(server.address, &busy, &over));
        let rounds = say_to_all(&options, server.address, &mut readers, &busy);
        over.store(true, SeqCst);
        (rounds, quiet.join())
    });
    let (rounds, quiet) = (rounds?, quiet.map_err(|_| "the quiet publisher panicked")??);
    let milliseconds = |times: &Histogram<u64>, quantile| times.value_at_quantile(quantile) as f64 / 1000.0;
    report.figure("one message to all, p50", milliseconds(&rounds, 0.5), "ms");
    report.figure("one message to all, p99", milliseconds(&rounds, 0.99), "ms");
    report.figure("kept publishes to a quiet channel meanwhile", quiet.len() as f64, "");
    report.figure("... p50", milliseconds(&quiet, 0.5), "ms");
    report.figure_with_goal("... p99", milliseconds(&quiet, 0.99), "ms", Goal::AtMost(10.0));
    report.figure("... slowest", milliseconds(&quiet, 1.0), "ms");
    Ok(report)
}

/// Says one number after the other to all readers; answers how long each took to reach the last, microseconds.
fn say_to_all(
    options: &Options,
    address: SocketAddr,
    readers: &mut Readers,
    busy: &Busy,
) -> Result<Histogram<u64>> {
    let mut publisher = Publisher::connect(address)?;
    let mut times = Histogram::new(3)?;
    let mut counting = Counting::new(options.readers);
    let bar = progress("to all", options.rounds);
    for _ in 0..options.rounds {
        busy.store(true, SeqCst);
        let started = Instant::now();
        publisher.begin("hot/all", counting.say(0).as_bytes())?;
        readers.pump(&mut counting, Counting::is_complete)?;
        times.record(started.elapsed().as_micros() as u64)?;
        busy.store(false, SeqCst);
        publisher.end()?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(times)
}

/// Publishes to a kept channel that nobody hears, one message after the other, while a message is on its way to all;
/// answers how long each took, microseconds.
fn publish_quietly(address: SocketAddr, busy: &Busy, over: &AtomicBool) -> Result<Histogram<u64>> {
    let mut publisher = Publisher::connect(address)?;
    let mut times = Histogram::new(3)?;
    while !over.load(SeqCst) {
        if busy.load(SeqCst) {
            let started = Instant::now();
            publisher.publish("quiet/kept", b"x")?;
            times.record(started.elapsed().as_micros() as u64)?;
        } else {
            thread::sleep(Duration::from_micros(100));
        }
    }
    Ok(times)
}
