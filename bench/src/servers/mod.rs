//! What is measured: Fanfare, the floor, and peers. One file each: how it is started, so that it is at its best with one
//! worker and no log, and how it is spoken to.

mod bare;
mod fanfare;
mod floor;
mod mosquitto;
mod nats;
mod nchan;
mod node_ws;
mod redis;

pub use fanfare::{MORE, start as start_fanfare};

use crate::cores::Core;
use crate::ears::Ear;
use crate::outcome::Result;
use crate::process::Process;
use memchr::memmem;
use serde::{Deserialize, Serialize};
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a server may take until it listens.
const PATIENCE: Duration = Duration::from_secs(20);

/// The channel that all readers hear.
pub const CHANNEL: &str = "live/all";

/// What a reader sends, given an answer to a publication.
type ComeBack = fn(Way, SocketAddr, &str) -> Vec<u8>;

/// A kind of server.
pub struct Kind {
    pub name: &'static str,
    /// What it is, in a few words.
    pub about: &'static str,
    /// What says its version; it fails if the server is not installed.
    pub version: &'static [&'static str],
    /// How it tells readers.
    pub ways: &'static [Way],
    /// Given our own binary.
    pub start: fn(&Path, Core) -> Result<Server>,
    /// What a reader sends, by its number.
    pub hello: fn(Way, SocketAddr, usize) -> Vec<u8>,
    /// What a reader sends that comes back after the publication that was answered so.
    pub again: Option<ComeBack>,
    /// How a reader hears.
    pub ear: fn(Way) -> Ear,
    /// What a publisher sends before anything else.
    pub preamble: &'static [u8],
    /// One publication of this body, by its number.
    pub publication: fn(SocketAddr, &str, u64) -> Vec<u8>,
    /// What each publication is answered with: these bytes, once.
    pub receipt: Option<&'static [u8]>,
    /// Messages of one publication: so many receipts.
    pub messages: usize,
}

/// How readers are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
#[value(rename_all = "kebab-case")]
pub enum Way {
    /// WebSocket
    Ws,
    /// Event stream
    Sse,
    /// Lines of JSON, held open
    Ndjson,
    /// Long poll
    Poll,
    /// What the server speaks besides HTTP: RESP, MQTT, NATS; its leanest held-open response if it speaks HTTP alone
    Own,
}

impl Way {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Way::Ws => "WebSocket",
            Way::Sse => "event stream",
            Way::Ndjson => "NDJSON",
            Way::Poll => "long poll",
            Way::Own => "own protocol",
        }
    }
}

/// Every kind: the only list.
pub const ALL: &[Kind] = &[
    fanfare::KIND,
    fanfare::TWO,
    fanfare::KEPT,
    fanfare::BATCH,
    fanfare::TRIMMED,
    fanfare::MANY,
    fanfare::ALONE,
    fanfare::DIRECT,
    fanfare::PATTERNS,
    fanfare::UNFILTERED,
    fanfare::FILTER_1,
    fanfare::FILTERS_100,
    fanfare::FILTERS_1000,
    floor::JOINED,
    floor::EACH,
    nchan::KIND,
    redis::KIND,
    nats::KIND,
    mosquitto::KIND,
    node_ws::KIND,
    bare::KIND,
];

/// The kind of this name.
pub fn kind(name: &str) -> Result<&'static Kind> {
    ALL.iter().find(|kind| kind.name == name).ok_or_else(|| format!("there is no server {name}").into())
}

impl Kind {
    /// What it is, for a table: its name, its version and what it is.
    pub fn introduction(&self) -> String {
        let version = self.version().unwrap_or_default();
        format!("{} {version}", self.name).trim_end().to_owned() + &format!(" ({})", self.about)
    }

    /// What its version is, if it is installed.
    pub fn version(&self) -> Option<String> {
        let [program, args @ ..] = self.version else { return Some(String::new()) };
        let said = Command::new(program).args(args).stdin(Stdio::null()).output().ok()?;
        let text = [said.stdout, said.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        text.split_whitespace().map(str::to_owned).find(|word| word.contains(|c: char| c.is_ascii_digit()))
    }
}

/// A server that runs, with a folder of its own. Dropping it ends the one and removes the other.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    pub process: Process,
    _folder: TempDir,
}

impl Server {
    pub fn private_dirty(&self) -> Result<u64> {
        self.process.private_dirty()
    }

    /// Starts what says `http://ADDRESS` once it listens.
    fn that_says_where(mut command: Command, core: Core, folder: TempDir) -> Result<Server> {
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = Process::start(&mut command, core)?;
        let said = process.child.stdout.take().map(BufReader::new).ok_or("the server has no stdout")?;
        for line in said.lines() {
            let line = line?;
            let address = line.split_whitespace().find_map(|word| word.strip_prefix("http://")?.parse().ok());
            if let Some(address) = address {
                return Ok(Server { address, process, _folder: folder });
            }
        }
        let status = process.child.wait()?;
        Err(format!("{} ended before it listened: {status}", command.get_program().display()).into())
    }

    /// Starts what was told to listen at `address`, and waits until it does.
    fn at(address: SocketAddr, mut command: Command, core: Core, folder: TempDir) -> Result<Server> {
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let mut process = Process::start(&mut command, core)?;
        let began = Instant::now();
        while TcpStream::connect(address).is_err() {
            if let Some(status) = process.child.try_wait()? {
                return Err(format!("{} ended: {status}", command.get_program().display()).into());
            }
            if began.elapsed() > PATIENCE {
                return Err(format!("{} does not listen", command.get_program().display()).into());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(Server { address, process, _folder: folder })
    }
}

/// A folder for one server.
fn folder() -> Result<TempDir> {
    Ok(tempfile::Builder::new().prefix("fanfare-bench-").tempdir()?)
}

/// An address where nobody listens.
fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// An HTTP request for a WebSocket, an event stream or whatever this target holds open.
pub fn get(target: &str, way: Way, address: SocketAddr) -> Vec<u8> {
    let more = match way {
        Way::Ws => {
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        }
        Way::Sse => "Accept: text/event-stream\r\n",
        Way::Ndjson | Way::Poll | Way::Own => "",
    };
    format!("GET {target} HTTP/1.1\r\nHost: {address}\r\n{more}\r\n").into_bytes()
}

/// An HTTP request that publishes a text.
fn post(target: &str, address: SocketAddr, body: &str) -> Vec<u8> {
    post_as(target, "text/plain", address, body)
}

fn post_as(target: &str, kind: &str, address: SocketAddr, body: &str) -> Vec<u8> {
    let length = body.len();
    let head = format!("POST {target} HTTP/1.1\r\nHost: {address}\r\nContent-Type: {kind}\r\n");
    format!("{head}Content-Length: {length}\r\n\r\n{body}").into_bytes()
}

/// The last cursor of an answer.
fn cursor(answer: &[u8]) -> Option<&str> {
    let mark = b"\"cursor\":\"";
    let rest = &answer[memmem::rfind(answer, mark)? + mark.len()..];
    std::str::from_utf8(&rest[..memchr::memchr(b'"', rest)?]).ok()
}
