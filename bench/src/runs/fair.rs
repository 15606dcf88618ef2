//! What the quiet feel while a hot channel keeps the worker busy all the time.

use super::Run;
use crate::bench::{Bench, progress};
use crate::contest::{Contest, Sample};
use crate::cores::{Core, on};
use crate::load::Order;
use crate::outcome::Result;
use crate::publisher::Publisher;
use crate::report::{Goal, Report};
use crate::servers::{Way, kind};
use clap::{ArgMatches, Args, FromArgMatches};
use hdrhistogram::Histogram;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

pub const RUN: Run = Run {
    name: "fair",
    about: "A quiet channel and kept publishes while a hot channel keeps the worker busy all the time",
    examples: &[("18,000 readers of the hot channel", ""), ("Quickly", "--readers 2000 --seconds 2")],
    usual: "",
    quick: "--readers 2000 --seconds 3",
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// Readers of the hot channel
    #[arg(long, default_value_t = 18_000)]
    readers: usize,

    /// Seconds of heat
    #[arg(long, default_value_t = 10)]
    seconds: u64,
}

/// More deliveries a second than a core can do.
const HEAT: f64 = 400_000.0;
/// How long the quiet wait between two messages.
const PAUSE: Duration = Duration::from_millis(3);

fn run(matches: &ArgMatches, bench: &Bench) -> Result<Report> {
    let Options { readers, seconds } = Options::from_arg_matches(matches)?;
    let about = format!("{readers} event streams are offered 400,000 deliveries a second for {seconds} s");
    let mut report = Report::new(RUN.name, about);
    let mut contest = Contest::start(bench, &[kind("fanfare")?], Way::Sse)?;
    let bar = progress("fair", 3);
    contest.connect(readers, &bar)?;
    let address = contest.contestants[0].server.address;
    let cold = observe(address, &AtomicBool::new(false), Some(Duration::from_secs(1)))?;
    bar.inc(1);
    let over = AtomicBool::new(false);
    let (heat, warm) = thread::scope(|scope| {
        let watching = scope.spawn(|| on(Core::Load, || observe(address, &over, None)));
        let order = Order::Rate { rate: HEAT / readers as f64, seconds: seconds as f64, bytes: 128 };
        let heat = contest.contestants[0].turn(order);
        over.store(true, SeqCst);
        (heat, watching.join())
    });
    bar.finish_and_clear();
    let (heat, warm) = (heat?, warm.map_err(|_| "who watched has panicked")??);
    report.figure("deliveries of the hot channel", Sample::rate(&heat), "/s");
    report.figure("... processor time of the server", heat.processor / heat.told.seconds * 100.0, "%");
    for (what, times, goal) in [
        ("cold: a quiet channel", &cold.heard, None),
        ("cold: a kept publish", &cold.kept, None),
        ("hot: a quiet channel", &warm.heard, Some(Goal::AtMost(10.0))),
        ("hot: a kept publish", &warm.kept, Some(Goal::AtMost(10.0))),
    ] {
        let late = |quantile| times.value_at_quantile(quantile) as f64 / 1000.0;
        report.figure(format!("{what}, p50"), late(0.5), "ms");
        match goal {
            Some(goal) => report.figure_with_goal(format!("{what}, p99"), late(0.99), "ms", goal),
            None => report.figure(format!("{what}, p99"), late(0.99), "ms"),
        }
    }
    report.figure("messages of the quiet channel", warm.heard.len() as f64, "");
    Ok(report)
}

/// How long things took, microseconds.
struct Observed {
    /// From a publish to a quiet live channel until its one reader heard it.
    heard: Histogram<u64>,
    /// A publish to a quiet kept channel until it was answered.
    kept: Histogram<u64>,
}

/// Publishes and listens, one message after the other, until it is over.
fn observe(address: SocketAddr, over: &AtomicBool, time: Option<Duration>) -> Result<Observed> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    write!(stream, "GET /c/live/quiet?via=raw HTTP/1.1\r\nHost: {address}\r\n\r\n")?;
    let (mut buffer, mut publisher) = ([0; 4096], Publisher::connect(address)?);
    // The head.
    let _ = stream.read(&mut buffer)?;
    let mut observed = Observed { heard: Histogram::new(3)?, kept: Histogram::new(3)? };
    let began = Instant::now();
    while !over.load(SeqCst) && time.is_none_or(|time| began.elapsed() < time) {
        let started = Instant::now();
        publisher.begin("live/quiet", b"quiet!")?;
        let mut heard = Vec::new();
        while memchr::memmem::find(&heard, b"quiet!").is_none() {
            let length = stream.read(&mut buffer)?;
            heard.extend_from_slice(&buffer[..length]);
        }
        record(&mut observed.heard, started)?;
        publisher.end()?;
        let started = Instant::now();
        publisher.publish("kept/quiet", b"quiet!")?;
        record(&mut observed.kept, started)?;
        thread::sleep(PAUSE);
    }
    Ok(observed)
}

/// Adds how long something took, and what those would have waited who would have come meanwhile: who asks one after the
/// other comes seldom when it takes long.
fn record(times: &mut Histogram<u64>, started: Instant) -> Result<()> {
    Ok(times.record_correct(started.elapsed().as_micros() as u64, 2 * PAUSE.as_micros() as u64)?)
}
