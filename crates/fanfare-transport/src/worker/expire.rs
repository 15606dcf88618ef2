//! Deadlines: what was awaited has not come.

use super::Worker;
use crate::front::Refused;
use crate::socket::{SocketId, State};
use fanfare_proto::{Code, Refusal, limits};

impl Worker {
    /// Looks at a turn's share of the deadlines that have come.
    pub(super) fn expire(&mut self) {
        let mut due = Vec::new();
        self.sockets.expire(limits::TURN_TIMERS, &mut due);
        for id in due {
            self.give_up(id);
        }
    }

    fn give_up(&mut self, id: SocketId) {
        let Some(state) = self.sockets.get(id).map(|socket| socket.state) else { return };
        match state {
            State::Head if self.sockets.rest_len(id) == 0 => self.close(id),
            State::Head => {
                let patience = self.options.patience.head;
                let detail = format!("the request head did not arrive within {patience:?}");
                self.refuse(id, &Refused::closing(Refusal::new(Code::TIMEOUT, detail), None));
            }
            State::InLine => {
                let refusal = Refusal::new(Code::BUSY, "too many requests are in progress");
                self.refuse(id, &Refused::closing(refusal, None));
            }
            State::Stream => {
                self.desk.alive(id.index);
                self.expect_alive(id);
            }
            State::Talk { pinged: true } => self.close(id),
            State::Talk { pinged: false } => {
                let pinged = self.desk.alive(id.index);
                if let Some(socket) = self.sockets.get(id) {
                    socket.state = State::Talk { pinged };
                }
                self.expect_alive(id);
            }
            State::Answer => {
                self.desk.give_up(id.index);
                self.sockets.expect(id, limits::PEER_TIME);
            }
            // The commit thread answers always, however long the disk takes.
            State::Publishing => self.sockets.expect(id, limits::ANSWER_TIME),
            State::Owing | State::Lingering => self.close(id),
        }
    }
}
