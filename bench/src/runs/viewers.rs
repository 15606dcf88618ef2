//! Viewers of a camera: `multipart/x-mixed-replace`, as `<img>` shows it. How old an image is when it comes, and what it costs;
//! of viewers that take less than there is, how far they lag.

use super::Run;
use crate::bench::{Bench, progress};
use crate::cores::{Core, on};
use crate::outcome::Result;
use crate::publisher::Publisher;
use crate::report::{Goal, Report};
use crate::servers::start_fanfare;
use clap::{ArgMatches, Args, FromArgMatches};
use hdrhistogram::Histogram;
use memchr::memmem;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use socket2::{Domain, Socket, Type};
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

pub const RUN: Run = Run {
    name: "viewers",
    about: "A camera and those who look at it, some over slow lines: how old an image is when it comes, and what it costs",
    examples: &[
        ("500 viewers of 50 KiB ten times a second", ""),
        ("Quickly", "--viewers 50 --slow 5 --seconds 3"),
    ],
    usual: "",
    quick: "--viewers 50 --slow 5 --seconds 3",
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// Viewers that take all there is
    #[arg(long, default_value_t = 500)]
    viewers: usize,

    /// And viewers over slow lines: they take a fifth
    #[arg(long, default_value_t = 20)]
    slow: usize,

    /// Images a second
    #[arg(long, default_value_t = 10)]
    rate: u32,

    /// Bytes of an image
    #[arg(long, default_value_t = 50 * 1024)]
    bytes: usize,

    /// Seconds
    #[arg(long, default_value_t = 15)]
    seconds: u32,
}

const CHANNEL: &str = "cam/a";
const CONFIG: &str =
    "workers = 1\n[[namespace]]\npattern = \"cam/**\"\nkeeping = \"live\"\nbody = \"1 MiB\"\n";
/// What an image begins with: its number and when it was published, in microseconds of the run, ten digits each.
const MARK: &[u8] = b"image:";
const DIGITS: usize = 10;
/// What the receive buffer of a slow line holds: Linux keeps twice as much.
const SLOW_BUFFER: usize = 16 * 1024;
/// How long the last images may take.
const PATIENCE: Duration = Duration::from_secs(20);

struct Viewer {
    stream: TcpStream,
    slow: bool,
    /// Of what was read, the end: a mark may be cut.
    tail: Vec<u8>,
    images: u64,
    last: u64,
    /// A slow line takes no more before this.
    ready: Instant,
}

fn run(matches: &ArgMatches, bench: &Bench) -> Result<Report> {
    let options = Options::from_arg_matches(matches)?;
    let Options { viewers, slow, rate, bytes, seconds } = options;
    let about = format!(
        "{viewers} viewers and {slow} over slow lines; {rate} images of {bytes} bytes a second for {seconds} s; one worker"
    );
    let mut report = Report::new(RUN.name, about);
    let server = start_fanfare(bench.binary(), CONFIG, Core::Server)?;
    let (address, published) = (server.address, AtomicU64::new(0));
    let seen = on(Core::Load, || {
        let mut crowd = Crowd::connect(address, &options)?;
        let before = server.process.settled_seconds()?;
        let started = crowd.started;
        thread::scope(|scope| -> Result<()> {
            let camera = scope.spawn(|| film(address, &options, started, &published));
            crowd.look(&options, &published)?;
            camera.join().map_err(|_| "the camera has panicked")?
        })?;
        Ok((crowd, server.process.settled_seconds()? - before, server.private_dirty()?))
    });
    let (crowd, processor, memory) = seen?;
    let (quick, slower): (Vec<_>, Vec<_>) = crowd.viewers.iter().partition(|viewer| !viewer.slow);
    let images: u64 = crowd.viewers.iter().map(|viewer| viewer.images).sum();
    let each = |viewers: &[&Viewer]| {
        let images: u64 = viewers.iter().map(|viewer| viewer.images).sum();
        images as f64 * 100.0 / viewers.len().max(1) as f64 / published.load(SeqCst) as f64
    };
    report.figure("images that came", images as f64, "");
    report.figure("of a core, the server", processor * 100.0 / f64::from(seconds), "%");
    report.figure("processor time for each image", processor * 1e6 / images as f64, "µs");
    report.figure("... and for each MiB", processor * 1e3 / (images as f64 * bytes as f64 / 1048576.0), "ms");
    report.figure("private dirty memory of the server", memory as f64 / 1048576.0, "MiB");
    report.figure("of all images, seen by each viewer", each(&quick), "%");
    let age = |share: f64, ages: &Histogram<u64>| ages.value_at_quantile(share) as f64 / 1000.0;
    report.figure(
        "age of an image when it begins to come, half of them at most",
        age(0.5, &crowd.ages),
        "ms",
    );
    report.figure("... 99 of 100", age(0.99, &crowd.ages), "ms");
    report.figure_with_goal("... all", age(1.0, &crowd.ages), "ms", Goal::AtMost(1000.0));
    let behind = quick.iter().filter(|viewer| viewer.last < published.load(SeqCst)).count();
    report.figure_with_goal(
        "viewers that did not come to the last image",
        behind as f64,
        "",
        Goal::AtMost(0.0),
    );
    report.figure("over a slow line, of all images, seen by each", each(&slower), "%");
    report.figure("... age, half of them at most", age(0.5, &crowd.slow_ages), "ms");
    report.figure_with_goal("... all", age(1.0, &crowd.slow_ages), "ms", Goal::AtMost(3000.0));
    Ok(report)
}

/// Publishes at the rate.
fn film(address: SocketAddr, options: &Options, started: Instant, published: &AtomicU64) -> Result<()> {
    let mut publisher = Publisher::connect(address)?;
    let count = u64::from(options.rate * options.seconds);
    let bar = progress("images", count);
    let began = Instant::now();
    for number in 1..=count {
        let due = Duration::from_micros((number - 1) * 1_000_000 / u64::from(options.rate));
        thread::sleep(due.saturating_sub(began.elapsed()));
        let mut image = MARK.to_vec();
        write!(image, "{number:010}{:010}", started.elapsed().as_micros())?;
        image.resize(options.bytes.max(image.len()), b'.');
        publisher.publish(CHANNEL, &image)?;
        published.store(number, SeqCst);
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(())
}

/// All who look.
struct Crowd {
    poll: Poll,
    viewers: Vec<Viewer>,
    started: Instant,
    ages: Histogram<u64>,
    slow_ages: Histogram<u64>,
}

impl Crowd {
    fn connect(address: SocketAddr, options: &Options) -> Result<Crowd> {
        let (poll, started) = (Poll::new()?, Instant::now());
        let mut viewers = Vec::new();
        for number in 0..options.viewers + options.slow {
            let slow = number >= options.viewers;
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
            if slow {
                socket.set_recv_buffer_size(SLOW_BUFFER)?;
            }
            socket.connect(&address.into())?;
            let mut stream = std::net::TcpStream::from(socket);
            write!(stream, "GET /c/{CHANNEL}?via=replace HTTP/1.1\r\nHost: {address}\r\n\r\n")?;
            stream.set_nonblocking(true)?;
            let mut stream = TcpStream::from_std(stream);
            // A slow line is looked at by the clock.
            if !slow {
                poll.registry().register(&mut stream, Token(number), Interest::READABLE)?;
            }
            viewers.push(Viewer { stream, slow, tail: Vec::new(), images: 0, last: 0, ready: started });
        }
        Ok(Crowd { poll, viewers, started, ages: Histogram::new(3)?, slow_ages: Histogram::new(3)? })
    }

    /// Until those that are not slow have seen the last image.
    fn look(&mut self, options: &Options, published: &AtomicU64) -> Result<()> {
        let (count, mut events) = (u64::from(options.rate * options.seconds), Events::with_capacity(1024));
        let mut buffer = vec![0; 256 * 1024];
        // A fifth of what there is, in pieces that fit the line.
        let piece = SLOW_BUFFER;
        let pause =
            Duration::from_secs_f64(piece as f64 * 5.0 / (options.bytes as f64 * f64::from(options.rate)));
        let mut over: Option<Instant> = None;
        loop {
            self.poll.poll(&mut events, Some(Duration::from_millis(5)))?;
            for event in &events {
                self.read(event.token().0, &mut buffer)?;
            }
            let now = Instant::now();
            for number in options.viewers..self.viewers.len() {
                if self.viewers[number].ready <= now {
                    self.viewers[number].ready = now + pause;
                    self.read(number, &mut buffer[..piece])?;
                }
            }
            if published.load(SeqCst) == count {
                let end = *over.get_or_insert(now);
                let all =
                    self.viewers.iter().filter(|viewer| !viewer.slow).all(|viewer| viewer.last == count);
                if all || end.elapsed() > PATIENCE {
                    return Ok(());
                }
            }
        }
    }

    fn read(&mut self, number: usize, buffer: &mut [u8]) -> Result<()> {
        let (started, viewer) = (self.started, &mut self.viewers[number]);
        let ages = if viewer.slow { &mut self.slow_ages } else { &mut self.ages };
        loop {
            let length = match viewer.stream.read(buffer) {
                Ok(0) => return Err("the server closed a viewer".into()),
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            viewer.take(&buffer[..length], started.elapsed(), ages)?;
            if viewer.slow {
                return Ok(());
            }
        }
    }
}

impl Viewer {
    fn take(&mut self, bytes: &[u8], now: Duration, ages: &mut Histogram<u64>) -> Result<()> {
        const WHOLE: usize = MARK.len() + 2 * DIGITS;
        // A mark that a read has cut is in the end of the one before and the beginning of this.
        let mut joint = std::mem::take(&mut self.tail);
        let kept = joint.len();
        joint.extend_from_slice(&bytes[..bytes.len().min(WHOLE - 1)]);
        for at in memmem::find_iter(&joint, MARK).filter(|at| *at < kept) {
            self.image(joint.get(at..at + WHOLE), now, ages)?;
        }
        for at in memmem::find_iter(bytes, MARK) {
            self.image(bytes.get(at..at + WHOLE), now, ages)?;
        }
        self.tail = if bytes.len() >= WHOLE { bytes[bytes.len() + 1 - WHOLE..].to_vec() } else { joint };
        let cut = self.tail.len().saturating_sub(WHOLE - 1);
        self.tail.drain(..cut);
        Ok(())
    }

    fn image(&mut self, mark: Option<&[u8]>, now: Duration, ages: &mut Histogram<u64>) -> Result<()> {
        let Some(mark) = mark else { return Ok(()) };
        let number = |digits: &[u8]| -> Result<u64> { Ok(std::str::from_utf8(digits)?.parse()?) };
        let (which, when) = mark[MARK.len()..].split_at(DIGITS);
        (self.last, self.images) = (number(which)?, self.images + 1);
        ages.record((now.as_micros() as u64).saturating_sub(number(when)?))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_found_wherever_reads_cut_them() {
        let text = b"--b\r\n\r\nimage:00000000010000000500.....\r\n--b\r\nimage:00000000020000000900....";
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        for cut in 0..text.len() {
            let stream = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let stream = TcpStream::from_std(stream);
            let mut viewer =
                Viewer { stream, slow: false, tail: Vec::new(), images: 0, last: 0, ready: Instant::now() };
            let mut ages = Histogram::new(3).unwrap();
            for part in [&text[..cut], &text[cut..]] {
                viewer.take(part, Duration::from_millis(1), &mut ages).unwrap();
            }
            assert_eq!((viewer.images, viewer.last, ages.max()), (2, 2, 500), "cut at {cut}");
        }
    }
}
