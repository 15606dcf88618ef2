//! Readers that never read, beside readers that do: what a frozen reader costs, and what it hears when it thaws.

use crate::http::Publisher;
use crate::progress::bar;
use crate::readers::Readers;
use crate::report::Report;
use crate::server::{Server, kernel_tcp_bytes};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

#[derive(clap::Args)]
pub struct Options {
    /// Readers, half of which never read.
    #[arg(long, default_value_t = 1_000)]
    readers: usize,
    /// How long messages are published.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Messages a second.
    #[arg(long, default_value_t = 200)]
    rate: u64,
    /// Bytes of a message.
    #[arg(long, default_value_t = 1024)]
    bytes: usize,
}

const CONFIG: &str = "[[namespace]]\npattern = \"live/**\"\nkeeping = \"live\"\n";

/// What one reader's stream has said so far.
#[derive(Default)]
struct Story {
    text: Vec<u8>,
    /// The number of the last message.
    last: Option<u64>,
    gaps: u64,
    /// A gap was told since the last message.
    told: bool,
    /// Messages that are missing without a gap, or came twice.
    wrong: u64,
}

impl Story {
    fn take(&mut self, bytes: &[u8]) {
        self.text.extend_from_slice(bytes);
        while let Some(end) = self.text.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.text.drain(..=end).collect();
            if line.starts_with(b"event: $gap") {
                (self.gaps, self.told) = (self.gaps + 1, true);
            }
            let number =
                line.strip_prefix(b"data: ").and_then(|rest| std::str::from_utf8(rest.get(..10)?).ok());
            if let Some(number) = number.and_then(|number| number.parse::<u64>().ok()) {
                let next = self.last.map_or(0, |last| last + 1);
                if number < next || (number > next && !self.told) {
                    self.wrong += 1;
                }
                (self.last, self.told) = (Some(number), false);
            }
        }
    }
}

pub fn run(binary: &Path, options: &Options) -> io::Result<()> {
    let server = Server::start(binary, CONFIG)?;
    let mut report = Report::new("slow");
    let half = options.readers / 2;
    let mut reading = Readers::connect(server.address, "live/slow", half, || {})?;
    let mut frozen = Readers::connect(server.address, "live/slow", half, || {})?;
    reading.watch()?;
    reading.read(Duration::from_secs(2), |_, _| {}, || false)?;
    let (before, kernel_before) = (server.private_dirty()?, kernel_tcp_bytes()?);
    let total = options.seconds * options.rate;
    let mut stories: Vec<Story> = (0..half).map(|_| Story::default()).collect();
    let publisher = Publisher::connect(server.address)?;
    std::thread::scope(|scope| {
        let publishing = scope.spawn(|| publish(publisher, options));
        let done = |stories: &[Story]| stories.iter().all(|story| story.last == Some(total - 1));
        let stories = std::cell::RefCell::new(&mut stories);
        let take = |number: usize, bytes: &[u8]| stories.borrow_mut()[number].take(bytes);
        reading.read(Duration::from_secs(20), take, || done(&stories.borrow()))?;
        publishing.join().map_err(|_| io::Error::other("the publisher has failed"))?
    })?;
    let grown = server.private_dirty()?.saturating_sub(before);
    let kernel = kernel_tcp_bytes()?.saturating_sub(kernel_before);
    let each = grown / half as u64;
    report.figure(
        "grown_bytes_per_frozen",
        each,
        &format!("{grown} bytes more private dirty memory: {each} for each of {half} frozen readers"),
    );
    report.figure("kernel_bytes", kernel, &format!("kernel TCP memory meanwhile: {kernel} bytes more"));
    let missed: u64 = stories
        .iter()
        .map(|story| total - 1 - story.last.unwrap_or_default() + story.wrong + story.gaps)
        .sum();
    report.figure(
        "missed",
        missed,
        &format!("{total} messages to {half} reading readers: {missed} missed, repeated or lost"),
    );
    thaw(&mut frozen, total, &mut report)?;
    report.save()
}

fn publish(mut publisher: Publisher, options: &Options) -> io::Result<()> {
    let progress = bar("publishing", options.seconds * options.rate);
    let began = Instant::now();
    for number in 0..options.seconds * options.rate {
        let due = Duration::from_micros(number * 1_000_000 / options.rate);
        std::thread::sleep(due.saturating_sub(began.elapsed()));
        let body = format!("{number:010}{}", "x".repeat(options.bytes.saturating_sub(10)));
        publisher.publish("/c/live/slow", body.as_bytes())?;
        progress.inc(1);
    }
    progress.finish_and_clear();
    Ok(())
}

/// The frozen readers read again: what the kernel held, then a gap with its range, then everything retained.
fn thaw(frozen: &mut Readers, total: u64, report: &mut Report) -> io::Result<()> {
    frozen.watch()?;
    let mut stories: Vec<Story> = (0..frozen.len()).map(|_| Story::default()).collect();
    let stories = std::cell::RefCell::new(&mut stories);
    let take = |number: usize, bytes: &[u8]| stories.borrow_mut()[number].take(bytes);
    let done = || stories.borrow().iter().all(|story| story.last == Some(total - 1));
    let whole = frozen.read(Duration::from_secs(20), take, done)?;
    let stories = stories.borrow();
    let (gaps, wrong) =
        stories.iter().fold((0, 0), |(gaps, wrong), story| (gaps + story.gaps, wrong + story.wrong));
    let words = format!(
        "thawed: all heard the newest: {whole}; {gaps} gaps told to {} readers; holes without a gap, or repeats: {wrong}",
        frozen.len()
    );
    report.figure("silent_holes", wrong, &words);
    Ok(())
}
