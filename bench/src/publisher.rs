//! One connection that publishes, one request after the other.

use crate::outcome::Result;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long an answer may take before the server counts as broken.
const PATIENCE: Duration = Duration::from_secs(60);
/// In answers, before a position.
const POSITION: &[u8] = b"\"position\":";

/// A kept connection.
pub struct Publisher {
    address: SocketAddr,
    reader: BufReader<TcpStream>,
    line: String,
    body: Vec<u8>,
}

impl Publisher {
    /// Connects.
    pub fn connect(address: SocketAddr) -> Result<Publisher> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Publisher { address, reader: BufReader::new(stream), line: String::new(), body: Vec::new() })
    }

    /// Publishes one message; answers its position.
    pub fn publish(&mut self, channel: &str, body: &[u8]) -> Result<u64> {
        self.begin(channel, body)?;
        self.end()
    }

    /// Sends a request as it is; answers the body of a 201.
    pub fn ask(&mut self, request: &[u8]) -> Result<String> {
        self.reader.get_mut().write_all(request)?;
        self.receive(201)?;
        Ok(String::from_utf8_lossy(&self.body).into_owned())
    }

    /// Sends a message without waiting for the answer: [`Publisher::end`] must follow.
    pub fn begin(&mut self, channel: &str, body: &[u8]) -> Result<()> {
        self.send(&format!("/c/{channel}"), "text/plain", body)
    }

    /// Waits for the answer to [`Publisher::begin`]; answers the position.
    pub fn end(&mut self) -> Result<u64> {
        self.receive(201)?;
        number_after(&self.body, POSITION).ok_or_else(|| "an answer to a publish has no position".into())
    }

    /// Waits for the answer to [`Publisher::begin`], whatever it says beside that it was taken.
    pub fn answered(&mut self) -> Result<()> {
        self.receive(201)
    }

    /// Publishes `count` envelopes, one a line; answers their positions, and fails unless each was accepted.
    pub fn publish_lines(&mut self, lines: &[u8], count: usize) -> Result<Vec<u64>> {
        self.send("/publish", "application/x-ndjson", lines)?;
        self.receive(200)?;
        let places = memchr::memmem::find_iter(&self.body, POSITION);
        let positions: Vec<u64> =
            places.filter_map(|place| number_after(&self.body[place..], POSITION)).collect();
        if positions.len() == count {
            return Ok(positions);
        }
        let said = String::from_utf8_lossy(&self.body);
        Err(format!("{} of {count} messages were accepted: {said}", positions.len()).into())
    }

    fn send(&mut self, target: &str, kind: &str, body: &[u8]) -> Result<()> {
        let head = format!(
            "POST {target} HTTP/1.1\r\nHost: {}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        Ok(self.reader.get_mut().write_all(&[head.as_bytes(), body].concat())?)
    }

    /// Reads an answer with this status.
    fn receive(&mut self, wanted: u16) -> Result<()> {
        let (mut status, mut length) = (None, 0);
        loop {
            self.line.clear();
            self.reader.read_line(&mut self.line)?;
            let line = self.line.trim_end();
            match (status, line.split_once(':')) {
                (None, _) => status = Some(line.split(' ').nth(1).unwrap_or_default().parse::<u16>()?),
                (_, Some((name, value))) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse()?;
                }
                (_, Some(_)) => {}
                (_, None) => break,
            }
        }
        self.body.resize(length, 0);
        self.reader.read_exact(&mut self.body)?;
        if status == Some(wanted) {
            return Ok(());
        }
        Err(format!("a publish is answered {status:?}: {}", String::from_utf8_lossy(&self.body)).into())
    }
}

/// The whole number that stands behind the first occurrence of `mark`.
pub fn number_after(text: &[u8], mark: &[u8]) -> Option<u64> {
    let from = memchr::memmem::find(text, mark)? + mark.len();
    let digits = text[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&text[from..from + digits]).ok()?.parse().ok()
}
