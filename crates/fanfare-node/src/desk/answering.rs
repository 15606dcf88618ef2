//! Whole responses, of readers that are answered and then gone: head and body at once.

use super::run::Run;
use super::{Desk, SessionKey};
use bytes::Bytes;
use fanfare_proto::{Cursor, Gap, Manner, answer_head, no_content};

impl Desk {
    /// What a run says, and what was lost.
    pub(super) fn answer(&self, key: SessionKey, run: &Run, gaps: &[Gap]) -> Bytes {
        let mut start = 0;
        let mut frames =
            run.cuts.iter().map(|(end, _)| &run.bytes[std::mem::replace(&mut start, *end)..*end]);
        self.respond(key, &mut frames, gaps, &self.cursor(key))
    }

    /// There was nothing to say.
    pub(super) fn answer_empty(&self, key: SessionKey, cursor: &Cursor) -> Bytes {
        let Some(session) = self.sessions.get(key) else { return Bytes::new() };
        if session.wire.protocol().answers_empty() {
            return self.respond(key, &mut std::iter::empty(), &[], cursor);
        }
        let mut out = Vec::new();
        no_content(session.wire, &self.node.origins(), self.node.now(), cursor, &mut out);
        out.into()
    }

    pub(super) fn respond(
        &self,
        key: SessionKey,
        frames: &mut dyn Iterator<Item = &[u8]>,
        gaps: &[Gap],
        cursor: &Cursor,
    ) -> Bytes {
        let Some(session) = self.sessions.get(key) else { return Bytes::new() };
        let usual = Manner::default();
        let manner = session.extra.as_deref().and_then(|extra| extra.manner.as_deref()).unwrap_or(&usual);
        let (wire, mut body) = (session.wire, Vec::with_capacity(1024));
        wire.protocol().answer(frames, cursor, gaps, manner, &mut body);
        let mut out = Vec::with_capacity(body.len() + 512);
        answer_head(wire, &self.node.origins(), self.node.now(), body.len(), cursor, &mut out);
        out.extend_from_slice(&body);
        out.into()
    }
}
