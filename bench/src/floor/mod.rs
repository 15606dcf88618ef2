//! The floor: the least that a server can do to push. One thread, raw epoll, no protocol but the fewest bytes that readers
//! accept; what cannot be written stays where it is, in one buffer for all.
//!
//! Each turn reads what there is, and then gives every reader everything that is pending, in one write (or, with `--each`,
//! in one write for each message).

mod connection;
mod feed;

use crate::outcome::Result;
use connection::{Asked, Connection};
use feed::{Feed, Form};
use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token};
use slab::Slab;
use std::io::{ErrorKind, Write};
use std::net::{Ipv4Addr, SocketAddr};

const LISTENER: Token = Token(usize::MAX);
const READ_BYTES: usize = 64 * 1024;

/// One message after the other, even if more are pending.
#[derive(clap::Args)]
pub struct Options {
    /// Write each message on its own
    #[arg(long)]
    each: bool,
}

struct Floor {
    each: bool,
    poll: Poll,
    listener: TcpListener,
    connections: Slab<Connection>,
    feeds: [Feed; 2],
    buffer: Vec<u8>,
}

/// Serves until it is killed. Says where on stdout.
pub fn serve(options: &Options) -> Result<()> {
    let listener = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?;
    listener.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    listener.listen(4096)?;
    listener.set_nonblocking(true)?;
    let mut listener = TcpListener::from_std(listener.into());
    let poll = Poll::new()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    println!("http://{}", listener.local_addr()?);
    let feeds = [Feed::new(Form::WebSocket), Feed::new(Form::EventStream)];
    let buffer = vec![0; READ_BYTES];
    let mut floor = Floor { each: options.each, poll, listener, connections: Slab::new(), feeds, buffer };
    let mut events = Events::with_capacity(1024);
    loop {
        floor.turn(&mut events)?;
    }
}

impl Floor {
    fn turn(&mut self, events: &mut Events) -> Result<()> {
        match self.poll.poll(events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            polled => polled?,
        }
        let ends = self.feeds.each_ref().map(Feed::end);
        for event in &*events {
            match event.token() {
                LISTENER => self.accept()?,
                Token(key) => self.serve(key, event.is_writable()),
            }
        }
        if ends != self.feeds.each_ref().map(Feed::end) {
            self.push(ends);
        }
        Ok(())
    }

    fn accept(&mut self) -> Result<()> {
        loop {
            let mut stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            stream.set_nodelay(true)?;
            let entry = self.connections.vacant_entry();
            let interest = Interest::READABLE | Interest::WRITABLE;
            self.poll.registry().register(&mut stream, Token(entry.key()), interest)?;
            entry.insert(Connection::new(stream));
        }
    }

    /// Reads what a connection says; goes on writing where it was full.
    fn serve(&mut self, key: usize, writable: bool) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        let feeds = &mut self.feeds;
        let mut answers = Vec::new();
        let open = connection.read(&mut self.buffer, &mut |asked| match asked {
            Asked::Publish(body) => {
                feeds.iter_mut().for_each(|feed| feed.add(body));
                answers.extend_from_slice(feeds[0].created().as_bytes());
                None
            }
            Asked::Hear(form, heard) => {
                let feed = &feeds[form as usize];
                answers.extend_from_slice(feed.head());
                Some((form, heard.map_or_else(|| feed.end(), |heard| feed.after(heard))))
            }
        });
        // A short answer always fits: the connection has nothing else to say.
        let open = open && (answers.is_empty() || connection.stream.write_all(&answers).is_ok());
        let behind = connection.blocked && writable || connection.fresh;
        let open = open && (!behind || connection.write(&self.feeds, usize::MAX));
        if !open {
            self.connections.remove(key);
        }
    }

    /// Gives every reader what is pending. A reader whose socket is full goes on when it is writable.
    fn push(&mut self, ends: [u64; 2]) {
        let rounds = match self.each {
            true => self.feeds[0].messages_since(ends[0]),
            false => 1,
        };
        let most = if self.each { 1 } else { usize::MAX };
        for _ in 0..rounds {
            let feeds = &self.feeds;
            self.connections.retain(|_, connection| connection.blocked || connection.write(feeds, most));
        }
        for (index, feed) in self.feeds.iter_mut().enumerate().filter(|(_, feed)| feed.is_long()) {
            let readers = self.connections.iter().filter_map(|(_, connection)| connection.place(index));
            feed.forget(readers.min());
        }
    }
}
