//! The connection that publishes while the same thread reads: it never waits.

use crate::outcome::Result;
use crate::servers::Kind;
use memchr::memmem;
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;

const READ_BYTES: usize = 16 * 1024;

/// A connection that publishes.
pub struct Press {
    socket: TcpStream,
    out: Vec<u8>,
    receipt: Option<&'static [u8]>,
    /// Publications that were not answered yet.
    pending: usize,
    /// The server has closed it, as servers do with connections that have said nothing for long.
    pub closed: bool,
    /// The end of what was read, in which a receipt may begin.
    cut: Vec<u8>,
}

impl Press {
    pub fn connect(kind: &Kind, address: SocketAddr, registry: &Registry, token: Token) -> Result<Press> {
        let mut socket = std::net::TcpStream::connect(address)?;
        socket.set_nodelay(true)?;
        socket.write_all(kind.preamble)?;
        socket.set_nonblocking(true)?;
        let mut socket = TcpStream::from_std(socket);
        registry.register(&mut socket, token, Interest::READABLE | Interest::WRITABLE)?;
        Ok(Press {
            socket,
            out: Vec::new(),
            receipt: kind.receipt,
            pending: 0,
            closed: false,
            cut: Vec::new(),
        })
    }

    /// Whether all publications are written and answered.
    pub fn is_idle(&self) -> bool {
        self.out.is_empty() && self.pending == 0
    }

    /// Writes publications.
    pub fn say(&mut self, publications: &[u8], count: usize) -> Result<()> {
        self.out.extend_from_slice(publications);
        self.pending += if self.receipt.is_some() { count } else { 0 };
        self.write()
    }

    /// The socket is ready.
    pub fn go_on(&mut self) -> Result<()> {
        self.write()?;
        let mut buffer = [0; READ_BYTES];
        loop {
            match self.socket.read(&mut buffer) {
                Ok(0) if self.is_idle() => {
                    self.closed = true;
                    return Ok(());
                }
                Ok(0) => return Err("the server closed the connection that publishes".into()),
                Ok(length) => self.take(&buffer[..length])?,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn write(&mut self) -> Result<()> {
        while !self.out.is_empty() {
            match self.socket.write(&self.out) {
                Ok(written) => drop(self.out.drain(..written)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn take(&mut self, bytes: &[u8]) -> Result<()> {
        let Some(receipt) = self.receipt else { return Ok(()) };
        self.cut.extend_from_slice(bytes);
        let mut used = 0;
        while let Some(place) = memmem::find(&self.cut[used..], receipt) {
            used += place + receipt.len();
            self.pending = self.pending.checked_sub(1).ok_or("more answers than publications")?;
        }
        self.cut.drain(..used.max(self.cut.len().saturating_sub(receipt.len() - 1)));
        Ok(())
    }
}
