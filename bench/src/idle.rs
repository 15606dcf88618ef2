//! Quiet event streams: private dirty bytes for each, 10 s after connecting and without a warm-up. Then one message
//! to all of them while a kept publish to a quiet channel is timed.

use crate::http::Publisher;
use crate::progress::bar;
use crate::readers::Readers;
use crate::report::Report;
use crate::server::{Server, kernel_tcp_bytes};
use hdrhistogram::Histogram;
use std::cell::Cell;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

#[derive(clap::Args)]
pub struct Options {
    /// Event streams.
    #[arg(long, default_value_t = 18_000)]
    readers: usize,
    /// Messages to all of them.
    #[arg(long, default_value_t = 200)]
    rounds: u64,
}

const SETTLE: Duration = Duration::from_secs(10);

pub fn run(binary: &Path, options: &Options) -> io::Result<()> {
    let server = Server::start(binary, "")?;
    let mut report = Report::new("idle");
    let (before, kernel_before) = (server.private_dirty()?, kernel_tcp_bytes()?);
    let progress = bar("connecting", options.readers as u64);
    let began = Instant::now();
    let mut readers = Readers::connect(server.address, "idle", options.readers, || progress.inc(1))?;
    let took = began.elapsed();
    progress.finish_and_clear();
    std::thread::sleep(SETTLE);
    let count = options.readers as u64;
    let each = server.private_dirty()?.saturating_sub(before) / count;
    let kernel = kernel_tcp_bytes()?.saturating_sub(kernel_before) / count;
    report.figure("readers", count, &format!("{count} event streams, connected in {took:.2?}"));
    report.figure("private_dirty_bytes_each", each, &format!("private dirty memory: {each} bytes each"));
    report.figure("kernel_bytes_each", kernel, &format!("kernel TCP memory, both ends: {kernel} bytes each"));
    readers.watch()?;
    beside(&server, &mut readers, options.rounds, &mut report)?;
    report.save()
}

/// Times a publish to a quiet channel beside a message to everybody.
fn beside(server: &Server, readers: &mut Readers, rounds: u64, report: &mut Report) -> io::Result<()> {
    let (mut hot, mut quiet) = (Publisher::connect(server.address)?, Publisher::connect(server.address)?);
    let mut times = Histogram::<u64>::new_with_bounds(1, 60_000_000, 3).map_err(io::Error::other)?;
    let progress = bar("one message to all", rounds);
    let mut lost = 0;
    // What connecting brought: heads and first cursors.
    readers.read(Duration::from_secs(1), |_, _| {}, || false)?;
    for _ in 0..rounds {
        let timed = std::thread::scope(|scope| {
            let timed = scope.spawn(|| {
                hot.send("/c/idle", &[b'x'; 128])?;
                let began = Instant::now();
                quiet.publish("/c/quiet", b"y")?;
                let took = began.elapsed();
                hot.answer()?;
                io::Result::Ok(took)
            });
            let (heard, wanted) = (Cell::new(0), readers.len());
            let mut seen = vec![false; wanted];
            let take = |number: usize, bytes: &[u8]| {
                if !seen[number] && bytes.windows(6).any(|six| six == b"data: ") {
                    seen[number] = true;
                    heard.set(heard.get() + 1);
                }
            };
            readers.read(Duration::from_secs(2), take, || heard.get() == wanted)?;
            lost += wanted - heard.get();
            timed.join().map_err(|_| io::Error::other("the publisher has failed"))?
        })?;
        times.saturating_record((timed.as_micros() as u64).max(1));
        progress.inc(1);
    }
    progress.finish_and_clear();
    let ms = |quantile| times.value_at_quantile(quantile) as f64 / 1000.0;
    let (p50, p99, max) = (ms(0.5), ms(0.99), times.max() as f64 / 1000.0);
    let words =
        format!("kept publish beside a message to all: p50 {p50:.2} ms, p99 {p99:.2} ms, max {max:.2} ms");
    report.figure("quiet_publish_p99_ms", p99, &words);
    report.figure("lost", lost as u64, &format!("messages not heard: {lost}"));
    Ok(())
}
