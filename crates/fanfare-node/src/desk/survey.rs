//! Looking at all sessions, some in each turn, when somebody wants to know: how many there are of each kind, and how far
//! behind they are.

use super::Desk;
use super::session::Session;
use crate::board::{SessionKind, Survey};
use fanfare_proto::{Framing, Mark};

/// Chunks of sessions that are looked at in one turn.
const CHUNKS: usize = 2;

/// A survey that is not complete.
#[derive(Default)]
pub(super) struct Surveying {
    /// The next chunk of sessions.
    next: usize,
    seen: Survey,
}

impl Desk {
    /// Goes on with a survey, if one is wanted.
    pub(super) fn survey(&mut self) {
        if !self.board.is_wanted() {
            return;
        }
        let mut surveying = self.surveying.take().unwrap_or_default();
        let end = (surveying.next + CHUNKS).min(self.sessions.chunks());
        for chunk in surveying.next..end {
            for (second_row, session) in self.sessions.chunk(chunk) {
                self.see(session, second_row, &mut surveying.seen);
            }
        }
        surveying.next = end;
        if end < self.sessions.chunks() {
            self.surveying = Some(surveying);
            return self.board.go_on();
        }
        surveying.seen.window_bytes = self.window.bytes() as u64;
        self.board.show(surveying.seen);
    }

    fn see(&self, session: &Session, second_row: bool, seen: &mut Survey) {
        let talks = matches!(session.wire.framing, Framing::WebSocket(_));
        let kind = SessionKind { protocol: session.wire.protocol, talks, second_row };
        *seen.sessions.entry(kind).or_default() += 1;
        let Some(heard) = self.behind(session) else { return };
        if session.is_paced() && self.place(session).is_head() {
            return;
        }
        let Some(interest) = self.interests.get(session.membership.interest) else { return };
        let (namespaces, head) = (self.node.namespaces(), self.window.head());
        let mut ids: Vec<usize> =
            interest.selection.patterns().flat_map(|pattern| namespaces.ids_of(&pattern)).collect();
        ids.sort_unstable();
        ids.dedup();
        for (id, rule) in namespaces.iter().filter(|(id, _)| ids.contains(&usize::from(id.0))) {
            let log = rule.keeping.log();
            let positions = head.get(log).0.saturating_sub(heard.get(log).0);
            if positions > 0 {
                let lag = seen.lag(usize::from(id.0));
                lag.sessions += 1;
                lag.positions = lag.positions.max(positions);
            }
        }
    }

    /// What a session that has something to hear has heard. One whose place is still looked for is not behind.
    fn behind(&self, session: &Session) -> Option<Mark> {
        match session.is_behind() {
            true => session.own(),
            false => (session.at < session.until).then(|| self.heard_to(session)),
        }
    }

    /// What a session has heard.
    pub(super) fn heard_to(&self, session: &Session) -> Mark {
        let own = session.own().unwrap_or_default();
        if session.is_behind() {
            own
        } else if session.at == session.until {
            own.max(&self.window.head())
        } else {
            own.max(&self.window.mark_before(session.at))
        }
    }
}
