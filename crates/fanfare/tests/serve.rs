//! `fanfare serve`: how it starts, what it says, what it refuses and how it ends.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::iter;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::time::{Duration, Instant};
use support::command::{Ended, Job, fanfare, run};
use support::http::{Held, get, publish};
use support::server::{Server, until, wait};

/// `fanfare serve` with these arguments and data in a new folder.
fn serve(args: &[&str]) -> std::process::Command {
    let mut command = fanfare("", &["serve"]);
    command.args(args).env_remove("FANFARE_SERVER");
    command
}

/// A server that is expected not to start on this folder.
fn refuse(data: &Path, args: &[&str]) -> Ended {
    let mut command = serve(args);
    command.arg("--data").arg(data);
    run(command)
}

fn event_stream(server: &Server, number: usize) -> Held {
    let held = Held::open(server.address, &format!("GET /c/a/{number}?via=sse HTTP/1.1"));
    assert_eq!(held.status, 200);
    held
}

/// A publish that is begun, and that the server waits for when it ends.
fn half_a_request(server: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).unwrap();
    let head = "POST /c/a HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    // The server asks for the body (RFC 9110 section 10.1.1), so the request is in progress.
    let mut asked = [0; 25];
    stream.read_exact(&mut asked).unwrap();
    assert_eq!(asked, *b"HTTP/1.1 100 Continue\r\n\r\n");
    stream
}

#[test]
fn it_says_where_it_is_where_messages_are_and_what_to_try() {
    let server = Server::start();
    until("three lines", || server.stdout().lines().count() >= 3);
    let said = server.stdout();
    let expected = format!(
        "Fanfare {} listens on http://{address}\nMessages are kept in {}\nTry: curl -d 'hello' http://{address}/c/hello\n",
        env!("CARGO_PKG_VERSION"),
        server.data().canonicalize().unwrap().display(),
        address = server.address,
    );
    assert_eq!(said, expected);
    assert_ne!(server.address.port(), 0);
    assert_eq!(publish(server.address, "hello", "x")["channel"], "hello");
}

#[test]
fn port_0_of_the_usual_address_is_any_free_one() {
    let folder = tempfile::TempDir::new().unwrap();
    let mut job =
        Job::start(serve(&["--listen", "127.0.0.1:0", "--data"]).arg(folder.path().join("deep/data")));
    let line = job.line();
    let address = line.split("http://").nth(1).unwrap().parse().unwrap();
    assert_eq!(get(address, "/healthz").status, 200);
    job.interrupt();
    job.end().with(0);
}

#[test]
fn a_second_server_on_the_same_data_is_refused() {
    let server = Server::start();
    let data = server.data();
    let ended = refuse(&data, &["--listen", "127.0.0.1:0"]).with(1);
    assert!(ended.stderr.contains(&data.display().to_string()), "{ended:?}");
    assert!(ended.stderr.contains(&format!("process {}", server.pid())), "{ended:?}");
    assert!(ended.stderr.contains("--data"), "{ended:?}");
    assert_eq!(get(server.address, "/readyz").status, 200);
}

#[test]
fn an_address_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let _listener = TcpListener::bind(taken).unwrap();
    let folder = tempfile::TempDir::new().unwrap();
    let ended = refuse(folder.path(), &["--listen", &taken.to_string()]).with(1);
    assert!(ended.stderr.contains(&format!("another program listens on {taken}")), "{ended:?}");
    assert!(ended.stderr.contains("--listen"), "{ended:?}");
}

#[test]
fn an_address_that_others_can_reach_is_refused_unless_one_insists() {
    let folder = tempfile::TempDir::new().unwrap();
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.7:8080"] {
        let data = folder.path().join("data");
        let ended = refuse(&data, &["--listen", address]).with(2);
        assert!(
            ended.stderr.contains(address) && ended.stderr.contains("no access control yet"),
            "{ended:?}"
        );
        assert!(ended.stderr.contains("--insecure-open"), "{ended:?}");
        assert!(!data.exists());
    }
    let mut job = Job::start(
        serve(&["--listen", "0.0.0.0:0", "--insecure-open", "--data"]).arg(folder.path().join("data")),
    );
    assert!(job.line().contains("http://0.0.0.0:"));
    job.told("everyone who reaches");
}

#[test]
fn a_wrong_configuration_is_refused_with_its_place() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("fanfare.toml");
    std::fs::write(&file, "workers = 1\nlisen = 'x'\n").unwrap();
    let file = file.to_str().unwrap();
    let ended = run(serve(&["--config", file])).with(2);
    let expected = format!("error: {file}, line 2: there is no option `lisen`; did you mean `listen`?\n");
    assert_eq!(ended.stderr, expected);
    for (args, variable, expected) in [
        (&["--workers", "many"][..], ("FANFARE_X", ""), "--workers: `workers` cannot be \"many\""),
        (
            &[],
            ("FANFARE_STORE_BYTES", "1"),
            "environment variable FANFARE_STORE_BYTES: `store_bytes` cannot be",
        ),
        (&["--lisen", "x"], ("FANFARE_X", ""), "--listen"),
        (&["--config", "no/such.toml"], ("FANFARE_X", ""), "no/such.toml cannot be read"),
    ] {
        let mut command = serve(args);
        command.env(variable.0, variable.1);
        let ended = run(command).with(2);
        assert!(ended.stderr.contains(expected), "{ended:?}");
    }
}

#[test]
fn every_source_reaches_the_server() {
    let config = "[[namespace]]\npattern = 'tiny/**'\nbody = 3\n";
    let server = Server::with_config(config, &["--log-format", "json", "--log-level", "debug"]);
    let answer = support::http::ask(server.address, "POST /c/tiny/a HTTP/1.1", b"four");
    assert_eq!(answer.status, 413, "{answer:?}");
    publish(server.address, "other", "four");
    until("a line of the log", || server.stderr().contains("\"started\""));
    let line = server.stderr().lines().next().unwrap().to_owned();
    assert!(serde_json::from_str::<serde_json::Value>(&line).unwrap()["fields"].is_object(), "{line}");
}

#[test]
fn a_folder_that_cannot_be_used_is_named() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let ended = refuse(&file, &["--listen", "127.0.0.1:0"]).with(1);
    assert!(ended.stderr.contains(&file.display().to_string()), "{ended:?}");
}

#[test]
fn what_is_not_a_store_is_refused_and_left_alone() {
    let mut server = Server::start();
    let data = server.data();
    server.terminate();
    server.wait();
    let files = std::fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().path());
    let (store, others): (Vec<_>, Vec<_>) =
        files.partition(|path| path.extension().is_some_and(|end| end == "db"));
    let [store] = &store[..] else { panic!("{store:?} {others:?}") };
    others.iter().for_each(|path| std::fs::remove_file(path).unwrap());
    let nonsense = vec![b'x'; 8192];
    std::fs::write(store, &nonsense).unwrap();
    let ended = refuse(&data, &["--listen", "127.0.0.1:0"]).with(1);
    assert!(ended.stderr.contains("fanfare.db") && ended.stderr.contains("--data"), "{ended:?}");
    assert_eq!(std::fs::read(store).unwrap(), nonsense);
}

#[test]
fn sigterm_and_sigint_end_it_in_time_with_readers_told_to_come_back() {
    for end in [Server::terminate, Server::interrupt] {
        let mut server = Server::start();
        let mut readers: Vec<Held> = (0..20).map(|number| event_stream(&server, number)).collect();
        publish(server.address, "a/0", "last words");
        let started = Instant::now();
        end(&server);
        assert_eq!(server.wait().code(), Some(0), "{}", server.stderr());
        assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
        for (number, reader) in readers.iter_mut().enumerate() {
            let text: Vec<String> = iter::from_fn(|| reader.line()).collect();
            assert!(text.iter().any(|line| line.contains("draining")), "{number}: {text:#?}");
            assert_eq!(text.iter().any(|line| line == "data: last words"), number == 0, "{text:#?}");
        }
        server.restart();
        assert_eq!(get(server.address, "/c/a/0").bodies(), ["last words"]);
    }
}

#[test]
fn readers_are_told_to_come_back_each_at_a_moment_of_its_own() {
    let mut server = Server::start();
    let mut readers: Vec<Held> = (0..30).map(|number| event_stream(&server, number)).collect();
    server.terminate();
    let waits: BTreeSet<u64> = readers
        .iter_mut()
        .map(|reader| {
            let lines: Vec<String> = iter::from_fn(|| reader.line()).collect();
            let mut waits = lines.iter().filter_map(|line| line.strip_prefix("retry: ")?.parse::<u64>().ok());
            waits.next_back().unwrap_or_else(|| panic!("no wait is named: {lines:#?}"))
        })
        .collect();
    assert!(waits.len() > 10 && waits.iter().all(|wait| *wait <= 10_000), "{waits:?}");
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn while_it_ends_nobody_new_is_let_in() {
    let mut server = Server::start();
    let unfinished = half_a_request(&server);
    server.terminate();
    until("no connection", || TcpStream::connect(server.address).is_err());
    assert!(!server.stderr().contains("ended"), "{}", server.stderr());
    drop(unfinished);
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn a_second_signal_of_either_kind_ends_it_at_once() {
    for first in [Server::interrupt, Server::terminate] {
        for second in [Server::interrupt, Server::terminate] {
            let mut server = Server::start();
            let _unfinished = half_a_request(&server);
            publish(server.address, "a/0", "kept");
            first(&server);
            until("draining", || server.stderr().contains("ending"));
            second(&server);
            assert_eq!(server.wait().code(), Some(130), "{}", server.stderr());
            server.restart();
            assert_eq!(get(server.address, "/c/a/0").bodies(), ["kept"]);
        }
    }
}

#[test]
fn a_closed_stdout_does_not_harm_it() {
    let folder = tempfile::TempDir::new().unwrap();
    // A socket without a peer: every write to it fails.
    let nobody = UdpSocket::bind("127.0.0.1:0").unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    drop(taken);
    let mut command = serve(&["--listen", &address.to_string(), "--data"]);
    command.arg(folder.path().join("data")).stdout(std::os::fd::OwnedFd::from(nobody));
    let mut child = command.spawn().unwrap();
    until("an answer", || TcpStream::connect(address).is_ok());
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(wait(&mut child).code(), Some(0));
}

#[test]
fn a_server_that_does_not_answer_is_not_healthy() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let told = run(fanfare(&url, &["health"])).with(3).stderr;
    assert!(told.contains("no answer within 5 s"), "{told}");
}
