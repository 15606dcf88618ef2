//! WebSockets: what the peer says.

use super::Worker;
use super::read::{Filled, fill};
use crate::socket::{Socket, SocketId, State};
use fanfare_node::{Desk, SessionKey};
use fanfare_proto::websocket::{CloseCode, Decoder, Inflater, Violation};
use fanfare_proto::{Time, limits};

impl Worker {
    /// Reads what a peer says, as long as the session listens.
    pub(super) fn read_talk(&mut self, id: SocketId) {
        let kept = self.sockets.rest_len(id);
        let listens = self.desk.listens(id.index);
        let Some(socket) = self.sockets.get(id) else { return };
        if !listens {
            socket.deaf = true;
            return;
        }
        let room = kept..(kept + limits::TALK_BYTES).min(self.lent.len());
        let (read, filled) = fill(&socket.stream, &mut self.lent[room], socket.ended);
        if read > 0 {
            socket.state = State::Talk { pinged: false };
        }
        let rest = self.sockets.take_rest(id);
        self.lent[..kept].copy_from_slice(&rest);
        self.listen(id, kept + read);
        let Some(socket) = self.sockets.get(id) else { return };
        match filled {
            // What was asked is answered first, if there is somebody to take it.
            _ if socket.deaf => {}
            Filled::Ended => self.close(id),
            Filled::Full => self.queue(id),
            Filled::Drained => {}
        }
    }

    /// Takes in so many of the bytes that were read.
    fn listen(&mut self, id: SocketId, length: usize) {
        let terms = self.desk.terms(id.index);
        let begun = self.sockets.take_begun(id);
        let mut decoder = begun.unwrap_or_else(|| Decoder::new(terms.most, terms.deflate));
        let (now, bytes) = (self.node.now(), &self.lent[..length]);
        let heard = converse(&mut self.desk, &mut self.inflater, now, id.index, &mut decoder, bytes);
        if decoder.is_amid() && self.sockets.begun() + decoder.held() > limits::BEGUN_BYTES {
            let reason = "half-sent messages take all the room there is";
            self.desk.hang_up(id.index, CloseCode::TRY_AGAIN_LATER, reason);
        }
        if self.desk.ends(id.index) {
            return self.turn_away(id);
        }
        if heard < length {
            self.sockets.keep(id, &self.lent[heard..length]);
            if let Some(socket) = self.sockets.get(id) {
                socket.deaf = true;
            }
        }
        if decoder.is_amid() {
            self.sockets.keep_begun(id, decoder);
        }
    }

    /// The last word is on its way: nothing more is heard, and the end does not wait for a peer that takes nothing.
    fn turn_away(&mut self, id: SocketId) {
        if let Some(socket) = self.sockets.get(id) {
            (socket.deaf, socket.state) = (true, State::Talk { pinged: true });
        }
        self.sockets.expect(id, limits::LINGER_TIME);
    }

    /// The session listens again once its answers are written.
    pub(super) fn listen_again(&mut self, id: SocketId) {
        let talks = |socket: &mut Socket| matches!(socket.state, State::Talk { .. });
        let deaf = self.sockets.get(id).is_some_and(|socket| socket.deaf && talks(socket));
        if deaf && self.desk.listens(id.index) {
            if let Some(socket) = self.sockets.get(id) {
                socket.deaf = false;
            }
            self.queue(id);
        }
    }
}

/// Lets a session hear what its peer said, as long as it listens. Answers how many bytes it heard.
pub(super) fn converse(
    desk: &mut Desk,
    inflater: &mut Inflater,
    now: Time,
    key: SessionKey,
    decoder: &mut Decoder,
    bytes: &[u8],
) -> usize {
    let mut at = 0;
    while at < bytes.len() && desk.listens(key) {
        match decoder.read(&bytes[at..], inflater) {
            Ok((taken, received)) => {
                at += taken;
                let task = received.and_then(|said| desk.hear(key, &said, now));
                task.into_iter().for_each(|task| drop(tokio::task::spawn_local(task)));
            }
            Err(Violation { code, reason }) => desk.hang_up(key, code, reason),
        }
    }
    at
}
