//! Publishes that are whole when they arrive: the worker answers them itself. What is wrong, special or still on its way
//! goes to the API, by hyper.
//!
//! Those to live channels that are read in one turn are published together, at the end of its reads: one commit for all.

use super::Worker;
use crate::front::{Asked, Asker, Refused, ask};
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
    /// Who published each.
    askers: Vec<Asker>,
}

impl Worker {
    /// Takes what the first of the bytes that were read publish, one message after the other, as far as they are answered
    /// together. What comes next waits until they are.
    pub(super) fn publish(
        &mut self,
        id: SocketId,
        first: (Box<Publish>, Asker, usize),
        length: usize,
        drained: bool,
    ) {
        let (mut publish, mut asker, mut at) = first;
        if self.untold.is_some() {
            return self.refuse(id, &Refused::closing(Code::DRAINING, asker.origin));
        }
        if !self.node.is_live(&publish.channel) {
            self.posts.count += 1;
            self.sockets.keep(id, &self.lent[at..length]);
            return self.post_kept(id, *publish, asker, drained);
        }
        let mut askers = Vec::new();
        loop {
            self.posts.live.push(*publish);
            askers.push(asker);
            if askers.len() == limits::TURN_POSTS {
                break;
            }
            match ask(&self.lent[at..length], &self.node.origins()) {
                Asked::Publish(next, from, taken) if self.node.is_live(&next.channel) => {
                    (publish, asker, at) = (next, from, at + taken);
                }
                _ => break,
            }
        }
        self.posts.count += askers.len();
        self.sockets.keep(id, &self.lent[at..length]);
        self.await_posted(id, drained);
        self.posts.senders.push(Sender { id, askers });
    }

    /// Publishes what was taken in this turn to live channels, and answers each socket in one write.
    pub(super) fn post_live(&mut self) {
        if self.posts.senders.is_empty() {
            return;
        }
        let messages = std::mem::take(&mut self.posts.live);
        let mut answers = self.node.post_live(&self.options.grant, messages).into_iter();
        for Sender { id, askers } in std::mem::take(&mut self.posts.senders) {
            self.out.clear();
            for (asker, answer) in askers.iter().zip(&mut answers) {
                self.write_answer(asker, &answer);
            }
            self.send(id);
        }
    }

    /// Hands a message to the commit thread; the answer comes back by the mailbox.
    fn post_kept(&mut self, id: SocketId, publish: Publish, asker: Asker, drained: bool) {
        self.await_posted(id, drained);
        let (mailbox, theirs) = (self.mailbox.clone(), asker.clone());
        let then = move |answer| mailbox.posted(Posted { id, asker: theirs, answer });
        if let Err(refusal) = self.node.post_kept(&self.options.grant, publish, then) {
            self.mailbox.posted(Posted { id, asker, answer: Err(refusal) });
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

    fn write_answer(&mut self, asker: &Asker, answer: &Result<Receipt, Refusal>) {
        let (origin, origins, now, start) =
            (asker.origin, self.node.origins(), self.node.now(), self.out.len());
        match answer {
            Ok(receipt) => {
                let counts = &self.mailbox.counts;
                (if receipt.duplicate { &counts.repeated } else { &counts.published }).add(1);
                created(receipt, origin, &origins, now, &mut self.out);
            }
            Err(refusal) => {
                self.mailbox.counts.unpublished.of(refusal.code).add(1);
                let retry = refusal.code.retry_after().unwrap_or_default();
                refuse(refusal, Framing::Length, origin, &origins, now, retry, &mut self.out);
            }
        }
        if let Some(name) = &asker.name {
            name.mark(&mut self.out, start);
        }
    }

    /// Takes a turn's share of the answers to publishes that were kept. Answers whether there may be more.
    pub(super) fn take_posted(&mut self) -> bool {
        let posted = self.mailbox.take_posted();
        let count = posted.len();
        for Posted { id, asker, answer } in posted {
            let Some(socket) = self.sockets.get(id) else { continue };
            if socket.state == State::Publishing {
                self.out.clear();
                self.write_answer(&asker, &answer);
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
