//! What goes out: for a moment, to those in line.

use super::Worker;
use crate::socket::{SocketId, State};
use fanfare_node::{Outcome, Sink};
use fanfare_proto::limits;
use std::io::{self, IoSlice, Write};
use std::net::TcpStream;
use std::time::Instant;

/// Sessions that are written between two looks at the clock.
const LOOK: u32 = 4;

/// A socket as the desk sees it.
struct Out<'a>(&'a TcpStream);

impl Sink for Out<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn write_parts(&mut self, parts: &[&[u8]; 3]) -> io::Result<usize> {
        self.0.write_vectored(&parts.map(IoSlice::new))
    }
}

impl Worker {
    /// Takes what was committed, and writes for a moment. Answers whether somebody is still in line.
    pub(super) fn write(&mut self) -> bool {
        let now = self.node.now();
        self.desk.turn(now);
        let (began, mut written) = (Instant::now(), 0);
        while let Some(key) = self.desk.next_in_line() {
            if let Some((id, socket)) = self.sockets.at(key) {
                let outcome = self.desk.write(key, now, &mut Out(&socket.stream));
                self.settle(id, outcome);
            } else if !self.write_stream(key) {
                self.desk.close(key);
            }
            written += 1;
            if written % LOOK == 0 && began.elapsed() >= limits::TURN_WRITE_TIME {
                return true;
            }
        }
        false
    }

    /// What follows from a write.
    fn settle(&mut self, id: SocketId, outcome: Outcome) {
        match outcome {
            Outcome::Idle => {
                if self.sockets.get(id).is_some_and(|socket| socket.state != State::Answer) {
                    self.expect_alive(id);
                }
                self.listen_again(id);
            }
            Outcome::Again | Outcome::Waiting => self.listen_again(id),
            Outcome::Blocked => {}
            Outcome::Done => {
                self.leave_desk(id);
                self.go_on(id);
            }
            Outcome::Close => {
                self.leave_desk(id);
                self.linger(id);
            }
            Outcome::Failed(_) => {
                self.leave_desk(id);
                self.close(id);
            }
        }
    }

    /// The desk has forgotten the session.
    fn leave_desk(&mut self, id: SocketId) {
        self.mailbox.room.release();
        if let Some(socket) = self.sockets.get(id) {
            socket.state = State::Lingering;
        }
    }
}
