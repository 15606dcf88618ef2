//! Very many event streams in one thread: connected from several loopback addresses, read by one epoll set.

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use socket2::{Domain, Socket, Type};
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Connections from one source address: fewer than there are ports.
const FROM_ONE: usize = 10_000;

/// Some readers of one channel.
pub struct Readers {
    streams: Vec<TcpStream>,
    poll: Poll,
    events: Events,
    buffer: Vec<u8>,
}

impl Readers {
    /// Connects so many readers and asks for the channel. They begin to read with [`Readers::watch`].
    pub fn connect(
        address: SocketAddr,
        channel: &str,
        count: usize,
        mut each: impl FnMut(),
    ) -> io::Result<Readers> {
        let request =
            format!("GET /c/{channel} HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\n\r\n");
        let mut streams = Vec::with_capacity(count);
        for number in 0..count {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
            let from = SocketAddr::from(([127, 0, 0, 2 + (number / FROM_ONE) as u8], 0));
            socket.bind(&from.into())?;
            socket.connect(&address.into())?;
            let mut stream = std::net::TcpStream::from(socket);
            stream.write_all(request.as_bytes())?;
            stream.set_nonblocking(true)?;
            streams.push(TcpStream::from_std(stream));
            each();
        }
        Ok(Readers {
            streams,
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            buffer: vec![0; 256 * 1024],
        })
    }

    /// Puts all readers into the epoll set.
    pub fn watch(&mut self) -> io::Result<()> {
        for (number, stream) in self.streams.iter_mut().enumerate() {
            self.poll.registry().register(stream, Token(number), Interest::READABLE)?;
        }
        Ok(())
    }

    /// Reads what comes until nothing has come for so long or `done` says so; `take` gets each reader's bytes.
    /// Answers whether it was done.
    pub fn read(
        &mut self,
        quiet: Duration,
        mut take: impl FnMut(usize, &[u8]),
        mut done: impl FnMut() -> bool,
    ) -> io::Result<bool> {
        let mut last = Instant::now();
        while !done() {
            if last.elapsed() > quiet {
                return Ok(false);
            }
            self.poll.poll(&mut self.events, Some(Duration::from_millis(20)))?;
            for event in &self.events {
                let number = event.token().0;
                loop {
                    match self.streams[number].read(&mut self.buffer) {
                        Ok(0) => return Err(io::Error::other(format!("reader {number} was disconnected"))),
                        Ok(count) => {
                            last = Instant::now();
                            take(number, &self.buffer[..count]);
                        }
                        Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                        Err(error) => return Err(error),
                    }
                }
            }
        }
        Ok(true)
    }

    pub fn len(&self) -> usize {
        self.streams.len()
    }
}
