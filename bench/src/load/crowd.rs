//! Many connections that publish: each sends its next request when an answer has come, so many ahead at a time.

use super::Told;
use crate::outcome::Result;
use crate::servers::Kind;
use hdrhistogram::Histogram;
use memchr::memmem;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const READ_BYTES: usize = 256 * 1024;
const PAUSE: Duration = Duration::from_micros(50);
const PATIENCE: Duration = Duration::from_secs(30);

/// The connections.
pub struct Crowd {
    poll: Poll,
    publishers: Vec<Publisher>,
    receipt: &'static [u8],
    /// Receipts of one request.
    receipts: usize,
    request: Vec<u8>,
    /// Requests that may still be sent, and answers that are still to come.
    left: usize,
    missing: usize,
    /// Microseconds.
    times: Histogram<u64>,
}

struct Publisher {
    socket: TcpStream,
    out: Vec<u8>,
    /// When each request that has no answer yet was sent.
    sent: VecDeque<Instant>,
    /// Receipts of the answer that is coming.
    come: usize,
    /// The end of what was read, in which a receipt may begin.
    cut: Vec<u8>,
}

impl Crowd {
    /// Opens so many connections; each request publishes `bytes`.
    pub fn connect(kind: &Kind, address: SocketAddr, count: usize, bytes: usize) -> Result<Crowd> {
        let poll = Poll::new()?;
        let mut publishers = Vec::new();
        for number in 0..count {
            let socket = std::net::TcpStream::connect(address)?;
            socket.set_nodelay(true)?;
            socket.set_nonblocking(true)?;
            let mut socket = TcpStream::from_std(socket);
            let interest = Interest::READABLE | Interest::WRITABLE;
            poll.registry().register(&mut socket, Token(number), interest)?;
            let (out, sent, cut) = (Vec::new(), VecDeque::new(), Vec::new());
            publishers.push(Publisher { socket, out, sent, come: 0, cut });
        }
        let body = format!("{:-<bytes$}", "number 0 due 0 ");
        let request = (kind.publication)(address, &body, 0);
        let receipt = kind.receipt.ok_or("publications to this server are not answered")?;
        let (receipts, times) = (kind.messages, Histogram::new(3)?);
        Ok(Crowd { poll, publishers, receipt, receipts, request, left: 0, missing: 0, times })
    }

    /// Publishes so many requests, each connection `ahead` at a time. The deliveries of the account are messages.
    pub fn publish(&mut self, requests: usize, ahead: usize) -> Result<Told> {
        self.times.reset();
        (self.left, self.missing) = (requests, requests);
        let began = Instant::now();
        for number in 0..self.publishers.len() {
            self.send(number, ahead, Instant::now())?;
        }
        let (mut events, mut buffer) = (Events::with_capacity(1024), vec![0; READ_BYTES]);
        let mut heard = began;
        while self.missing > 0 {
            self.turn(&mut events, &mut buffer, Duration::from_secs(1), &mut heard, true)?;
        }
        self.told(requests, began)
    }

    /// Publishes so many requests a second, each by the next connection. How late an answer is counts from when its request
    /// was due.
    pub fn publish_at(&mut self, requests: usize, rate: f64) -> Result<Told> {
        self.times.reset();
        (self.left, self.missing) = (requests, requests);
        let (mut events, mut buffer) = (Events::with_capacity(1024), vec![0; READ_BYTES]);
        let began = Instant::now();
        let mut heard = began;
        while self.missing > 0 {
            let sent = requests - self.left;
            let due = began + Duration::from_secs_f64(sent as f64 / rate);
            if self.left > 0 && due <= Instant::now() {
                self.send(sent % self.publishers.len(), 1, due)?;
                continue;
            }
            self.turn(&mut events, &mut buffer, Duration::ZERO, &mut heard, false)?;
            // Whoever asked all the time would take the processor from the server; a wait for events is a millisecond at
            // the least.
            std::thread::sleep(PAUSE);
        }
        self.told(requests, began)
    }

    /// Reads what has come, and sends as many requests as were answered if that is wanted.
    fn turn(
        &mut self,
        events: &mut Events,
        buffer: &mut [u8],
        wait: Duration,
        heard: &mut Instant,
        again: bool,
    ) -> Result<()> {
        self.poll.poll(events, Some(wait))?;
        for event in &*events {
            let number = event.token().0;
            let answered = self.receive(number, buffer)?;
            self.send(number, if again { answered } else { 0 }, Instant::now())?;
            *heard = if answered > 0 { Instant::now() } else { *heard };
        }
        if heard.elapsed() > PATIENCE {
            return Err(format!("{} requests are not answered", self.missing).into());
        }
        Ok(())
    }

    fn told(&self, requests: usize, began: Instant) -> Result<Told> {
        let late = |quantile| self.times.value_at_quantile(quantile) as f64 / 1000.0;
        Ok(Told {
            deliveries: (requests * self.receipts) as u64,
            seconds: began.elapsed().as_secs_f64(),
            p50: late(0.5),
            p99: late(0.99),
            p999: late(0.999),
            slowest: late(1.0),
            ..Told::default()
        })
    }

    /// Sends up to `count` requests, which were due then, in one write, and what was not written before.
    fn send(&mut self, number: usize, count: usize, due: Instant) -> Result<()> {
        let publisher = &mut self.publishers[number];
        for _ in 0..count.min(self.left) {
            publisher.out.extend_from_slice(&self.request);
            publisher.sent.push_back(due);
            self.left -= 1;
        }
        while !publisher.out.is_empty() {
            match publisher.socket.write(&publisher.out) {
                Ok(written) => drop(publisher.out.drain(..written)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Reads what there is; answers how many requests were answered.
    fn receive(&mut self, number: usize, buffer: &mut [u8]) -> Result<usize> {
        let publisher = &mut self.publishers[number];
        let mut answered = 0;
        loop {
            let length = match publisher.socket.read(buffer) {
                Ok(0) => return Err("the server closed a connection that publishes".into()),
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(answered),
                Err(error) => return Err(error.into()),
            };
            publisher.cut.extend_from_slice(&buffer[..length]);
            let mut used = 0;
            for place in memmem::find_iter(&publisher.cut, self.receipt) {
                used = place + self.receipt.len();
                publisher.come += 1;
                if publisher.come == self.receipts {
                    publisher.come = 0;
                    let sent = publisher.sent.pop_front().ok_or("more answers than requests")?;
                    self.times.record(sent.elapsed().as_micros() as u64)?;
                    self.missing -= 1;
                    answered += 1;
                }
            }
            let kept = publisher.cut.len().saturating_sub(self.receipt.len() - 1);
            publisher.cut.drain(..used.max(kept));
        }
    }
}
