//! Readers that hear at most so often, or so much, over every transport and in every place that takes it.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use std::collections::HashSet;
use std::time::Instant;
use support::command::{fanfare, run};
use support::http::{Held, ask, get};
use support::server::Server;
use support::socket::Socket;

/// Says many prices of two keys, and something without a key between them.
fn prices(server: &Server, channel: &str, from: usize, count: usize) {
    let prices = (from..from + count).map(|number| {
        let key = ["eur", "usd"][number % 2];
        format!("{{\"channel\":\"{channel}\",\"key\":\"{key}\",\"body\":{number}}}")
    });
    let batch = format!("[{}]", prices.collect::<Vec<_>>().join(","));
    let head = "POST /publish HTTP/1.1\nContent-Type: application/json";
    assert_eq!(ask(server.address, head, batch.as_bytes()).status, 200);
}

#[test]
fn of_what_comes_between_two_ticks_the_newest_of_each_key_is_heard() {
    let server = Server::start();
    for via in ["sse", "stream", "ws"] {
        let channel = format!("prices/{via}");
        let target = format!("/c/{channel}?rate=4&as=envelope");
        let mut heard: Vec<u64> = Vec::new();
        let mut next: Box<dyn FnMut() -> Option<u64>> = if via == "ws" {
            let mut socket = Socket::open(server.address, &target);
            Box::new(move || socket.hear()["body"].as_u64())
        } else {
            let mut reader = Held::open(server.address, &format!("GET {target}&via={via} HTTP/1.1"));
            Box::new(move || {
                let line = reader.line().unwrap();
                let json = line.strip_prefix("data: ").unwrap_or(&line);
                serde_json::from_str::<serde_json::Value>(json).ok()?["body"].as_u64()
            })
        };
        let began = Instant::now();
        for from in (0..2000).step_by(100) {
            prices(&server, &channel, from, 100);
        }
        while heard.last() != Some(&1999) {
            heard.extend(next());
        }
        let ticks = began.elapsed().as_millis() as usize / 250 + 2;
        assert!(heard.len() <= 2 * ticks, "{via}: {} in {ticks} ticks", heard.len());
        assert!(heard.is_sorted() && heard.contains(&1998), "{via}: {heard:?}");
    }
}

#[test]
fn what_has_no_key_is_heard_one_by_one_and_none_is_left_out() {
    let server = Server::start();
    let mut reader = Held::open(server.address, "GET /c/news?via=sse&rate=50 HTTP/1.1");
    let began = Instant::now();
    let said: Vec<String> = (0..20).map(|number| format!("{number}")).collect();
    for body in &said {
        assert_eq!(ask(server.address, "POST /c/news HTTP/1.1", body.as_bytes()).status, 201);
    }
    let mut heard: Vec<String> = Vec::new();
    while heard.len() < said.len() {
        heard.extend(reader.data().map(|line| line["data: ".len()..].to_owned()));
    }
    assert_eq!(heard, said);
    assert!(began.elapsed().as_millis() >= 18 * 20, "{:?}", began.elapsed());
}

#[test]
fn polls_share_the_ticks_of_all() {
    let server = Server::start();
    let start = get(server.address, "/c/prices").json()["cursor"].as_str().unwrap().to_owned();
    let (mut cursor, mut heard) = (start, Vec::new());
    for from in (0..400).step_by(100) {
        prices(&server, "prices", from, 100);
        let page = get(server.address, &format!("/c/prices?wait=10&rate=10&after={cursor}")).json();
        cursor = page["cursor"].as_str().unwrap().to_owned();
        heard.extend(
            page["messages"].as_array().unwrap().iter().map(|message| message["body"].as_u64().unwrap()),
        );
    }
    assert_eq!(heard, [98, 99, 198, 199, 298, 299, 398, 399]);
}

#[test]
fn a_namespace_sets_a_ceiling_and_who_asks_for_less_has_less() {
    let config = "[[namespace]]\npattern = 'slow/**'\nreader_rate = 5\nreader_bytes = '100k'\n";
    let server = Server::with_config(config, &[]);
    for (query, most) in [("", 200), ("&rate=100", 200), ("&rate=2", 500)] {
        let mut reader = Held::open(server.address, &format!("GET /c/slow/a?via=sse{query} HTTP/1.1"));
        for number in 0..4 {
            assert_eq!(
                ask(server.address, "POST /c/slow/a HTTP/1.1", number.to_string().as_bytes()).status,
                201
            );
        }
        let mut times = Vec::new();
        while times.len() < 4 {
            reader.data().unwrap();
            times.push(Instant::now());
        }
        // From the second on, each comes at a tick.
        let time = times[3].duration_since(times[1]).as_millis();
        assert!(time + 50 >= 2 * most, "{query}: {time}");
    }
}

#[test]
fn the_command_takes_it_and_what_is_wrong_is_said() {
    let server = Server::start();
    prices(&server, "prices", 0, 500);
    let args = ["subscribe", "prices", "--since", "1h", "--rate", "10", "--bytes", "64KiB", "--count", "2"];
    let heard = run(fanfare(&server.url(""), &args)).with(0).stdout;
    assert_eq!(heard.lines().collect::<HashSet<_>>(), HashSet::from(["498", "499"]));
    for (args, expected) in [(["--rate", "0"], "0.001 to 1000"), (["--bytes", "lots"], "50k")] {
        let told =
            run(fanfare(&server.url(""), &[&["subscribe", "prices"][..], &args].concat())).with(2).stderr;
        assert!(told.contains(expected), "{told}");
    }
    for (target, expected) in [
        ("/c/a?via=sse&rate=fast", "0.001 to 1000"),
        ("/c/a?via=sse&bytes=5G", "50k"),
        ("/c/a?rate=2", "held open"),
    ] {
        let answer = get(server.address, target);
        assert_eq!((answer.status, &answer.json()["name"]), (400, &"bad-field".into()), "{target}");
        assert!(answer.json()["detail"].as_str().unwrap().contains(expected), "{answer:?}");
    }
}
