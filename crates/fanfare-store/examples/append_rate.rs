//! Measures the SQLite log: how fast batches of 100 messages are appended to 10 channels and to 1,000,000, and for
//! how long steps of retention hold appending up.
//!
//!     cargo run --release -p fanfare-store --example append_rate -- [DIR] [MESSAGES] [CHANNELS]
//!
//! DIR is where the stores are made (each in a fresh folder, removed at the end); it should be on the disk that is to
//! be measured. Appending and trimming alternate as on a server's commit thread.

// A measurement speaks to a terminal, and a failure may end it.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used)]

use fanfare_proto::{Channel, Content, Keeping, Namespace, Namespaces, Pattern, Retention, Time};
use fanfare_store::{Draft, Log, SqliteLog, SqliteOptions};
use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const BATCH: usize = 100;
const BODY: usize = 256;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let dir = arguments.next().map_or_else(std::env::temp_dir, Into::into);
    let mut number = |default| arguments.next().map_or(default, |text| text.parse().unwrap());
    let (messages, many) = (number(2_000_000), number(1_000_000));
    let everything = Retention { age: Duration::MAX, messages: u64::MAX, bytes: u64::MAX, compact: false };
    let mut rates = Vec::new();
    for channels in [10, many, 10, many] {
        let label = format!("{channels} channels");
        let run = Run::new(&dir, channels, everything).measure(&label, messages);
        println!("{label}: {run}");
        rates.push(run.rate());
    }
    let ratio = (rates[1] + rates[3]) / (rates[0] + rates[2]);
    println!("{many} channels at {ratio:.2} x the rate of 10 channels");
    // What is kept is reached early, so that all that is appended is trimmed too.
    let limits = [
        ("10 channels of 1,000 messages", 10, Retention { messages: 1_000, ..everything }),
        ("a second", many, Retention { age: Duration::from_secs(1), ..everything }),
        ("64 MiB", 10_000, Retention { bytes: 64 << 20, ..everything }),
    ];
    for (label, channels, retention) in limits {
        let run = Run::new(&dir, channels, retention).measure(label, messages);
        println!("kept: {label}: {run}");
    }
}

struct Run {
    log: SqliteLog,
    channels: Vec<Channel>,
    more: bool,
    trimmed: Instant,
    figures: Figures,
    // Last: the folder goes when the log is closed.
    _dir: tempfile::TempDir,
}

#[derive(Default)]
struct Figures {
    messages: usize,
    time: Duration,
    appends: Vec<Duration>,
    trims: Vec<Duration>,
    removed: u64,
}

impl Figures {
    fn rate(&self) -> f64 {
        self.messages as f64 / self.time.as_secs_f64()
    }
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (appends, trims) = (Times(&self.appends), Times(&self.trims));
        write!(
            f,
            "{:.0} messages/s; batches: {appends}; {} trimmed, steps: {trims}",
            self.rate(),
            self.removed
        )
    }
}

/// How long each of many things took.
struct Times<'a>(&'a [Duration]);

impl std::fmt::Display for Times<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut sorted: Vec<f64> = self.0.iter().map(|time| time.as_secs_f64() * 1e3).collect();
        sorted.sort_by(f64::total_cmp);
        let at =
            |part: f64| sorted.get((sorted.len() as f64 * part) as usize).or(sorted.last()).unwrap_or(&0.0);
        write!(f, "{}, p50 {:.1}, p99 {:.1}, slowest {:.1} ms", sorted.len(), at(0.5), at(0.99), at(1.0))
    }
}

impl Run {
    /// A store in which so many channels exist.
    fn new(dir: &Path, channels: usize, retention: Retention) -> Run {
        let dir = tempfile::tempdir_in(dir).unwrap();
        let rule = Namespace { retention, ..Namespace::new(Pattern::everything(), Keeping::Kept) };
        let namespaces = Arc::new(Namespaces::new([rule]));
        let log = SqliteLog::open(dir.path(), namespaces, SqliteOptions::default()).unwrap();
        let name = |index| Channel::parse(&format!("sensors/{index}/temperature")).unwrap();
        let channels: Vec<Channel> = (0..channels).map(name).collect();
        let (more, trimmed, figures) = (false, Instant::now(), Figures::default());
        let mut run = Run { log, channels, more, trimmed, figures, _dir: dir };
        for batch in (0..run.channels.len()).step_by(1000) {
            let end = run.channels.len().min(batch + 1000);
            run.turn((batch..end).collect());
            progress(&format!("{end} channels made"));
        }
        while run.log.trim(now()).unwrap().more {}
        run.figures = Figures::default();
        run
    }

    fn measure(mut self, label: &str, messages: usize) -> Figures {
        let started = Instant::now();
        for batch in 0..messages / BATCH {
            let channels = (0..BATCH).map(|_| fastrand::usize(..self.channels.len())).collect();
            self.turn(channels);
            if batch % 100 == 0 {
                progress(&format!("{label}: {} %", batch * BATCH * 100 / messages));
            }
        }
        self.figures.time = started.elapsed();
        self.figures.messages = messages;
        progress("");
        self.figures
    }

    /// One commit, and a step of retention when it is time for one.
    fn turn(&mut self, channels: Vec<usize>) {
        let body = vec![b'x'; BODY];
        let draft = |index: usize| Draft {
            channel: self.channels[index].clone(),
            id: None,
            publisher: None,
            expires: None,
            content: Content { body: body.clone().into(), ..Content::default() },
        };
        let drafts: Vec<Draft> = channels.into_iter().map(draft).collect();
        let started = Instant::now();
        self.log.append(drafts, now()).unwrap();
        let took = started.elapsed();
        self.figures.appends.push(took);
        if self.more || self.trimmed.elapsed() >= Duration::from_secs(1) {
            let started = Instant::now();
            let trimmed = self.log.trim(now()).unwrap();
            let took = started.elapsed();
            self.figures.trims.push(took);
            self.figures.removed += trimmed.removed;
            (self.more, self.trimmed) = (trimmed.more, Instant::now());
        }
    }
}

/// Overwrites the line of a terminal; says nothing elsewhere.
fn progress(text: &str) {
    if std::io::stderr().is_terminal() {
        eprint!("\r{text:40}\r");
    }
}

#[expect(clippy::disallowed_methods, reason = "a measurement is over before the clock jumps")]
fn now() -> Time {
    Time(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64)
}
