//! One server after the other on one listening socket, which whoever starts them keeps open: no publish fails, and every
//! reader hears everything once.
//!
//! Publishers keep their connections and send without pause. A 503 is answered by asking once more on a new connection;
//! anything else that is no 201 is a failure. Readers are the client library's, over all its transports.
//! `FANFARE_RESTARTS` sets the restarts, `FANFARE_RESTART_READERS` the readers.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test stops at what it did not expect, and says where it is"
)]

mod support;

use fanfare_client::{Client, Event, Transport};
use rustix::process::{Pid, Signal, kill_process};
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};
use support::http::{Answer, Kept, publish};
use support::server::{FANFARE, PATIENCE, until, wait};
use tempfile::TempDir;
use tokio::runtime::Builder;

const PUBLISHERS: usize = 4;
const CONFIG: &str = "return_over = \"500ms\"\n[[namespace]]\npattern = \"**\"\nmessages = 100000000\n";

fn number_of(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).map_or(usual, |number| number.parse().unwrap())
}

/// Starts servers, one after the other, as systemd does: on a socket of its own, and told when each is ready.
struct Keeper {
    listener: TcpListener,
    notices: UnixDatagram,
    folder: TempDir,
}

impl Keeper {
    fn new() -> Keeper {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("fanfare.toml"), CONFIG).unwrap();
        let notices = UnixDatagram::bind(folder.path().join("notices")).unwrap();
        notices.set_read_timeout(Some(PATIENCE)).unwrap();
        Keeper { listener: TcpListener::bind("127.0.0.1:0").unwrap(), notices, folder }
    }

    fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }

    fn start(&self) -> Life {
        let mut command = Command::new("sh");
        command.args([
            "-c",
            "exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" \"$@\"",
            FANFARE,
            "serve",
        ]);
        command.arg("--data").arg(self.folder.path().join("data"));
        command.arg("--config").arg(self.folder.path().join("fanfare.toml"));
        command.env("NOTIFY_SOCKET", self.folder.path().join("notices"));
        command.stdin(Stdio::from(OwnedFd::from(self.listener.try_clone().unwrap())));
        let life = Life(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        self.until_told("READY=1");
        life
    }

    fn stop(&self, mut server: Life) {
        kill_process(Pid::from_child(&server.0), Signal::TERM).unwrap();
        self.until_told("STOPPING=1");
        assert!(wait(&mut server.0).success());
    }

    fn until_told(&self, what: &str) {
        let mut notice = [0; 256];
        loop {
            let length = self.notices.recv(&mut notice).unwrap();
            if notice[..length].split(|byte| *byte == b'\n').any(|line| line == what.as_bytes()) {
                return;
            }
        }
    }
}

/// A server that runs. Dropping it kills it.
struct Life(Child);

impl Drop for Life {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What publishers and readers share with who restarts the server.
#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    published: AtomicU64,
    /// Publishes that were asked for once more.
    again: AtomicU64,
    /// The number that each reader has heard up to.
    heard: Vec<AtomicU64>,
}

/// Stops the publishers when it goes, also when a test ends early.
struct Stop<'a>(&'a Shared);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.stop.store(true, SeqCst);
    }
}

/// Publishes until told to stop. Each message has to be taken at the first or the second time.
fn publish_on(publisher: usize, address: SocketAddr, shared: &Shared) {
    let (mut connection, mut number) = (Kept::open(address), 0);
    while !shared.stop.load(SeqCst) {
        let head = format!("POST /c/p/{publisher} HTTP/1.1\nIdempotency-Key: {number}");
        let ask = |connection: &mut Kept| -> Answer { connection.ask(&head, b"body") };
        let mut answer = ask(&mut connection);
        if answer.status == 503 {
            shared.again.fetch_add(1, SeqCst);
            connection = Kept::open(address);
            answer = ask(&mut connection);
        }
        assert_eq!(answer.status, 201, "publish {number} of {publisher}: {answer:?}");
        shared.published.fetch_add(1, SeqCst);
        number += 1;
        thread::sleep(Duration::from_millis(2));
    }
}

/// Hears numbers from 1 on, each once.
async fn read_on(reader: usize, address: SocketAddr, shared: Arc<Shared>) {
    let transport = Transport::ALL[reader % Transport::ALL.len()];
    let client = Client::new(address.to_string()).unwrap();
    let mut subscription = client.subscribe(["r/numbers"]).transports([transport]).last(100).start();
    let heard = &shared.heard[reader];
    while let Some(event) = subscription.next().await {
        match event.unwrap() {
            Event::Message(message) => {
                let number: u64 = message.text().unwrap().parse().unwrap();
                assert_eq!(number, heard.load(SeqCst) + 1, "reader {reader} over {transport}");
                heard.store(number, SeqCst);
            }
            Event::Gap(gap) => panic!("reader {reader} over {transport}: {gap}"),
            _ => {}
        }
    }
}

#[test]
fn restarts_on_a_kept_socket_fail_no_publish_and_lose_no_message() {
    let restarts = number_of("FANFARE_RESTARTS", 4);
    let readers = number_of("FANFARE_RESTART_READERS", 60) as usize;
    let keeper = Keeper::new();
    let address = keeper.address();
    let mut server = Some(keeper.start());
    let heard = (0..readers).map(|_| AtomicU64::new(0)).collect();
    let shared = Arc::new(Shared { heard, ..Shared::default() });
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let hearing: Vec<_> =
        (0..readers).map(|reader| runtime.spawn(read_on(reader, address, shared.clone()))).collect();
    let all_have = |number: u64| {
        until(&format!("everybody hears {number}"), || {
            assert!(hearing.iter().all(|task| !task.is_finished()), "a reader has failed");
            shared.heard.iter().all(|heard| heard.load(SeqCst) >= number)
        });
    };
    publish(address, "r/numbers", "1");
    all_have(1);
    let mut slowest = Duration::ZERO;
    thread::scope(|scope| {
        let _stop = Stop(&shared);
        let publishing: Vec<_> = (0..PUBLISHERS)
            .map(|publisher| {
                scope.spawn({
                    let shared = &shared;
                    move || publish_on(publisher, address, shared)
                })
            })
            .collect();
        for restart in 1..=restarts {
            publish(address, "r/numbers", &(3 * restart - 1).to_string());
            let before = Instant::now();
            keeper.stop(server.take().unwrap());
            // Who connects now waits.
            let waiting = Kept::open(address);
            server = Some(keeper.start());
            slowest = slowest.max(before.elapsed());
            drop(waiting);
            publish(address, "r/numbers", &(3 * restart).to_string());
            all_have(3 * restart);
            publish(address, "r/numbers", &(3 * restart + 1).to_string());
            assert!(publishing.iter().all(|publisher| !publisher.is_finished()), "a publisher has failed");
        }
        all_have(3 * restarts + 1);
    });
    keeper.stop(server.take().unwrap());
    println!(
        "{restarts} restarts, the longest {slowest:?}; {} published, {} of these at the second time; {readers} readers \
         heard all {} messages",
        shared.published.load(SeqCst),
        shared.again.load(SeqCst),
        3 * restarts + 1
    );
}
