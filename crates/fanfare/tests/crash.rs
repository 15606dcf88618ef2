//! kill -9 while publishers are at work: what was acknowledged is there, once and in order.
//!
//! Eight publishers send numbered messages to fifty channels, in batches, each message with an id, and send again
//! with the same ids what was not answered. The server is killed at random moments, while commits are under way,
//! and started again. At the end everything is read back and compared with what was acknowledged.
//! `FANFARE_CRASH_ROUNDS` sets the kills.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};
use support::http::get;
use support::server::{PATIENCE, Server, until};

const PUBLISHERS: usize = 8;
const CHANNELS: u64 = 50;
const BATCH: u64 = 50;
const CONFIG: &str = "[[namespace]]\npattern = \"**\"\nmessages = 100000000\n";

/// What a publisher was answered: id, channel and position, in the order it was sent.
type Acknowledged = Vec<(String, String, u64)>;

fn rounds() -> u64 {
    std::env::var("FANFARE_CRASH_ROUNDS").map_or(20, |rounds| rounds.parse().unwrap())
}

/// Sends a batch and reads the answer; any error means that nothing is known.
fn send(stream: &mut Option<BufReader<TcpStream>>, address: SocketAddr, batch: &str) -> io::Result<Value> {
    if stream.is_none() {
        let fresh = TcpStream::connect(address)?;
        fresh.set_read_timeout(Some(PATIENCE))?;
        fresh.set_nodelay(true)?;
        *stream = Some(BufReader::new(fresh));
    }
    let Some(reader) = stream else { return Err(io::ErrorKind::NotConnected.into()) };
    let head = format!(
        "POST /publish HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/x-ndjson\r\nContent-Length: {}\r\n\r\n",
        batch.len()
    );
    reader.get_mut().write_all(&[head.as_bytes(), batch.as_bytes()].concat())?;
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
    if !status.starts_with("HTTP/1.1 200") {
        return Err(io::Error::other(status));
    }
    serde_json::from_slice(&body).map_err(io::Error::other)
}

fn publish_on(publisher: usize, address: SocketAddr, sent: &AtomicU64, stop: &AtomicBool) -> Acknowledged {
    let (mut acknowledged, mut stream, mut number) = (Vec::new(), None, 0);
    while !stop.load(SeqCst) {
        let ids: Vec<(String, String)> = (number..number + BATCH)
            .map(|n| (format!("{publisher}-{n}"), format!("crash/{}", (n * 7 + publisher as u64) % CHANNELS)))
            .collect();
        let lines =
            ids.iter().map(|(id, channel)| json!({"channel": channel, "id": id, "body": id}).to_string());
        let batch = lines.collect::<Vec<_>>().join("\n");
        let answer = loop {
            match send(&mut stream, address, &batch) {
                Ok(answer) => break answer,
                Err(_) => stream = None,
            }
            thread::yield_now();
        };
        let results = answer["results"].as_array().unwrap();
        assert_eq!(results.len(), ids.len());
        for ((id, channel), result) in ids.into_iter().zip(results) {
            assert_eq!(result["id"], *id, "{result}");
            acknowledged.push((id, channel, result["position"].as_u64().unwrap()));
        }
        number += BATCH;
        sent.fetch_add(BATCH, SeqCst);
    }
    acknowledged
}

/// Everything that is kept of a channel: id, position, previous.
fn read_back(address: SocketAddr, channel: &str) -> Vec<(String, u64, Option<u64>)> {
    let (mut kept, mut after) = (Vec::new(), None::<String>);
    loop {
        let start = after.map_or("since=0".to_owned(), |cursor| format!("after={cursor}"));
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
        after = page["cursor"].as_str().map(str::to_owned);
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
    for (id, channel, position) in acknowledged.iter().flatten() {
        assert_eq!(
            kept.get(id),
            Some(&(channel.clone(), *position)),
            "acknowledged, and lost or moved: {id}"
        );
    }
    kept.len()
}

#[test]
fn what_was_acknowledged_survives_kill_9_once_and_in_order() {
    let mut server = Server::with_config(CONFIG, &[]);
    let address = server.address;
    let (sent, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let (mut up, mut state) = (Duration::ZERO, 88_172_645_463_325_252_u64);
    let acknowledged: Vec<Acknowledged> = thread::scope(|scope| {
        let (sent, stop) = (&sent, &stop);
        let publish = |publisher| scope.spawn(move || publish_on(publisher, address, sent, stop));
        let publishers: Vec<_> = (0..PUBLISHERS).map(publish).collect();
        for round in 0..rounds() {
            let (began, before) = (Instant::now(), sent.load(SeqCst));
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            // All publishers wait for commits all the time: whenever this is, one is under way.
            let moment = Duration::from_micros(100_000 + state % 300_000);
            until("publishing goes on", || sent.load(SeqCst) > before && began.elapsed() >= moment);
            up += began.elapsed();
            server.restart();
            println!("round {round}: {} acknowledged", sent.load(SeqCst));
        }
        stop.store(true, SeqCst);
        publishers.into_iter().map(|publisher| publisher.join().unwrap()).collect()
    });
    let total: usize = acknowledged.iter().map(Vec::len).sum();
    let rate = total as f64 / up.as_secs_f64();
    let kept = compare(address, &acknowledged);
    println!(
        "{} kills, {total} acknowledged at {rate:.0} a second, {kept} kept: 0 lost, 0 reordered, 0 twice",
        rounds()
    );
}
