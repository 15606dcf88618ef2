//! The floor: the least that a server can do to push. One thread, raw epoll, no protocol but the fewest bytes that readers
//! accept; what cannot be written stays where it is, in one buffer for all.
//!
//! It goes round among its readers and gives each everything that is pending, in one write (or, with `--each`, in one write
//! for each message). After a few it looks whether something was published meanwhile, so that no message waits longer than
//! it takes to go round once.

mod connection;
mod feed;

use crate::outcome::Result;
use connection::{Asked, Connection};
use feed::{FORMS, Feed, Form};
use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token};
use slab::Slab;
use std::io::{ErrorKind, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

const LISTENER: Token = Token(usize::MAX);
const READ_BYTES: usize = 64 * 1024;
/// Readers between two looks at what was published: about a millisecond, and a look is a thousandth of that.
const STEP: usize = 64;

/// One message after the other, even if more are pending.
#[derive(clap::Args)]
pub struct Options {
    /// Write each message on its own
    #[arg(long)]
    each: bool,
}

struct Floor {
    /// Messages of one write.
    most: usize,
    poll: Poll,
    listener: TcpListener,
    connections: Slab<Connection>,
    feeds: [Feed; FORMS],
    buffer: Vec<u8>,
    /// Keys of connections are below this.
    keys: usize,
    /// The key of who is next, and how many may not have all that is pending, that one first.
    next: usize,
    behind: usize,
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
    let feeds = [Form::WebSocket, Form::EventStream, Form::Lines].map(Feed::new);
    let most = if options.each { 1 } else { usize::MAX };
    let (connections, buffer) = (Slab::new(), vec![0; READ_BYTES]);
    let mut floor = Floor { most, poll, listener, connections, feeds, buffer, keys: 0, next: 0, behind: 0 };
    let mut events = Events::with_capacity(1024);
    loop {
        floor.turn(&mut events)?;
    }
}

impl Floor {
    fn turn(&mut self, events: &mut Events) -> Result<()> {
        match self.poll.poll(events, (self.behind > 0).then_some(Duration::ZERO)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            polled => polled?,
        }
        let before = self.feeds[0].count();
        for event in &*events {
            match event.token() {
                LISTENER => self.accept()?,
                Token(key) => self.serve(key, event.is_writable()),
            }
        }
        if before != self.feeds[0].count() {
            self.behind = self.keys;
        }
        self.push();
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
            self.keys = self.keys.max(entry.key() + 1);
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
        let open = open && (!behind || connection.write(&self.feeds, self.most));
        if !open {
            self.connections.remove(key);
        }
    }

    /// Gives the next readers what is pending. A reader whose socket is full goes on when it is writable.
    fn push(&mut self) {
        for _ in 0..STEP.min(self.behind) {
            let key = self.next;
            (self.next, self.behind) = ((key + 1) % self.keys, self.behind - 1);
            let Some(connection) = self.connections.get_mut(key) else { continue };
            if !connection.blocked && !connection.write(&self.feeds, self.most) {
                self.connections.remove(key);
            }
            if self.next == 0 {
                self.forget();
            }
        }
    }

    fn forget(&mut self) {
        for (index, feed) in self.feeds.iter_mut().enumerate().filter(|(_, feed)| feed.is_long()) {
            let readers = self.connections.iter().filter_map(|(_, connection)| connection.place(index));
            feed.forget(readers.min());
        }
    }
}
