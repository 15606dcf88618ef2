//! What loads one server: a process of its own, because one process may open 20,000 sockets and several servers are loaded
//! in turns. One thread, one epoll set with all readers and the publisher. It does what it is told on stdin, a line of JSON
//! an order, and answers each with a line of JSON: [`Loader`] is the other end.

mod crowd;
mod loader;
mod press;
mod tally;

pub use loader::Loader;

use crate::outcome::Result;
use crate::publisher::Publisher;
use crate::readers::{BESIDE, Readers, Silence, Turn, Wish};
use crate::servers::{Kind, Way, kind};
use crowd::Crowd;
use press::Press;
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::net::SocketAddr;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};
use tally::Tally;

/// How long nothing may be heard before what is missing counts as lost.
const PATIENCE: Duration = Duration::from_secs(10);
/// A turn waits no longer.
const TURN: Duration = Duration::from_millis(2);

/// Which server is loaded, and how.
#[derive(clap::Args)]
pub struct Options {
    #[arg(long)]
    server: String,
    #[arg(long)]
    way: Way,
    #[arg(long)]
    address: SocketAddr,
    /// Readers come from 127.0.NET.0
    #[arg(long)]
    net: u8,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub enum Order {
    /// So many more readers.
    Connect { readers: usize },
    /// So many more that never read.
    Freeze { readers: usize },
    /// All readers leave.
    Leave,
    /// So many bursts of messages, each when all have heard the one before.
    Bursts { bursts: usize, burst: usize, bytes: usize },
    /// So many messages a second, whether they are heard or not.
    Rate { rate: f64, seconds: f64, bytes: usize },
    /// So many readers come back, having missed so many messages, while now and then another is published.
    Return { readers: usize, missing: usize, bytes: usize },
    /// So many messages, each to one reader of its own, in bursts.
    Scatter { bursts: usize, burst: usize, bytes: usize },
    /// So many connections to publish with, in place of those that were there. Each publishes once, so that it is known.
    Gather { connections: usize, bytes: usize },
    /// So many connections publish, each with so many requests ahead; or all together so many a second, answered or not.
    Publish { connections: usize, ahead: usize, requests: usize, bytes: usize, rate: Option<f64> },
    /// Nothing is said, and nothing may be heard.
    Rest { seconds: f64 },
}

impl Order {
    /// What must have been done before, each time.
    pub fn needs(self) -> Option<Order> {
        match self {
            Order::Publish { connections, bytes, .. } => Some(Order::Gather { connections, bytes }),
            _ => None,
        }
    }
}

/// What came of it.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub struct Told {
    pub deliveries: u64,
    pub lost: u64,
    pub repeated: u64,
    /// From the first publication to the last delivery.
    pub seconds: f64,
    /// From when a message was due to be published until a reader heard it, milliseconds.
    pub p50: f64,
    pub p99: f64,
    pub p999: f64,
    pub slowest: f64,
}

/// Loads a server as it is told, until stdin ends. Between two orders its readers show that they are alive, or a server
/// would close them while others have their turn.
pub fn serve(options: &Options) -> Result<()> {
    let mut load = Load::new(options)?;
    let (told, orders) = mpsc::channel();
    std::thread::spawn(move || std::io::stdin().lines().try_for_each(|line| told.send(line)));
    let mut stdout = std::io::stdout();
    loop {
        let line = match orders.recv_timeout(ALIVE) {
            Ok(line) => line?,
            Err(RecvTimeoutError::Timeout) => {
                load.turn(Duration::ZERO)?;
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        };
        let told = load.obey(serde_json::from_str(&line)?)?;
        writeln!(stdout, "{}", serde_json::to_string(&told)?)?;
        stdout.flush()?;
    }
}

/// How often readers show that they are alive while there is nothing to do.
const ALIVE: Duration = Duration::from_secs(1);
/// How often somebody publishes while readers come back, and how many messages at the most: a server that takes longer would
/// be given more and more to do, and not be compared by the same bytes.
const MEANWHILE: Duration = Duration::from_millis(200);
const MEANWHILE_MOST: usize = 20;

struct Load {
    kind: &'static Kind,
    way: Way,
    address: SocketAddr,
    wish: Wish,
    readers: Readers,
    press: Press,
    crowd: Option<Crowd>,
    tally: Tally,
}

impl Load {
    fn new(options: &Options) -> Result<Load> {
        let (kind, address) = (kind(&options.server)?, options.address);
        let readers = Readers::new(address, options.net)?;
        let press = Press::connect(kind, address, readers.registry(), BESIDE)?;
        let wish = Wish::of(kind, options.way, address);
        let tally = Tally::new()?;
        Ok(Load { kind, way: options.way, address, wish, readers, press, crowd: None, tally })
    }

    fn obey(&mut self, order: Order) -> Result<Told> {
        self.tally.begin();
        match order {
            Order::Connect { readers } => {
                self.readers.connect(readers, &self.wish, &mut self.tally, &mut |_| {})?;
                self.tally.expect(self.readers.len());
            }
            Order::Freeze { readers } => {
                self.readers.connect(readers, &self.wish, &mut self.tally, &mut |_| {})?;
                self.readers.freeze(self.readers.len() - readers)?;
            }
            Order::Return { readers, missing, bytes } => self.come_back(readers, missing, bytes)?,
            Order::Scatter { bursts, burst, bytes } => {
                let readers = self.readers.len() as u64;
                for _ in 0..bursts {
                    let numbers = (0..burst).map(|_| fastrand::u64(0..readers * 10)).collect::<Vec<_>>();
                    self.scatter(&numbers, bytes)?;
                    self.finish()?;
                }
            }
            Order::Leave => {
                self.readers.leave();
                self.tally.expect(0);
            }
            Order::Rest { seconds } => {
                let until = Instant::now() + Duration::from_secs_f64(seconds);
                while Instant::now() < until {
                    let turn = self.readers.turn(&mut Silence, TURN)?;
                    self.hear_press(turn)?;
                }
            }
            Order::Bursts { bursts, burst, bytes } => {
                for _ in 0..bursts {
                    let now = Instant::now();
                    self.say(burst, bytes, now)?;
                    self.finish()?;
                }
            }
            Order::Gather { connections, bytes } => {
                self.crowd = None;
                let crowd = Crowd::connect(self.kind, self.address, connections, bytes)?;
                return self.crowd.insert(crowd).publish(connections, 1);
            }
            Order::Publish { ahead, requests, rate, .. } => {
                let crowd = self.crowd.as_mut().ok_or("nobody is there to publish")?;
                return match rate {
                    Some(rate) => crowd.publish_at(requests, rate),
                    None => crowd.publish(requests, ahead),
                };
            }
            Order::Rate { rate, seconds, bytes } => self.say_at(rate, seconds, bytes)?,
        }
        self.tally.told()
    }

    /// A connection that publishes: another one if that which was there has been closed.
    fn press(&mut self) -> Result<&mut Press> {
        if self.press.is_idle() {
            self.press.go_on()?;
        }
        if self.press.closed {
            self.press = Press::connect(self.kind, self.address, self.readers.registry(), BESIDE)?;
        }
        Ok(&mut self.press)
    }

    /// Publishes so many messages in one write.
    fn say(&mut self, burst: usize, bytes: usize, due: Instant) -> Result<()> {
        let mut out = Vec::new();
        for _ in 0..burst {
            let (body, number) = self.tally.say(bytes, due);
            out.extend((self.kind.publication)(self.address, &body, number));
        }
        self.press()?.say(&out, burst)
    }

    /// Publishes a message for each of these numbers, of which each reader has ten.
    fn scatter(&mut self, numbers: &[u64], bytes: usize) -> Result<()> {
        let (mut out, now) = (Vec::new(), Instant::now());
        for number in numbers {
            let body = self.tally.say_to((number / 10) as usize, bytes, now);
            out.extend((self.kind.publication)(self.address, &body, *number));
        }
        self.press()?.say(&out, numbers.len())
    }

    /// All come at once; the time is over when each has heard what it missed, and what was said since.
    fn come_back(&mut self, readers: usize, missing: usize, bytes: usize) -> Result<()> {
        let again = self.kind.again.ok_or("readers of this server cannot come back")?;
        let receipt =
            Publisher::connect(self.address)?.ask(&(self.kind.publication)(self.address, "last", 0))?;
        self.say(missing, bytes, Instant::now())?;
        self.finish()?;
        let (way, address, kind) = (self.way, self.address, self.kind);
        let hello = again(way, address, &receipt);
        let wish = Wish { hello: Box::new(move |_| hello.clone()), ear: Box::new(move || (kind.ear)(way)) };
        self.tally.begin();
        self.tally.expect_after(readers, missing as u64);
        let (mut due, mut said, mut quiet_since) = (Instant::now() + MEANWHILE, 0, Instant::now());
        while self.readers.open_up_to(readers, &wish)? {
            if said < MEANWHILE_MOST && Instant::now() >= due {
                self.say(1, bytes, due)?;
                due += MEANWHILE;
                said += 1;
            }
            if self.turn(TURN)? {
                quiet_since = Instant::now();
            } else if quiet_since.elapsed() > PATIENCE {
                return Err("readers that come back are not let in".into());
            }
        }
        self.finish()
    }

    fn say_at(&mut self, rate: f64, seconds: f64, bytes: usize) -> Result<()> {
        let began = Instant::now();
        let mut number = 0.0;
        while number < rate * seconds {
            let due = began + Duration::from_secs_f64(number / rate);
            let wait = due.saturating_duration_since(Instant::now());
            if wait.is_zero() {
                self.say(1, bytes, due)?;
                number += 1.0;
            } else {
                self.turn(wait.min(TURN))?;
            }
        }
        self.finish()
    }

    /// Reads until all have heard everything, or nothing comes for long.
    fn finish(&mut self) -> Result<()> {
        let mut quiet_since = Instant::now();
        while !(self.tally.is_complete() && self.press.is_idle()) {
            if self.turn(TURN)? {
                quiet_since = Instant::now();
            } else if quiet_since.elapsed() > PATIENCE {
                self.tally.give_up();
                return Ok(());
            }
        }
        Ok(())
    }

    /// Answers whether something came.
    fn turn(&mut self, wait: Duration) -> Result<bool> {
        let turn = self.readers.turn(&mut self.tally, wait)?;
        self.hear_press(turn)?;
        Ok(turn.heard || turn.beside)
    }

    fn hear_press(&mut self, turn: Turn) -> Result<()> {
        if turn.beside { self.press.go_on() } else { Ok(()) }
    }
}
