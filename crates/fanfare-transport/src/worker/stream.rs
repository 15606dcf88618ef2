//! Held-open streams of HTTP/2: sessions as those of sockets are, with keys of their own.

use super::Worker;
use super::talk::converse;
use crate::http2::{Link, News, Stream, refuse};
use bytes::{Buf, Bytes};
use fanfare_node::Outcome;
use fanfare_proto::websocket::{CloseCode, Decoder};
use fanfare_proto::{Hold, Refusal, limits};
use h2::RecvStream;
use h2::server::SendResponse;
use std::time::Duration;

/// Keys of streams begin here; a socket's key is its place, and no worker has as many.
const STREAMS: u32 = 1 << 31;

impl Worker {
    /// Takes a turn's share of what streams have told. Answers whether there may be more.
    pub(super) fn take_news(&mut self) -> bool {
        for _ in 0..limits::TURN_READS {
            let Some(news) = self.http2.take() else { return false };
            match news {
                News::Open(hold, respond, body) => self.hold_stream(hold, respond, body),
                News::Room(key) => self.desk.writable(key),
                News::Due(key) => self.stream_due(key),
                News::Said(key, bytes) => self.stream_said(key, bytes),
                News::Gone(key) => self.drop_stream(key, false),
            }
        }
        true
    }

    fn stream(&mut self, key: u32) -> Option<&mut Stream> {
        self.streams.get_mut(key.checked_sub(STREAMS)? as usize)
    }

    /// Tells every stream to come back.
    pub(super) fn dismiss_streams(&mut self, why: &Refusal, window: Duration) {
        for (place, _) in &self.streams {
            let retry = window.mul_f64(fastrand::f64());
            self.desk.dismiss(STREAMS + place as u32, why, retry);
        }
    }

    fn hold_stream(&mut self, hold: Hold, mut respond: SendResponse<Bytes>, body: RecvStream) {
        let (handshake, wait, origin) = (hold.handshake, hold.wait, hold.wire.origin);
        let key = STREAMS + self.streams.vacant_key() as u32;
        if let Err(refusal) = self.begin(key, hold) {
            self.mailbox.counts.refused.of(refusal.code).add(1);
            return refuse(&self.node, &refusal, origin, &mut respond);
        }
        let decoder = handshake.map(|_| {
            let terms = self.desk.terms(key);
            Decoder::new(terms.most, terms.deflate)
        });
        let link = Link::start(&self.http2, key, respond, handshake.map(|_| body));
        match wait {
            Some(wait) if wait.is_zero() => self.desk.give_up(key),
            Some(wait) => link.expect(wait),
            None => link.expect(self.alive_time()),
        }
        let answers = wait.is_some();
        self.streams.insert(Stream { link, decoder, unheard: Bytes::new(), pinged: false, answers });
    }

    /// Writes to a stream. Answers false if the key is none of a stream's.
    pub(super) fn write_stream(&mut self, key: u32) -> bool {
        let now = self.node.now();
        let Some(link) = self.stream(key).map(|stream| stream.link.clone()) else { return false };
        match self.desk.write(key, now, &mut link.sink()) {
            Outcome::Blocked => link.block(),
            Outcome::Again | Outcome::Waiting => self.listen_to_stream(key),
            Outcome::Idle => {
                if self.stream(key).is_some_and(|stream| !stream.answers) {
                    link.expect(self.alive_time());
                }
                self.listen_to_stream(key);
            }
            Outcome::Done | Outcome::Close => self.forget_stream(key, true),
            Outcome::Failed(_) => self.forget_stream(key, false),
        }
        true
    }

    fn stream_due(&mut self, key: u32) {
        let alive = self.alive_time();
        let Some(stream) = self.stream(key) else { return };
        let (link, answers) = (stream.link.clone(), stream.answers);
        let (talks, pinged) = (stream.decoder.is_some(), stream.pinged);
        if answers {
            self.desk.give_up(key);
            return link.expect(limits::PEER_TIME);
        }
        if talks && pinged {
            return self.drop_stream(key, false);
        }
        let pinged = self.desk.alive(key);
        if let Some(stream) = self.stream(key) {
            stream.pinged = pinged;
        }
        link.expect(alive);
    }

    fn stream_said(&mut self, key: u32, bytes: Bytes) {
        if let Some(stream) = self.stream(key) {
            stream.pinged = false;
            stream.unheard = bytes;
            self.listen_to_stream(key);
        }
    }

    /// Hears what the peer said, as far as the session listens, and then asks for more.
    fn listen_to_stream(&mut self, key: u32) {
        let now = self.node.now();
        let Some(place) = key.checked_sub(STREAMS) else { return };
        let Some(stream) = self.streams.get_mut(place as usize) else { return };
        let Some(decoder) = &mut stream.decoder else { return };
        let held = decoder.held();
        let heard = converse(&mut self.desk, &mut self.inflater, now, key, decoder, &stream.unheard);
        stream.unheard.advance(heard);
        self.begun = self.begun - held + decoder.held();
        if decoder.held() > held && self.begun > limits::BEGUN_BYTES {
            let reason = "half-sent messages take all the room there is";
            self.desk.hang_up(key, CloseCode::TRY_AGAIN_LATER, reason);
        }
        if self.desk.ends(key) {
            stream.link.expect(limits::LINGER_TIME);
            stream.pinged = true;
        } else if stream.unheard.is_empty() && self.desk.listens(key) {
            stream.link.listen();
        }
    }

    /// Ends a stream whatever it was doing.
    fn drop_stream(&mut self, key: u32, whole: bool) {
        if self.stream(key).is_some() {
            self.desk.close(key);
            self.forget_stream(key, whole);
        }
    }

    /// The desk has forgotten the session.
    fn forget_stream(&mut self, key: u32, whole: bool) {
        if let Some(stream) =
            key.checked_sub(STREAMS).and_then(|place| self.streams.try_remove(place as usize))
        {
            stream.link.end(whole);
            self.begun -= stream.decoder.map_or(0, |decoder| decoder.held());
            self.mailbox.room.release();
        }
    }
}
