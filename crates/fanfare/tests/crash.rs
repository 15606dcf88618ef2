//! kill -9 while publishers are at work: what was acknowledged is there, once and in order.
//!
//! Eight publishers send numbered messages to fifty channels, most in batches with ids, some one by one with an
//! `Idempotency-Key`, and send again with the same ids what was not answered. The server is killed at random moments,
//! every second time when its commit thread is seen at work, and started again. At the end everything is read back
//! and compared with what was acknowledged. `FANFARE_CRASH_ROUNDS` sets the kills.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test stops at what it did not expect, and says where it is"
)]

mod support;

use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};
use support::http::get;
use support::server::{PATIENCE, Server, until};

const PUBLISHERS: usize = 8;
/// Of these, so many send one message at a time.
const ONE_BY_ONE: usize = 2;
const BATCH: u64 = 50;
const CHANNELS: u64 = 50;
/// Retention must not take what is compared.
const CONFIG: &str = "[[namespace]]\npattern = \"**\"\nage = \"30d\"\nmessages = 100000000\n";

/// One message of a publisher: both texts follow from its number.
struct Numbered {
    id: String,
    channel: String,
}

/// What a publisher was answered: each message with its position, in the order they were sent.
type Acknowledged = Vec<(Numbered, u64)>;

/// What publishers share with who kills the server.
#[derive(Default)]
struct Shared {
    acknowledged: AtomicU64,
    /// Requests that were sent and are not answered.
    in_flight: AtomicU64,
    stop: AtomicBool,
}

/// Stops the publishers when it goes, also when a test ends early.
struct Stop<'a>(&'a Shared);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.stop.store(true, SeqCst);
    }
}

fn rounds() -> u64 {
    std::env::var("FANFARE_CRASH_ROUNDS").map_or(20, |rounds| rounds.parse().unwrap())
}

/// A kept connection that is opened again after each failure.
struct Connection<'a> {
    address: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
    shared: &'a Shared,
}

impl Connection<'_> {
    /// Asks, and reads the answer's JSON. An error means that nothing is known about what was sent.
    fn ask(&mut self, head: &str, body: &str) -> io::Result<Value> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => self.connect()?,
        };
        let head = format!("{head}\r\nHost: {}\r\nContent-Length: {}\r\n\r\n", self.address, body.len());
        stream.get_mut().write_all(&[head.as_bytes(), body.as_bytes()].concat())?;
        self.shared.in_flight.fetch_add(1, SeqCst);
        let answer = read_answer(&mut stream);
        self.shared.in_flight.fetch_sub(1, SeqCst);
        self.stream = Some(stream);
        answer.inspect_err(|_| self.stream = None)
    }

    fn connect(&self) -> io::Result<BufReader<TcpStream>> {
        let stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(BufReader::new(stream))
    }
}

/// The JSON of an answer that accepts; of any other, an error.
fn read_answer(reader: &mut impl BufRead) -> io::Result<Value> {
    let (mut line, mut length, mut status) = (String::new(), 0, String::new());
    while line != "\r\n" {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if status.is_empty() {
            status.clone_from(&line);
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    if !status.starts_with("HTTP/1.1 20") {
        return Err(io::Error::other(status));
    }
    serde_json::from_slice(&body).map_err(io::Error::other)
}

/// Sends these; answers what each was answered.
fn send(connection: &mut Connection<'_>, messages: &[Numbered]) -> io::Result<Vec<Value>> {
    if let [Numbered { id, channel }] = messages {
        let head = format!("POST /c/{channel} HTTP/1.1\r\nContent-Type: text/plain\r\nIdempotency-Key: {id}");
        return Ok(vec![connection.ask(&head, id)?]);
    }
    let lines = messages
        .iter()
        .map(|Numbered { id, channel }| format!("{}\n", json!({"channel": channel, "id": id, "body": id})));
    let head = "POST /publish HTTP/1.1\r\nContent-Type: application/x-ndjson";
    let answer = connection.ask(head, &lines.collect::<String>())?;
    let results =
        answer["results"].as_array().filter(|results| results.iter().all(|r| r["position"].is_u64()));
    results.cloned().ok_or_else(|| io::Error::other(answer.to_string()))
}

fn publish_on(publisher: usize, address: SocketAddr, shared: &Shared) -> Acknowledged {
    let mut connection = Connection { address, stream: None, shared };
    let count = if publisher < ONE_BY_ONE { 1 } else { BATCH };
    let (mut acknowledged, mut number) = (Vec::new(), 0);
    while !shared.stop.load(SeqCst) {
        let messages: Vec<Numbered> = (number..number + count)
            .map(|number| {
                let channel = format!("crash/{}", (number * 7 + publisher as u64) % CHANNELS);
                Numbered { id: format!("{publisher}-{number}"), channel }
            })
            .collect();
        let results = loop {
            match send(&mut connection, &messages) {
                Ok(results) => break results,
                Err(_) if shared.stop.load(SeqCst) => return acknowledged,
                Err(_) => thread::yield_now(),
            }
        };
        assert_eq!(results.len(), messages.len());
        for (message, result) in messages.into_iter().zip(results) {
            assert_eq!(result["id"], message.id, "{result}");
            acknowledged.push((message, result["position"].as_u64().unwrap()));
        }
        number += count;
        shared.acknowledged.fetch_add(count, SeqCst);
    }
    acknowledged
}

/// The commit thread of a server, as the kernel sees it.
struct CommitThread(String);

impl CommitThread {
    /// A thread names itself once it runs, which may be after the server has said that it is there.
    fn of(server: &Server) -> CommitThread {
        let named = |folder: &str| fs::read_to_string(format!("{folder}/comm"));
        let mut found = None;
        until("the commit thread has its name", || {
            let tasks = fs::read_dir(format!("/proc/{}/task", server.pid())).unwrap();
            let mut folders = tasks.map(|task| task.unwrap().path().display().to_string());
            found = folders.find(|folder| named(folder).is_ok_and(|name| name == "commit\n"));
            found.is_some()
        });
        CommitThread(format!("{}/stat", found.unwrap()))
    }

    /// Whether it runs or waits for the disk: it does neither but for a commit.
    fn is_at_work(&self) -> bool {
        let stat = fs::read_to_string(&self.0).unwrap();
        matches!(stat.rsplit_once(") ").unwrap().1.as_bytes()[0], b'R' | b'D')
    }
}

/// Kills the server and starts it again, so many times. Answers how long it was up, and how many kills met a commit.
fn kill_again_and_again(server: &mut Server, shared: &Shared) -> (Duration, u64) {
    let (mut up, mut inside, mut state) = (Duration::ZERO, 0, 88_172_645_463_325_252_u64);
    for round in 0..rounds() {
        let (began, before) = (Instant::now(), shared.acknowledged.load(SeqCst));
        let commits = CommitThread::of(server);
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let moment = Duration::from_micros(100_000 + state % 300_000);
        until("publishing goes on", || {
            shared.acknowledged.load(SeqCst) > before && began.elapsed() >= moment
        });
        while round % 2 == 1 && !(shared.in_flight.load(SeqCst) > 0 && commits.is_at_work()) {
            assert!(began.elapsed() < PATIENCE, "no commit is ever seen at work");
        }
        inside += u64::from(commits.is_at_work());
        up += began.elapsed();
        server.kill();
        server.restart();
        println!("round {round}: {} acknowledged", shared.acknowledged.load(SeqCst));
    }
    (up, inside)
}

/// Everything that is kept of a channel: id, position, previous.
fn read_back(address: SocketAddr, channel: &str) -> Vec<(String, u64, Option<u64>)> {
    let (mut kept, mut start) = (Vec::new(), "since=0".to_owned());
    loop {
        let page = get(address, &format!("/c/{channel}?limit=1000&{start}")).json();
        assert!(page["gap"].is_null(), "{page}");
        let messages = page["messages"].as_array().unwrap();
        if messages.is_empty() {
            return kept;
        }
        for message in messages {
            assert_eq!(message["id"], message["body"]);
            let id = message["id"].as_str().unwrap().to_owned();
            kept.push((id, message["position"].as_u64().unwrap(), message["previous"].as_u64()));
        }
        start = format!("after={}", page["cursor"].as_str().unwrap());
    }
}

fn number_of(id: &str) -> (usize, u64) {
    let (publisher, number) = id.split_once('-').unwrap();
    (publisher.parse().unwrap(), number.parse().unwrap())
}

/// Compares what is kept with what was acknowledged; answers how many messages are kept.
fn compare(address: SocketAddr, acknowledged: &[Acknowledged]) -> usize {
    let mut kept: HashMap<String, (String, u64)> = HashMap::new();
    for channel in (0..CHANNELS).map(|number| format!("crash/{number}")) {
        let mut newest: HashMap<usize, u64> = HashMap::new();
        let mut before = None;
        for (id, position, previous) in read_back(address, &channel) {
            assert!(before < Some(position), "{channel}: {position} comes after {before:?}");
            assert_eq!(previous, before, "{channel}: the chain is broken at {position}");
            before = Some(position);
            let (publisher, number) = number_of(&id);
            let last = newest.insert(publisher, number);
            assert!(last < Some(number), "{channel}: {id} comes after number {last:?}");
            let twice = kept.insert(id.clone(), (channel.clone(), position));
            assert_eq!(twice, None, "{id} is there twice");
        }
    }
    for (Numbered { id, channel }, position) in acknowledged.iter().flatten() {
        let found = kept.get(id).map(|(channel, position)| (&**channel, *position));
        assert_eq!(found, Some((&**channel, *position)), "acknowledged, and lost or moved: {id}");
    }
    kept.len()
}

#[test]
fn what_was_acknowledged_survives_kill_9_once_and_in_order() {
    let mut server = Server::with_config(CONFIG, &[]);
    let (address, shared) = (server.address, Shared::default());
    let (up, inside, acknowledged) = thread::scope(|scope| {
        let shared = &shared;
        let publish = |publisher| scope.spawn(move || publish_on(publisher, address, shared));
        let publishers: Vec<_> = (0..PUBLISHERS).map(publish).collect();
        let stop = Stop(shared);
        let (up, inside) = kill_again_and_again(&mut server, shared);
        drop(stop);
        let acknowledged = publishers.into_iter().map(|publisher| publisher.join().unwrap());
        (up, inside, acknowledged.collect::<Vec<Acknowledged>>())
    });
    let total: usize = acknowledged.iter().map(Vec::len).sum();
    let rate = total as f64 / up.as_secs_f64();
    let kept = compare(address, &acknowledged);
    println!(
        "{} kills, {inside} of them inside a commit; {total} acknowledged at {rate:.0} a second, {kept} kept: 0 lost, 0 reordered, 0 twice",
        rounds()
    );
}
