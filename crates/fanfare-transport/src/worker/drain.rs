//! The end: everybody is told when to come back, and everything is closed.

use super::Worker;
use crate::front::Refused;
use crate::socket::State;
use fanfare_proto::{Code, Refusal, limits};
use std::time::Instant;

/// Places told in one turn. Nothing is written here.
const PLACES: u32 = 256;

impl Worker {
    /// Once told to end: tells some more sockets. Answers whether there are more.
    pub(super) fn drain(&mut self) -> bool {
        let Some(order) = self.mailbox.draining() else { return false };
        let why = Refusal::from(Code::DRAINING);
        let first = self.untold.unwrap_or_else(|| {
            self.calls.drain();
            self.http2.drain();
            self.dismiss_streams(&why, order.window);
            0
        });
        let end = first.saturating_add(PLACES).min(self.sockets.places());
        for place in first..end {
            let found = self.sockets.at(place).map(|(id, socket)| (id, socket.state, socket.queued));
            let Some((id, state, queued)) = found else { continue };
            match state {
                State::Stream | State::Talk { .. } | State::Answer => {
                    let retry = order.window.mul_f64(fastrand::f64());
                    self.desk.dismiss(place, &why, retry);
                }
                State::InLine => self.refuse(id, &Refused::closing(why.clone(), None)),
                State::Head if self.sockets.rest_len(id) == 0 && !queued => {
                    self.sockets.expect_sooner(id, limits::FAREWELL_TIME);
                }
                // A request that is on its way is still answered.
                State::Head => self.sockets.expect_sooner(id, limits::LINGER_TIME),
                State::Publishing | State::Owing | State::Lingering => {}
            }
        }
        self.untold = Some(end);
        end < self.sockets.places()
    }

    /// Whether everything has ended, or the time for it.
    pub(super) fn is_over(&self) -> bool {
        let Some(order) = self.mailbox.draining() else { return false };
        let told = self.untold.is_some_and(|untold| untold >= self.sockets.places());
        let empty = self.sockets.len() == 0
            && self.calls.is_empty()
            && self.http2.len() == 0
            && self.mailbox.is_empty();
        (told && empty) || Instant::now() >= order.until
    }
}
