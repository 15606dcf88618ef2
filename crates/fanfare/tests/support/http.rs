//! HTTP with bare sockets, so that tests see what is on the wire and no client repairs it.

use super::server::PATIENCE;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// Asks and reads the whole answer. `head` is the request line and further header lines, without their last end.
pub fn ask(address: SocketAddr, head: &str, body: &[u8]) -> Answer {
    Kept::open(address).ask(&format!("{head}\nConnection: close"), body)
}

/// A connection for one request after the other.
pub struct Kept {
    address: SocketAddr,
    reader: BufReader<TcpStream>,
}

impl Kept {
    /// Connects.
    pub fn open(address: SocketAddr) -> Kept {
        Kept { address, reader: BufReader::new(connect(address)) }
    }

    /// Asks and reads the whole answer. `head` is as for [`ask`].
    pub fn ask(&mut self, head: &str, body: &[u8]) -> Answer {
        send(self.reader.get_mut(), self.address, head, body);
        self.answer()
    }

    /// Sends bytes as they are; whether they arrived, a server that refuses them may leave open.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.reader.get_mut().write_all(bytes)
    }

    /// Reads bytes that follow a head.
    pub fn read(&mut self, bytes: &mut [u8]) {
        self.reader.read_exact(bytes).unwrap();
    }

    /// Reads so many bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.read(&mut bytes);
        bytes
    }

    /// Reads the whole answer.
    pub fn answer(&mut self) -> Answer {
        let (status, headers) = read_head(&mut self.reader);
        let mut answer = Answer { status, headers, body: Vec::new() };
        if answer.header("transfer-encoding") == "chunked" {
            while let Some(chunk) = read_chunk(&mut self.reader) {
                answer.body.extend_from_slice(&chunk);
            }
        } else if let Ok(length) = answer.header("content-length").parse() {
            answer.body = vec![0; length];
            self.reader.read_exact(&mut answer.body).unwrap();
        }
        answer
    }
}

/// A page or another whole answer.
pub fn get(address: SocketAddr, target: &str) -> Answer {
    ask(address, &format!("GET {target} HTTP/1.1"), b"")
}

/// Publishes; fails unless it was accepted.
#[track_caller]
pub fn publish(address: SocketAddr, channel: &str, body: &str) -> serde_json::Value {
    let answer = ask(address, &format!("POST /c/{channel} HTTP/1.1"), body.as_bytes());
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()
}

/// A response that is held open, read in lines.
pub struct Held {
    reader: BufReader<TcpStream>,
    /// The status of the response.
    pub status: u16,
    pending: Vec<u8>,
}

impl Held {
    /// Opens one. `head` is as for [`ask`].
    pub fn open(address: SocketAddr, head: &str) -> Held {
        let mut stream = connect(address);
        send(&mut stream, address, head, b"");
        let mut reader = BufReader::new(stream);
        let (status, _) = read_head(&mut reader);
        Held { reader, status, pending: Vec::new() }
    }

    /// The next line of an event stream that has data of a message; `None` at the end of the response.
    pub fn data(&mut self) -> Option<String> {
        let greets = |line: &str| line.starts_with("data: {\"session\":");
        std::iter::from_fn(|| self.line()).find(|line| line.starts_with("data:") && !greets(line))
    }

    /// The next line without its end; `None` at the end of the response.
    pub fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.pending.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.pending.drain(..=end).collect();
                return Some(String::from_utf8(line[..end].to_vec()).unwrap());
            }
            self.pending.extend(read_chunk(&mut self.reader)?);
        }
    }
}

impl Answer {
    /// The value of a header, empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(other, _)| other == name).map_or("", |(_, value)| value)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The bodies of a page's messages, text as text.
    #[track_caller]
    pub fn bodies(&self) -> Vec<String> {
        let page = self.json();
        let messages = page["messages"].as_array().unwrap_or_else(|| panic!("{self:?}"));
        messages.iter().map(|message| message["body"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

fn send(stream: &mut TcpStream, address: SocketAddr, head: &str, body: &[u8]) {
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    let head = head.replace('\n', "\r\n");
    let request = format!("{head}\r\nHost: {address}\r\n{length}\r\n");
    stream.write_all(&[request.as_bytes(), body].concat()).unwrap();
}

fn read_head(reader: &mut impl BufRead) -> (u16, Vec<(String, String)>) {
    let mut line = || {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    };
    let first = line();
    let status = first.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.unwrap_or_else(|| panic!("not a status line: {first:?}"));
    let mut headers = Vec::new();
    loop {
        match line().split_once(':') {
            Some((name, value)) => headers.push((name.to_lowercase(), value.trim().to_owned())),
            None => return (status, headers),
        }
    }
}

/// The next chunk (RFC 9112 section 7.1); `None` for the last one, and when the connection was cut.
fn read_chunk(reader: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut size = String::new();
    reader.read_line(&mut size).ok()?;
    let size = usize::from_str_radix(size.trim_end(), 16).ok().filter(|size| *size > 0)?;
    let mut chunk = vec![0; size + 2];
    reader.read_exact(&mut chunk).ok()?;
    chunk.truncate(size);
    Some(chunk)
}
