//! A connection that publishes: one request, one answer, nothing else in the way.

use std::io::{self, BufRead, BufReader, Error, Read, Write};
use std::net::{SocketAddr, TcpStream};

/// A kept connection.
pub struct Publisher {
    address: SocketAddr,
    reader: BufReader<TcpStream>,
}

impl Publisher {
    pub fn connect(address: SocketAddr) -> io::Result<Publisher> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Publisher { address, reader: BufReader::new(stream) })
    }

    /// Sends a publish and does not wait.
    pub fn send(&mut self, target: &str, body: &[u8]) -> io::Result<()> {
        let Publisher { address, reader } = self;
        let length = body.len();
        let head = format!(
            "POST {target} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/x-ndjson\r\nContent-Length: {length}\r\n\r\n"
        );
        reader.get_mut().write_all(&[head.as_bytes(), body].concat())
    }

    /// Waits for the answer to what was sent; an error unless it was accepted.
    pub fn answer(&mut self) -> io::Result<()> {
        let (mut line, mut status, mut length) = (String::new(), String::new(), 0);
        while line != "\r\n" {
            line.clear();
            if self.reader.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if status.is_empty() {
                status.clone_from(&line);
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().map_err(Error::other)?;
            }
        }
        let mut body = vec![0; length];
        self.reader.read_exact(&mut body)?;
        let accepted = status.starts_with("HTTP/1.1 20");
        if accepted {
            Ok(())
        } else {
            Err(Error::other(format!("{status}{}", String::from_utf8_lossy(&body))))
        }
    }

    /// Publishes and waits.
    pub fn publish(&mut self, target: &str, body: &[u8]) -> io::Result<()> {
        self.send(target, body)?;
        self.answer()
    }
}
