//! Disks without room or with faults, real ones: publishers are told at once, everybody else is served, and once the
//! disk is as it should be the server takes messages again.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test stops at what it did not expect, and says what it measured"
)]

mod support;

use std::time::{Duration, Instant};
use support::command::{fanfare, run};
use support::disk::Disk;
use support::http::{Answer, Held, Kept, ask, get, publish};
use support::server::{Server, until};

const CONFIG: &str = "[[namespace]]\npattern = \"live/**\"\nkeeping = \"live\"\n";
const MEBIBYTES: u32 = 24;
/// A refusal comes at once; this is far more than it takes, for a machine that does other things too.
const SOON: Duration = Duration::from_secs(2);

/// Publishes a numbered message of some size; answers what was answered, and how long that took.
fn post(connection: &mut Kept, number: u32) -> (Answer, Duration) {
    let (body, began) = (format!("{number:0>2000}"), Instant::now());
    let answer = connection.ask("POST /c/kept/a HTTP/1.1", body.as_bytes());
    (answer, began.elapsed())
}

/// The numbers of all messages that are kept.
fn kept(server: &Server) -> Vec<u32> {
    let (mut numbers, mut start) = (Vec::new(), "since=0".to_owned());
    loop {
        let page = get(server.address, &format!("/c/kept/a?limit=1000&{start}"));
        let bodies = page.bodies();
        if bodies.is_empty() {
            return numbers;
        }
        numbers.extend(bodies.iter().map(|body| body.trim_start_matches('0').parse::<u32>().unwrap_or(0)));
        start = format!("after={}", page.json()["cursor"].as_str().unwrap());
    }
}

#[test]
fn a_full_disk_refuses_publishes_and_nothing_else_and_heals_by_itself() {
    let Some(disk) = Disk::of(MEBIBYTES) else { return };
    let server = Server::inside(&disk.path(), CONFIG);
    let mut connection = Kept::open(server.address);
    let (mut acknowledged, mut number, mut slowest) = (Vec::new(), 0, Duration::ZERO);
    for _ in 0..20 {
        number += 1;
        assert_eq!(post(&mut connection, number).0.status, 201);
        acknowledged.push(number);
    }
    let mut reader =
        Held::open(server.address, "GET /subscribe?channel=kept/a&channel=live/a&via=sse HTTP/1.1");
    assert_eq!(reader.status, 200);

    for _ in 0..3 {
        disk.fill();
        let mut refused = 0;
        while refused < 100 {
            number += 1;
            assert!(number < 20_000, "a full disk takes everything");
            let (answer, took) = post(&mut connection, number);
            match answer.status {
                // What had room already.
                201 => acknowledged.push(number),
                507 => {
                    assert_eq!(answer.json()["name"], "store-full");
                    assert_eq!(answer.header("retry-after"), "30");
                    (refused, slowest) = (refused + 1, slowest.max(took));
                }
                status => panic!("{status}: {answer:?}"),
            }
        }
        let live = format!("live beside {number}");
        publish(server.address, "live/a", &live);
        let wanted = format!("data: {live}");
        while reader.data().unwrap() != wanted {}
        assert_eq!(kept(&server), acknowledged);
        assert_eq!(get(server.address, "/readyz").status, 200, "live channels are served");

        disk.make_room();
        let room = Instant::now();
        until("messages are taken again", || {
            number += 1;
            let taken = post(&mut connection, number).0.status == 201;
            acknowledged.extend(taken.then_some(number));
            taken
        });
        println!("taken again {:?} after there was room", room.elapsed());
    }
    println!("the slowest of 300 refusals took {slowest:?}");
    assert!(slowest < SOON, "{slowest:?}");
    let server = restarted(server);
    assert_eq!(kept(&server), acknowledged);
}

#[test]
fn a_disk_that_cannot_sync_closes_the_log_which_is_checked_and_opens_by_itself() {
    let Some(disk) = Disk::hollow(8, 64) else { return };
    let server = Server::inside(&disk.path(), CONFIG);
    let mut connection = Kept::open(server.address);
    let (mut acknowledged, mut number) = (Vec::new(), 0);
    let refused = loop {
        number += 1;
        assert!(number < 20_000, "a disk without bottom takes everything");
        match post(&mut connection, number).0 {
            answer if answer.status == 201 => acknowledged.push(number),
            answer => break answer,
        }
    };
    assert_eq!((refused.status, &refused.json()["name"]), (503, &"store-failed".into()));
    assert_eq!(get(server.address, "/readyz").status, 503);
    assert_eq!(run(fanfare(&server.url(""), &["health", "--quiet"])).with(5).stderr, "");
    let told = run(fanfare(&server.url(""), &["health"])).with(5).stderr;
    assert!(told.contains("the disk failed"), "{told}");
    let health = get(server.address, "/healthz");
    let text = String::from_utf8(health.body).unwrap();
    assert!(health.status == 200 && text.starts_with("ok\n") && text.contains("disk"), "{text}");
    publish(server.address, "live/a", "x");
    assert_eq!(kept(&server), acknowledged);

    disk.deepen();
    let whole = Instant::now();
    until("messages are taken again", || {
        number += 1;
        let taken = post(&mut connection, number).0.status == 201;
        acknowledged.extend(taken.then_some(number));
        taken
    });
    println!("taken again {:?} after the disk was whole", whole.elapsed());
    assert_eq!(get(server.address, "/readyz").status, 200);
    let metrics = String::from_utf8(get(server.address, "/metrics").body).unwrap();
    for trace in [
        "fanfare_log_trouble{log=\"kept\"} 0",
        "fanfare_log_closed_total{log=\"kept\",reason=\"failed\"} 1",
        "fanfare_log_closed_total{log=\"kept\",reason=\"damaged\"} 0",
    ] {
        assert!(metrics.lines().any(|line| line == trace), "no {trace}: {metrics}");
    }
    let server = restarted(server);
    assert_eq!(kept(&server), acknowledged);
}

fn restarted(mut server: Server) -> Server {
    server.restart();
    server
}

#[test]
fn a_server_does_not_start_on_a_disk_without_room_and_says_so() {
    let Some(disk) = Disk::of(MEBIBYTES) else { return };
    let data = disk.path().join("data");
    std::fs::create_dir(&data).unwrap();
    disk.fill();
    let mut command = std::process::Command::new(support::server::FANFARE);
    let output = command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(&data).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("make room on the disk"), "{said}");
}

#[test]
fn what_was_damaged_while_no_server_had_it_is_refused_with_what_to_do() {
    let mut server = Server::start();
    (0..50).for_each(|number| drop(publish(server.address, "kept/a", &number.to_string())));
    server.kill();
    let log = server.data().join("fanfare.db-wal");
    let size = std::fs::metadata(&log).unwrap().len();
    std::fs::OpenOptions::new().write(true).open(&log).unwrap().set_len(size / 2).unwrap();
    let mut command = std::process::Command::new(support::server::FANFARE);
    let output =
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(server.data()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{said}");
    for part in ["it went back", "fanfare.head", "nothing was changed", "restore a backup"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    std::fs::write(server.data().join("fanfare.head"), "").unwrap();
    server.restart();
    let first = ask(server.address, "GET /c/kept/a?since=0 HTTP/1.1", b"").bodies();
    assert!(!first.is_empty() && first.len() < 50, "{first:?}");
}
