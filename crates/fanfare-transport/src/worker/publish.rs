//! Publishes that are whole when they arrive: the worker answers them itself. What is wrong, special or still on its way
//! goes to the API, by hyper.

use super::Worker;
use crate::front::{Asked, ask};
use crate::mailbox::Posted;
use crate::retry::{RETRY_LATER, jitter};
use crate::socket::{SocketId, State};
use fanfare_proto::{Framing, Publish, Receipt, Refusal, created, limits, refuse};
use std::io::{ErrorKind, Write};

impl Worker {
    /// Publishes what the first of the bytes that were read ask for, one after the other, and answers in one write. Goes on
    /// with what comes next, unless that has to wait.
    pub(super) fn publish(
        &mut self,
        id: SocketId,
        first: (Box<Publish>, Option<u8>, usize),
        length: usize,
        drained: bool,
    ) {
        let (mut asked, mut at, mut count) = (Some(first), 0, 0);
        self.out.clear();
        while let Some((publish, origin, taken)) = asked.take() {
            at += taken;
            count += 1;
            if !self.post(id, *publish, origin) {
                self.sockets.keep(id, &self.lent[at..length]);
                return self.await_keeping(id);
            }
            if count < limits::TURN_POSTS {
                asked = match ask(&self.lent[at..length], self.node.origins()) {
                    Asked::Publish(publish, origin, taken) => Some((publish, origin, taken)),
                    _ => None,
                };
            }
        }
        self.sockets.keep(id, &self.lent[at..length]);
        self.send(id, drained && at == length);
    }

    /// Publishes; answers whether it is answered already.
    fn post(&mut self, id: SocketId, publish: Publish, origin: Option<u8>) -> bool {
        let mailbox = self.mailbox.clone();
        let then = move |answer| mailbox.posted(Posted { id, origin, answer });
        let answer = self.node.post(&self.options.grant, publish, then);
        answer.map(|answer| self.write_answer(origin, &answer)).is_some()
    }

    fn write_answer(&mut self, origin: Option<u8>, answer: &Result<Receipt, Refusal>) {
        let (origins, now) = (self.node.origins(), self.node.now());
        match answer {
            Ok(receipt) => created(receipt, origin, origins, now, &mut self.out),
            Err(refusal) => {
                let (framing, retry) = (Framing::Length, jitter(RETRY_LATER));
                refuse(refusal, framing, origin, origins, now, retry, &mut self.out);
            }
        }
    }

    /// The commit thread has the message. What was answered before it goes out meanwhile.
    fn await_keeping(&mut self, id: SocketId) {
        if self.write_out(id) {
            self.become_one(id, State::Publishing);
            self.sockets.expect(id, limits::ANSWER_TIME);
        }
    }

    /// Takes a turn's share of the answers to publishes that were kept. Answers whether there may be more.
    pub(super) fn take_posted(&mut self) -> bool {
        let posted = self.mailbox.take_posted();
        let count = posted.len();
        for Posted { id, origin, answer } in posted {
            let Some(socket) = self.sockets.get(id) else { continue };
            if socket.state == State::Publishing {
                let quiet = !socket.deaf && !socket.ended;
                self.out = self.sockets.take_owed(id);
                self.write_answer(origin, &answer);
                let none = quiet && self.sockets.rest_len(id) == 0;
                self.send(id, none);
            }
        }
        count == limits::TURN_READS
    }

    /// Sends answers. Then the next request is awaited, or looked for at once unless the socket is known to have none.
    fn send(&mut self, id: SocketId, none: bool) {
        if !self.write_out(id) {
            return;
        }
        if self.sockets.owes(id) {
            self.become_one(id, State::Owing);
            self.sockets.expect(id, limits::ANSWER_TIME);
        } else if none && self.untold.is_none() {
            self.become_one(id, State::Head);
            self.sockets.expect(id, self.idle_time(0));
        } else {
            self.go_on(id);
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
        true
    }

    /// The socket takes more of the answers that it is owed.
    pub(super) fn pay(&mut self, id: SocketId) {
        self.out = self.sockets.take_owed(id);
        self.send(id, false);
    }

    fn become_one(&mut self, id: SocketId, state: State) {
        if let Some(socket) = self.sockets.get(id) {
            socket.state = state;
        }
    }
}
