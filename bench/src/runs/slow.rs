//! Readers that do not read: what they cost, what the others feel, and what they hear when they read again.

use super::Run;
use crate::bench::{Bench, progress};
use crate::outcome::Result;
use crate::process::tcp_memory;
use crate::publisher::Publisher;
use crate::readers::{Hearing, Readers, Silence, Wish, body};
use crate::report::{Goal, Report};
use crate::servers::{Server, Way};
use clap::{ArgMatches, Args, FromArgMatches};
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

pub const RUN: Run = Run {
    name: "slow",
    about: "Readers that never read, on a busy live channel: memory for each, and what they hear afterwards",
    examples: &[
        ("500 of 1,000 readers are frozen for a minute", ""),
        ("Quickly", "--readers 100 --frozen 50 --seconds 5"),
        ("How much of the growth is not theirs", "--frozen 0"),
    ],
    usual: "--seconds 20",
    quick: "--readers 100 --frozen 50 --seconds 3 --keep 200",
    arguments: Options::augment_args,
    run,
};

const CHANNEL: &str = "slow/a";
const TARGET: &str = "/c/slow/a?via=sse";
/// Messages of one request while that which keeps messages is filled.
const FILLING: usize = 200;
/// How long those that read hear messages before those that will not are there and memory is measured.
const WARM_UP: Duration = Duration::from_secs(5);
/// How long all are quiet before memory is measured.
const SETTLE: Duration = Duration::from_secs(2);

#[derive(Args)]
struct Options {
    /// Event streams in all
    #[arg(long, default_value_t = 1_000)]
    readers: usize,

    /// How many of them never read
    #[arg(long, default_value_t = 500)]
    frozen: usize,

    /// Messages a second
    #[arg(long, default_value_t = 200)]
    rate: u64,

    /// Bytes of a message
    #[arg(long, default_value_t = 1024)]
    bytes: usize,

    /// Seconds
    #[arg(long, default_value_t = 60)]
    seconds: u64,

    /// Messages that the channel keeps: frozen readers miss what is older
    #[arg(long, default_value_t = 2_000)]
    keep: u64,

    /// Messages before anybody reads, so that all that keeps messages is full when memory is measured
    #[arg(long, default_value_t = 12_000)]
    before: usize,
}

fn run(matches: &ArgMatches, bench: &Bench) -> Result<Report> {
    let options = Options::from_arg_matches(matches)?;
    let Options { readers: count, frozen, rate, bytes, seconds, keep, .. } = options;
    let awake = count.checked_sub(frozen).ok_or("there are more frozen readers than readers")?;
    let about = format!(
        "{frozen} of {count} event streams do not read; {rate} messages of {bytes} bytes a second for {seconds} s; {keep} kept"
    );
    let mut report = Report::new(RUN.name, about);
    let config = format!("[[namespace]]\npattern = \"slow/**\"\nkeeping = \"live\"\nmessages = {keep}\n");
    let server = bench.server(&config)?;
    let mut publishing = Publishing::new(&options, server.address)?;
    publishing.fill()?;

    let (mut readers, mut hearing) = (Readers::new(server.address, 0)?, Hearing::default());
    let wish = Wish::target(TARGET, Way::Sse, server.address);
    readers.connect(awake, &wish, &mut Silence, &mut |_| {})?;
    hearing.join(awake, publishing.newest());
    publishing.go_on(WARM_UP, &server, &mut readers, &mut hearing)?;
    readers.connect(frozen, &wish, &mut Silence, &mut |_| {})?;
    readers.freeze(awake)?;
    let quiet_until = Instant::now() + SETTLE;
    readers.pump(&mut Silence, |_| Instant::now() >= quiet_until)?;

    let (before, tcp_before, first) = (server.private_dirty()?, tcp_memory()?, publishing.newest());
    let highest = publishing.go_on(Duration::from_secs(seconds), &server, &mut readers, &mut hearing)?;
    let (after, tcp_after) = (server.private_dirty()?, tcp_memory()?);
    let growth = |to: u64| to.saturating_sub(before) as f64;
    let each = |to| growth(to) / frozen.max(1) as f64;
    report.figure("messages", (publishing.newest() - first) as f64, "");
    report.figure("private dirty before", before as f64 / 1024.0, "KiB");
    report.figure("private dirty, growth", growth(after) / 1024.0, "KiB");
    report.figure_with_goal("... for each frozen reader", each(after), "bytes", Goal::AtMost(2048.0));
    report.figure("... for each, at its highest", each(highest), "bytes");
    let tcp = tcp_after.saturating_sub(tcp_before) as f64;
    report.figure("kernel TCP memory, both ends, growth", tcp / 1024.0 / 1024.0, "MiB");
    let others = hearing.account(&publishing.positions);
    report.figure_with_goal("gaps told to those that read", others.gaps as f64, "", Goal::AtMost(0.0));

    hearing.join(frozen, first);
    readers.thaw(awake)?;
    readers.pump(&mut hearing, |hearing| hearing.have_all_heard(publishing.newest()))?;
    let all = hearing.account(&publishing.positions);
    report.figure("gaps told to the frozen, each with its range", (all.gaps - others.gaps) as f64, "");
    // What the kernel holds for a reader is little beside what is kept.
    let all_have_missed = publishing.newest() - first >= 2 * keep;
    let (name, told) = ("frozen readers that were told of a gap", (all.readers - others.readers) as f64);
    match all_have_missed {
        true => report.figure_with_goal(name, told, "", Goal::AtLeast(frozen as f64)),
        false => report.figure(name, told, ""),
    }
    let name = "lost without a word, repeated, out of order";
    report.figure_with_goal(name, all.wrong as f64, "", Goal::AtMost(0.0));
    Ok(report)
}

/// A connection that says one number after the other.
struct Publishing<'a> {
    options: &'a Options,
    publisher: Publisher,
    /// The position of each number, from 1.
    positions: Vec<u64>,
}

impl Publishing<'_> {
    fn new(options: &Options, address: SocketAddr) -> Result<Publishing<'_>> {
        Ok(Publishing { options, publisher: Publisher::connect(address)?, positions: Vec::new() })
    }

    /// The last number that was said.
    fn newest(&self) -> u64 {
        self.positions.len() as u64
    }

    fn say(&mut self) -> Result<()> {
        let text = body(self.newest() + 1, self.options.bytes);
        self.positions.push(self.publisher.publish(CHANNEL, text.as_bytes())?);
        Ok(())
    }

    fn fill(&mut self) -> Result<()> {
        while self.positions.len() < self.options.before {
            let count = FILLING.min(self.options.before - self.positions.len());
            let numbers = (1..=count as u64).map(|number| self.newest() + number);
            let line = |number| {
                format!("{{\"channel\":\"{CHANNEL}\",\"body\":\"{}\"}}\n", body(number, self.options.bytes))
            };
            let lines: String = numbers.map(line).collect();
            self.positions.extend(self.publisher.publish_lines(lines.as_bytes(), count)?);
        }
        Ok(())
    }

    /// Publishes at the rate for so long, until all that read have heard the last. Answers the most private dirty
    /// memory of the server that was seen.
    fn go_on(
        &mut self,
        time: Duration,
        server: &Server,
        readers: &mut Readers,
        hearing: &mut Hearing,
    ) -> Result<u64> {
        let (started, rate) = (Instant::now(), self.options.rate);
        let count = time.as_secs() * rate;
        let last = self.newest() + count;
        let bar = progress("publishing", count);
        thread::scope(|scope| {
            let publishing = scope.spawn(|| {
                for number in 0..count {
                    let due = Duration::from_micros(number * 1_000_000 / rate);
                    thread::sleep(due.saturating_sub(started.elapsed()));
                    self.say()?;
                    bar.inc(1);
                }
                Ok(())
            });
            let (mut highest, mut looked) = (server.private_dirty()?, Instant::now());
            readers.pump(hearing, |hearing| {
                if looked.elapsed() > Duration::from_secs(1) {
                    highest = server.private_dirty().unwrap_or_default().max(highest);
                    looked = Instant::now();
                }
                publishing.is_finished() && hearing.have_all_heard(last)
            })?;
            bar.finish_and_clear();
            let published: Result<()> = publishing.join().map_err(|_| "the publisher panicked")?;
            published.map(|()| highest)
        })
    }
}
