//! Fan-out in a closed loop: say something to all readers, wait until the last has heard it, say the next.

use super::Run;
use crate::bench::{Bench, progress};
use crate::outcome::Result;
use crate::publisher::Publisher;
use crate::readers::{Counting, Readers};
use crate::report::Report;
use clap::{ArgMatches, Args, FromArgMatches};
use hdrhistogram::Histogram;
use std::time::Instant;

pub const RUN: Run = Run {
    name: "fanout",
    about: "Messages to many event streams in a closed loop: deliveries a second, and processor time for each",
    examples: &[
        ("One message at a time", ""),
        ("Ten in one commit", "--burst 10"),
        ("From memory", "--live"),
    ],
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// Event streams
    #[arg(long, default_value_t = 10_000)]
    readers: usize,

    /// Bytes of a message
    #[arg(long, default_value_t = 128)]
    bytes: usize,

    /// Messages of one request
    #[arg(long, default_value_t = 1)]
    burst: usize,

    /// Requests, one after the other
    #[arg(long, default_value_t = 100)]
    rounds: u64,

    /// A channel that is in memory only
    #[arg(long)]
    live: bool,
}

fn run(matches: &ArgMatches, bench: &Bench) -> Result<Report> {
    let options = Options::from_arg_matches(matches)?;
    let server = bench.server("[[namespace]]\npattern = \"live/**\"\nkeeping = \"live\"\n")?;
    let channel = if options.live { "live/all" } else { "kept/all" };
    let Options { readers: count, bytes, burst, rounds, .. } = options;
    let about = format!("{count} event streams on `{channel}`, {bytes} bytes, {burst} messages at a time");
    let mut report = Report::new(RUN.name, about);

    let mut readers = Readers::new(server.address)?;
    let bar = progress("connecting", count as u64);
    readers
        .connect(count, &format!("/c/{channel}?via=sse"), &mut |opened| bar.set_position(opened as u64))?;
    bar.finish_and_clear();

    let mut publisher = Publisher::connect(server.address)?;
    let mut counting = Counting::new(count);
    let mut times: Histogram<u64> = Histogram::new(3)?;
    let (started, processor) = (Instant::now(), server.processor_seconds()?);
    let bar = progress("rounds", rounds);
    for _ in 0..rounds {
        let round = Instant::now();
        let lines = (0..burst)
            .map(|_| format!("{{\"channel\":\"{channel}\",\"body\":\"{}\"}}\n", counting.say(bytes)));
        publisher.publish_lines(lines.collect::<String>().as_bytes(), burst)?;
        readers.pump(&mut counting, Counting::is_complete)?;
        times.record(round.elapsed().as_micros() as u64)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    let deliveries = (count * burst) as f64 * rounds as f64;
    let processor = server.processor_seconds()? - processor;
    report.figure("deliveries a second", deliveries / started.elapsed().as_secs_f64(), "");
    report.figure("the server's processor time for a million", processor / deliveries * 1e6, "s");
    report.figure("one round, p50", times.value_at_quantile(0.5) as f64 / 1000.0, "ms");
    report.figure("one round, p99", times.value_at_quantile(0.99) as f64 / 1000.0, "ms");
    Ok(report)
}
