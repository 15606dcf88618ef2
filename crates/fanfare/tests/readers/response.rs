//! A response over a bare socket: its head, and its body as it comes.

use std::io::{self, BufRead, BufReader, Error, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(30);

/// A response whose head was read.
pub struct Response {
    reader: BufReader<TcpStream>,
    pub status: u16,
    length: Option<usize>,
}

pub fn bad(why: &str) -> Error {
    Error::new(io::ErrorKind::InvalidData, why)
}

impl Response {
    /// Asks and reads the head.
    pub fn get(address: SocketAddr, target: &str, accept: &str) -> io::Result<Response> {
        // Scripts are for pages of this host.
        Response::ask(address, target, &format!("Accept: {accept}\r\nReferer: http://{address}/\r\n"))
    }

    /// Asks for a WebSocket and reads the head.
    pub fn upgrade(address: SocketAddr, target: &str) -> io::Result<Response> {
        let lines = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
        Response::ask(address, target, lines)
    }

    fn ask(address: SocketAddr, target: &str, lines: &str) -> io::Result<Response> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(stream, "GET {target} HTTP/1.1\r\nHost: {address}\r\n{lines}\r\n")?;
        let mut reader = BufReader::new(stream);
        let first = line(&mut reader)?;
        let status = first.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
        let status = status.ok_or_else(|| bad(&first))?;
        let mut response = Response { reader, status, length: None };
        loop {
            let header = line(&mut response.reader)?.to_lowercase();
            if header.is_empty() {
                return Ok(response);
            }
            if let Some(length) = header.strip_prefix("content-length:") {
                response.length = Some(length.trim().parse().map_err(|_| bad(&header))?);
            }
        }
    }

    /// The whole body, by its length.
    pub fn body(&mut self) -> io::Result<Vec<u8>> {
        let mut body = vec![0; self.length.unwrap_or_default()];
        self.reader.read_exact(&mut body)?;
        Ok(body)
    }

    /// The next line of a body that ends with its connection; `None` at the end.
    pub fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = String::new();
        self.reader.read_line(&mut line)?;
        Ok((!line.is_empty()).then_some(line))
    }

    /// So many bytes after the head.
    pub fn exactly(&mut self, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.reader.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// A few bytes after the head.
    pub fn bytes<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.reader.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// The data of the next chunk; `None` for the last.
    pub fn chunk(&mut self) -> io::Result<Option<Vec<u8>>> {
        let size = line(&mut self.reader)?;
        let size = usize::from_str_radix(&size, 16).map_err(|_| bad(&size))?;
        let mut chunk = vec![0; size + 2];
        self.reader.read_exact(&mut chunk)?;
        if !chunk.ends_with(b"\r\n") {
            return Err(bad("a chunk does not end where it says"));
        }
        chunk.truncate(size);
        Ok((size > 0).then_some(chunk))
    }
}

/// A line that ends with CR LF, without its end.
fn line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    line.strip_suffix("\r\n").map(str::to_owned).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}
