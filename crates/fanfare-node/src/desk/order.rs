//! Requests to sessions by their names.

use super::{Desk, SessionKey};
use crate::orders::Order;
use fanfare_proto::{Code, Refusal, SessionId, Time};

impl Desk {
    /// The name of a session.
    pub(super) fn id(&self, key: SessionKey) -> SessionId {
        let secret = self.sessions.get(key).map(|session| session.secret).unwrap_or_default();
        SessionId { desk: self.number, key, secret }
    }

    /// Does what was asked of a session by its name.
    pub(super) fn execute(&mut self, order: Order, now: Time) {
        let Order { session, request, answer } = order;
        let key = session.key;
        // One that has ended is not there, and its socket's next one has another secret.
        if self.sessions.get(key).is_none() || !self.id(key).is(&session) {
            return;
        }
        let done = request.command.and_then(|command| self.change(key, request.id.as_ref(), command, now));
        let _ = answer.send(done);
    }
}

/// What nobody can guess, for sessions to come.
#[derive(Default)]
pub(super) struct Secrets {
    ready: Vec<[u8; 16]>,
}

/// The kernel gives so much at once, and whole (getrandom(2)).
const AT_ONCE: usize = 256;

impl Secrets {
    /// One that was never given before; refused where the kernel gives no chance.
    pub(super) fn next(&mut self) -> Result<[u8; 16], Refusal> {
        if self.ready.is_empty() {
            let mut fresh = [0; AT_ONCE];
            let given = rustix::rand::getrandom(&mut fresh, rustix::rand::GetRandomFlags::empty());
            if given != Ok(AT_ONCE) {
                let detail = "the kernel gives no random numbers (getrandom), and sessions need names";
                return Err(Refusal::new(Code::BUSY, detail));
            }
            self.ready.extend_from_slice(fresh.as_chunks().0);
        }
        self.ready.pop().ok_or_else(|| Code::BUSY.into())
    }
}
