//! What the quiet feel while a hot channel keeps the worker busy all the time.

use super::Run;
use crate::bench::{Bench, progress};
use crate::contest::{Contest, Contestant, in_turn};
use crate::cores::{Core, on};
use crate::load::Order;
use crate::outcome::Result;
use crate::publisher::Publisher;
use crate::report::{Goal, Report};
use crate::servers::{Way, kind};
use crate::spread::Spread;
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
    examples: &[
        ("18,000 readers of the hot channel", ""),
        ("Quickly", "--readers 2000 --seconds 2 --rounds 2"),
    ],
    usual: "",
    quick: "--readers 2000 --seconds 2 --rounds 2",
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// Readers of the hot channel
    #[arg(long, default_value_t = 18_000)]
    readers: usize,

    /// Seconds of heat in a round
    #[arg(long, default_value_t = 3)]
    seconds: u64,

    /// Rounds
    #[arg(long, default_value_t = 8)]
    rounds: usize,
}

/// More deliveries a second than a core can do.
const HEAT: f64 = 400_000.0;
/// How long the quiet wait between two messages.
const PAUSE: Duration = Duration::from_millis(3);
/// How long they are looked at without heat.
const COLD: Duration = Duration::from_secs(1);

fn run(matches: &ArgMatches, bench: &Bench) -> Result<Report> {
    let Options { readers, seconds, rounds } = Options::from_arg_matches(matches)?;
    let about = format!(
        "{readers} event streams are offered 400,000 deliveries a second for {seconds} s, {rounds} rounds, and nothing for a second"
    );
    let mut report = Report::new(RUN.name, about);
    let mut contest = Contest::start(bench, &[kind("fanfare")?], Way::Sse)?;
    let bar = progress("fair", 2 * rounds as u64 + 1);
    contest.connect(readers, &bar)?;
    let contestant = &mut contest.contestants[0];
    let address = contestant.server.address;
    let order = Order::Rate { rate: HEAT / readers as f64, seconds: seconds as f64, bytes: 128 };
    let (mut cold, mut hot, mut heats) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        let mut turns = in_turn(2, round, |number| {
            bar.inc(1);
            match number {
                0 => on(Core::Load, || observe(address, &AtomicBool::new(false), Some(COLD)))
                    .map(|cold| (cold, None)),
                _ => heat(contestant, order).map(|(hot, heat)| (hot, Some(heat))),
            }
        })?
        .into_iter();
        let (Some((observed, _)), Some((warm, heat))) = (turns.next(), turns.next()) else { continue };
        hot.push(warm.late(observed.period())?);
        cold.push(observed.late(observed.period())?);
        heats.extend(heat);
    }
    bar.finish_and_clear();
    let spread = |value: fn(&Heat) -> f64| Spread::of(heats.iter().map(value));
    report.spread("deliveries of the hot channel", spread(|heat| heat.rate), "/s", None);
    report.spread("... processor time of the server", spread(|heat| heat.processor * 100.0), "%", None);
    let goal = Some(Goal::AtMost(10.0));
    for (what, rounds, goal) in [("cold", &cold, None), ("hot", &hot, goal)] {
        let spread = |value: fn(&Late) -> f64| Spread::of(rounds.iter().map(value));
        report.spread(format!("{what}: a quiet channel, p50"), spread(|late| late.heard.0), "ms", None);
        report.spread(format!("{what}: a quiet channel, p99"), spread(|late| late.heard.1), "ms", goal);
        report.spread(format!("{what}: a kept publish, p50"), spread(|late| late.kept.0), "ms", None);
        report.spread(format!("{what}: a kept publish, p99"), spread(|late| late.kept.1), "ms", goal);
        report.spread(
            format!("{what}: messages of the quiet channel"),
            spread(|late| late.messages),
            "",
            None,
        );
    }
    Ok(report)
}

/// What a heat came to.
struct Heat {
    /// Deliveries a second.
    rate: f64,
    /// Which part of a core the server has used.
    processor: f64,
}

/// Offers the hot channel its deliveries, and looks at the quiet meanwhile.
fn heat(contestant: &mut Contestant, order: Order) -> Result<(Observed, Heat)> {
    let Contestant { server, loader, .. } = contestant;
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let watching = scope.spawn(|| on(Core::Load, || observe(server.address, &over, None)));
        let (before, began) = (server.process.processor_seconds(), Instant::now());
        let told = loader.order(order);
        let (after, time) = (server.process.processor_seconds(), began.elapsed());
        over.store(true, SeqCst);
        let observed = watching.join().map_err(|_| "who watched has panicked")??;
        let told = told?;
        let processor = (after? - before?) / time.as_secs_f64();
        Ok((observed, Heat { rate: told.deliveries as f64 / told.seconds, processor }))
    })
}

/// How long each thing took, microseconds.
struct Observed {
    /// From a publish to a quiet live channel until its one reader heard it.
    heard: Vec<u64>,
    /// A publish to a quiet kept channel until it was answered.
    kept: Vec<u64>,
    time: Duration,
}

/// How late the quiet were: milliseconds, p50 and p99.
struct Late {
    heard: (f64, f64),
    kept: (f64, f64),
    messages: f64,
}

impl Observed {
    /// From one message to the next, microseconds.
    fn period(&self) -> u64 {
        self.time.as_micros() as u64 / self.heard.len().max(1) as u64
    }

    /// Adds what those would have waited who would have come meanwhile, had they come as often as while it was cold: who
    /// asks one after the other comes seldom when it takes long.
    fn late(&self, period: u64) -> Result<Late> {
        let late = |times: &[u64]| -> Result<(f64, f64)> {
            let mut histogram = Histogram::<u64>::new(3)?;
            times.iter().try_for_each(|time| histogram.record_correct(*time, period))?;
            let at = |quantile| histogram.value_at_quantile(quantile) as f64 / 1000.0;
            Ok((at(0.5), at(0.99)))
        };
        Ok(Late { heard: late(&self.heard)?, kept: late(&self.kept)?, messages: self.heard.len() as f64 })
    }
}

/// Publishes and listens, one message after the other, until it is over.
fn observe(address: SocketAddr, over: &AtomicBool, time: Option<Duration>) -> Result<Observed> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    write!(stream, "GET /c/live/quiet?via=raw HTTP/1.1\r\nHost: {address}\r\n\r\n")?;
    let (mut buffer, mut publisher) = ([0; 4096], Publisher::connect(address)?);
    // The head.
    let _ = stream.read(&mut buffer)?;
    let (mut heard, mut kept, began) = (Vec::new(), Vec::new(), Instant::now());
    while !over.load(SeqCst) && time.is_none_or(|time| began.elapsed() < time) {
        let started = Instant::now();
        publisher.begin("live/quiet", b"quiet!")?;
        let mut text = Vec::new();
        while memchr::memmem::find(&text, b"quiet!").is_none() {
            let length = stream.read(&mut buffer)?;
            if length == 0 {
                return Err("the server closed the quiet reader".into());
            }
            text.extend_from_slice(&buffer[..length]);
        }
        heard.push(started.elapsed().as_micros() as u64);
        publisher.end()?;
        let started = Instant::now();
        publisher.publish("kept/quiet", b"quiet!")?;
        kept.push(started.elapsed().as_micros() as u64);
        thread::sleep(PAUSE);
    }
    Ok(Observed { heard, kept, time: began.elapsed() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_would_have_come_meanwhile_has_waited_too() {
        let time = Duration::from_millis(1000);
        let heard: Vec<u64> = std::iter::repeat_n(1_000, 99).chain([100_000]).collect();
        let observed = Observed { kept: heard.clone(), heard, time };
        assert_eq!(observed.period(), 10_000);
        let late = observed.late(observed.period()).unwrap();
        assert!(late.heard.0 < 1.1 && late.kept.1 > 89.0, "{:?}", late.kept);
    }
}
