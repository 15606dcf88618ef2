//! Many come to one channel at once and go at once, and some watch: how often those are written to, whether the numbers are
//! exact, and what it costs.

use super::Run;
use crate::bench::{Bench, progress};
use crate::cores::{Core, on};
use crate::outcome::Result;
use crate::report::{Goal, Report};
use crate::servers::{CHANNEL, start_fanfare};
use clap::{ArgMatches, Args, FromArgMatches};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

pub const RUN: Run = Run {
    name: "presence",
    about: "Members who all come and go at once, and watchers: how often these are written to, and whether numbers are exact",
    examples: &[("18,000 members, 100 watchers", ""), ("Quickly", "--members 2000 --watchers 20")],
    usual: "",
    quick: "--members 2000 --watchers 20",
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// Event streams, each of a member of its own
    #[arg(long, default_value_t = 18_000)]
    members: usize,

    /// Event streams that are told who comes and goes
    #[arg(long, default_value_t = 100)]
    watchers: usize,
}

const CONFIG: &str =
    "workers = 1\npresence_grace = \"1s\"\n[[namespace]]\npattern = \"live/**\"\nkeeping = \"live\"\n";
/// What is read within this time is of one write.
const TOGETHER: Duration = Duration::from_millis(200);
/// How long something may take.
const PATIENCE: Duration = Duration::from_secs(120);

fn run(matches: &ArgMatches, bench: &Bench) -> Result<Report> {
    let Options { members, watchers } = Options::from_arg_matches(matches)?;
    let about = format!("{members} event streams of a member each, {watchers} event streams that watch");
    let mut report = Report::new(RUN.name, about);
    let server = start_fanfare(bench.binary(), CONFIG, Core::Server)?;
    let (address, over) = (server.address, AtomicBool::new(false));
    let bar = progress("presence", members as u64);
    thread::scope(|scope| -> Result<()> {
        let watching: Vec<_> = (0..watchers).map(|_| scope.spawn(|| watch(address, &over))).collect();
        let outcome = on(Core::Load, || {
            let before = server.process.settled_seconds()?;
            let began = Instant::now();
            let mut streams = Vec::new();
            for member in 0..members {
                streams.push(join(address, member)?);
                bar.inc(1);
            }
            until(address, members)?;
            let came = (began.elapsed(), server.process.settled_seconds()? - before);
            let (before, began) = (server.process.settled_seconds()?, Instant::now());
            drop(streams);
            until(address, 0)?;
            Ok((came, (began.elapsed(), server.process.settled_seconds()? - before)))
        });
        over.store(true, SeqCst);
        let mut watched = Vec::new();
        for one in watching {
            watched.push(one.join().map_err(|_| "a watcher has panicked")??);
        }
        let ((came, coming), (went, going)) = outcome?;
        report.figure("until all had come", came.as_secs_f64(), "s");
        report.figure("... processor time for each", coming / members as f64 * 1e6, "µs");
        report.figure("until all had gone, the grace of a second included", went.as_secs_f64(), "s");
        report.figure("... processor time for each", going / members as f64 * 1e6, "µs");
        let most = watched.iter().map(|watched| watched.most).max().unwrap_or_default();
        let writes = watched.iter().map(|watched| watched.writes).sum::<usize>() as f64 / watchers as f64;
        report.figure("writes to each watcher", writes, "");
        report.figure_with_goal(
            "writes to one watcher within a second, the most",
            most as f64,
            "",
            Goal::AtMost(1.0),
        );
        let wrong = watched.iter().filter(|watched| watched.last != Some(0)).count();
        report.figure_with_goal("watchers whose last number is wrong", wrong as f64, "", Goal::AtMost(0.0));
        Ok(())
    })?;
    bar.finish_and_clear();
    Ok(report)
}

/// One more comes. What it is told waits in its socket.
fn join(address: SocketAddr, member: usize) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET /c/{CHANNEL}?via=sse&presence=m{member} HTTP/1.1\r\nHost: {address}\r\n\r\n")?;
    Ok(stream)
}

/// Asks who is there until it is so many.
fn until(address: SocketAddr, members: usize) -> Result<()> {
    let (began, mut text) = (Instant::now(), String::new());
    while began.elapsed() < PATIENCE {
        let mut stream = TcpStream::connect(address)?;
        write!(
            stream,
            "GET /c/{CHANNEL}/$presence HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
        )?;
        text.clear();
        stream.read_to_string(&mut text)?;
        if number(text.as_bytes()) == Some(members) {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(50));
    }
    Err(format!("of {members} members the server says: {text}").into())
}

/// The last number of members that is told in a text.
fn number(text: &[u8]) -> Option<usize> {
    let name = b"\"count\":";
    let at = memchr::memmem::rfind(text, name)? + name.len();
    let digits = text[at..].iter().take_while(|byte| byte.is_ascii_digit());
    Some(digits.fold(0, |number, digit| number * 10 + usize::from(digit - b'0')))
}

/// What a watcher was given.
struct Watched {
    writes: usize,
    /// Writes that came within one second of the one before.
    most: usize,
    /// The last number it was told.
    last: Option<usize>,
}

/// Watches until it is over and nobody is there.
fn watch(address: SocketAddr, over: &AtomicBool) -> Result<Watched> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_millis(100)))?;
    write!(stream, "GET /c/$presence/{CHANNEL}?via=sse HTTP/1.1\r\nHost: {address}\r\n\r\n")?;
    let (mut buffer, mut tail) = ([0; 64 * 1024], Vec::new());
    let (mut at, mut writes, mut last) = (Vec::<Instant>::new(), 0, None);
    let mut read = Instant::now();
    let began = Instant::now();
    while began.elapsed() < PATIENCE
        && !(over.load(SeqCst) && last == Some(0) && read.elapsed() > 2 * TOGETHER)
    {
        let length = match stream.read(&mut buffer) {
            Ok(0) => return Err("the server closed a watcher".into()),
            Ok(length) => length,
            Err(_) => continue,
        };
        if read.elapsed() > TOGETHER || at.is_empty() {
            writes += 1;
            at.push(Instant::now());
        }
        read = Instant::now();
        tail.extend_from_slice(&buffer[..length]);
        last = number(&tail).or(last);
        // A number may be cut in two.
        tail.drain(..tail.len().saturating_sub(64));
    }
    // What it is greeted with is not a change.
    let changes = at.get(1..).unwrap_or_default();
    let within = |first: usize| {
        changes[first..].iter().take_while(|at| **at < changes[first] + Duration::from_millis(900)).count()
    };
    Ok(Watched { writes, most: (0..changes.len()).map(within).max().unwrap_or_default(), last })
}
