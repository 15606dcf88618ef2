//! Publishes that are whole when they arrive: the worker answers them itself. What is wrong, special or still on its way
//! goes to the API, by hyper.
//!
//! Those to live channels that are read in one turn are published together, at the end of its reads: one commit for all.

use super::Worker;
use crate::front::{Asked, Refused, ask};
use crate::mailbox::Posted;
use crate::socket::{SocketId, State};
use fanfare_proto::{Code, Framing, Publish, Receipt, Refusal, created, limits, refuse};
use std::io::{ErrorKind, Write};

/// Publishes of this turn.
#[derive(Default)]
pub(super) struct Posts {
    /// How many.
    pub(super) count: usize,
    /// Those to live channels, which wait for the end of the reads...
    live: Vec<Publish>,
    /// ...and who sent them, in the same order.
    senders: Vec<Sender>,
}

/// A socket that waits for the answers to some messages in a row.
struct Sender {
    id: SocketId,
    /// The allowed origin of each.
    origins: Vec<Option<u8>>,
}

impl Worker {
    /// Takes what the first of the bytes that were read publish, one message after the other, as far as they are answered
    /// together. What comes next waits until they are.
    pub(super) fn publish(
        &mut self,
        id: SocketId,
        first: (Box<Publish>, Option<u8>, usize),
        length: usize,
        drained: bool,
    ) {
        let (mut publish, mut origin, mut at) = first;
        if self.untold.is_some() {
            return self.refuse(id, &Refused::closing(Code::DRAINING, origin));
        }
        if !self.node.is_live(&publish.channel) {
            self.posts.count += 1;
            self.sockets.keep(id, &self.lent[at..length]);
            return self.post_kept(id, *publish, origin, drained);
        }
        let mut origins = Vec::new();
        loop {
            self.posts.live.push(*publish);
            origins.push(origin);
            if origins.len() == limits::TURN_POSTS {
                break;
            }
            match ask(&self.lent[at..length], &self.node.origins()) {
                Asked::Publish(next, from, taken) if self.node.is_live(&next.channel) => {
                    (publish, origin, at) = (next, from, at + taken);
                }
                _ => break,
            }
        }
        self.posts.count += origins.len();
        self.sockets.keep(id, &self.lent[at..length]);
        self.await_posted(id, drained);
        self.posts.senders.push(Sender { id, origins });
    }

    /// Publishes what was taken in this turn to live channels, and answers each socket in one write.
    pub(super) fn post_live(&mut self) {
        if self.posts.senders.is_empty() {
            return;
        }
        let messages = std::mem::take(&mut self.posts.live);
        let mut answers = self.node.post_live(&self.options.grant, messages).into_iter();
        for Sender { id, origins } in std::mem::take(&mut self.posts.senders) {
            self.out.clear();
            for (origin, answer) in origins.into_iter().zip(&mut answers) {
                self.write_answer(origin, &answer);
            }
            self.send(id);
        }
    }

    /// Hands a message to the commit thread; the answer comes back by the mailbox.
    fn post_kept(&mut self, id: SocketId, publish: Publish, origin: Option<u8>, drained: bool) {
        self.await_posted(id, drained);
        let mailbox = self.mailbox.clone();
        let then = move |answer| mailbox.posted(Posted { id, origin, answer });
        if let Err(refusal) = self.node.post_kept(&self.options.grant, publish, then) {
            self.mailbox.posted(Posted { id, origin, answer: Err(refusal) });
        }
    }

    /// The socket waits for an answer. What one that is not drained still has is read afterwards: no event will tell of it.
    fn await_posted(&mut self, id: SocketId, drained: bool) {
        if let Some(socket) = self.sockets.get(id) {
            socket.state = State::Publishing;
            socket.deaf |= !drained;
            self.sockets.expect(id, limits::ANSWER_TIME);
        }
    }

    fn write_answer(&mut self, origin: Option<u8>, answer: &Result<Receipt, Refusal>) {
        let (origins, now) = (self.node.origins(), self.node.now());
        match answer {
            Ok(receipt) => created(receipt, origin, &origins, now, &mut self.out),
            Err(refusal) => {
                let retry = refusal.code.retry_after().unwrap_or_default();
                refuse(refusal, Framing::Length, origin, &origins, now, retry, &mut self.out);
            }
        }
    }

    /// Takes a turn's share of the answers to publishes that were kept. Answers whether there may be more.
    pub(super) fn take_posted(&mut self) -> bool {
        let posted = self.mailbox.take_posted();
        let count = posted.len();
        for Posted { id, origin, answer } in posted {
            let Some(socket) = self.sockets.get(id) else { continue };
            if socket.state == State::Publishing {
                self.out.clear();
                self.write_answer(origin, &answer);
                self.send(id);
            }
        }
        count == limits::TURN_READS
    }

    /// Sends answers, and goes on once the socket has taken all of them.
    fn send(&mut self, id: SocketId) {
        if !self.write_out(id) {
            return;
        }
        if !self.sockets.owes(id) {
            return self.go_on(id);
        }
        if let Some(socket) = self.sockets.get(id) {
            socket.state = State::Owing;
            self.sockets.expect(id, limits::ANSWER_TIME);
        }
    }

    /// Writes answers; what the socket does not take is kept. Answers whether the socket lives.
    fn write_out(&mut self, id: SocketId) -> bool {
        let Some(socket) = self.sockets.get(id) else { return false };
        let mut rest = &*self.out;
        while !rest.is_empty() {
            match (&socket.stream).write(rest) {
                Ok(written) => rest = &rest[written..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => {
                    self.close(id);
                    return false;
                }
            }
        }
        let rest = rest.to_vec();
        self.sockets.owe(id, rest);
        // Whoever lets answers lie that take the room of others has had its share.
        let crowded = self.sockets.owes(id) && self.sockets.kept() > limits::HEADS_BYTES;
        if crowded {
            self.close(id);
        }
        !crowded
    }

    /// The socket takes more of the answers that it is owed.
    pub(super) fn pay(&mut self, id: SocketId) {
        self.out = self.sockets.take_owed(id);
        self.send(id);
    }
}
