//! What a peer says on a connection that goes both ways, and what it is answered. Answers are not messages (design
//! rule 14): they wait in a small buffer of the session, and while that is full, nothing more is heard.

use super::backfill::Backfill;
use super::mailbox::{Answer, Letter};
use super::session::{Farewell, Session};
use super::{Desk, Line, SessionKey};
use crate::board::Board;
use crate::readers::Seated;
use bytes::Bytes;
use fanfare_proto::websocket::{CloseCode, Opcode, Received, close_frame, frame};
use fanfare_proto::{
    Code, Command, Form, Framing, History, Publish, Refusal, Reply, Request, RequestId, Schedule, Selection,
    Time, limits,
};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;

/// What a desk waits for without waiting: the worker lets it run beside its turns.
pub type Task = Pin<Box<dyn Future<Output = ()>>>;

/// How a session's peer may speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Bytes of a message at the most.
    pub most: usize,
    /// Whether messages may be compressed.
    pub deflate: bool,
}

/// What a session has beside its place because its peer speaks.
#[derive(Default)]
pub(crate) struct Talk {
    /// Answers that are not written yet, as frames.
    answers: Vec<u8>,
    /// A large one.
    page: Bytes,
    /// Requests that wait for their answer.
    waiting: usize,
    /// What later subscriptions still have to bring, the first in work.
    pub(crate) backfills: VecDeque<Backfill>,
    /// Where it hears as an acked reader.
    pub(crate) seated: Option<Box<Seated>>,
}

impl Talk {
    pub(crate) fn is_idle(&self) -> bool {
        self.answers.is_empty()
            && self.page.is_empty()
            && self.waiting == 0
            && self.backfills.is_empty()
            && self.seated.is_none()
    }

    /// So many requests wait for their answers.
    pub(super) fn wait_for(&mut self, requests: usize) {
        self.waiting += requests;
    }

    /// Takes answers that are to be written.
    pub(crate) fn take(&mut self) -> Option<Bytes> {
        let answers = Bytes::from(std::mem::take(&mut self.answers));
        let answers = if answers.is_empty() { std::mem::take(&mut self.page) } else { answers };
        Some(answers).filter(|answers| !answers.is_empty())
    }

    /// The socket is full.
    pub(crate) fn block(&mut self) {
        self.drop_pages();
        self.seated.iter().for_each(|seated| seated.seat.fill());
    }

    /// What is read of the logs may have been removed since.
    pub(crate) fn drop_pages(&mut self) {
        self.backfills.iter_mut().for_each(|backfill| backfill.page = None);
    }
}

/// What a request costs of [`limits::REQUESTS`], if its answer is large.
const LARGE: usize = limits::REQUESTS;

impl Desk {
    /// How the peer of a session may speak.
    pub fn terms(&self, key: SessionKey) -> Terms {
        let framing = self.sessions.get(key).map(|session| session.wire.framing);
        let deflate = matches!(framing, Some(Framing::WebSocket(Some(_))));
        // A body in base64 is a third longer.
        let most = self.node.namespaces().largest_body() / 3 * 4 + limits::REQUEST_BYTES;
        Terms { most, deflate }
    }

    /// Whether a session hears what its peer says now: it does not while answers wait to be written.
    pub fn listens(&self, key: SessionKey) -> bool {
        let Some(session) = self.sessions.get(key) else { return false };
        let Some(extra) = session.extra.as_deref() else { return true };
        let full = |talk: &Talk| {
            talk.waiting >= limits::REQUESTS
                || talk.answers.len() >= limits::CONTROL_BYTES
                || !talk.page.is_empty()
        };
        !self.ends(key) && !extra.talk.as_deref().is_some_and(full)
    }

    /// Whether the session's last words are chosen.
    pub fn ends(&self, key: SessionKey) -> bool {
        let extra = self.sessions.get(key).and_then(|session| session.extra.as_deref());
        extra.is_some_and(|extra| extra.dismissed.is_some() || extra.ending.is_some())
    }

    /// Hears what a peer said. What takes time is given back and is to run beside the worker's turns.
    pub fn hear(&mut self, key: SessionKey, said: &Received<'_>, now: Time) -> Option<Task> {
        let form = self.sessions.get(key)?.wire.form;
        match said {
            Received::Ping(payload) => {
                let mut pong = Vec::new();
                frame(Opcode::Pong, payload, None, &mut Default::default(), &mut pong);
                self.control(key, |talk, _| talk.answers.extend_from_slice(&pong));
            }
            Received::Pong(_) => {}
            Received::Close(said) => {
                self.says_goodbye(key);
                self.hang_up(key, said.map_or(CloseCode::NORMAL, |(code, _)| code), "");
            }
            Received::Text(_) | Received::Binary(_) if form == Form::Body => {
                let reason =
                    "bodies alone are sent here, and nothing is heard; publish by POST or without as=body";
                self.hang_up(key, CloseCode::UNSUPPORTED, reason);
            }
            Received::Binary(_) => self.hang_up(key, CloseCode::UNSUPPORTED, "requests are JSON, as text"),
            Received::Text(text) => return self.obey(key, Request::read(text), now),
        }
        None
    }

    /// Ends a conversation by a close frame.
    pub fn hang_up(&mut self, key: SessionKey, code: CloseCode, reason: &str) {
        let ends = self.ends(key);
        let Some(session) = self.sessions.get_mut(key).filter(|_| !ends) else { return };
        let mut frame = Vec::new();
        close_frame(code, reason, &mut frame);
        session.extra().dismissed = Some(Box::new(Farewell::Frame(frame.into())));
        if session.line != Line::Blocked {
            self.enter(key);
        }
    }

    fn obey(&mut self, key: SessionKey, request: Request, now: Time) -> Option<Task> {
        let Request { id, command } = request;
        let done = match command {
            Ok(Command::Publish(publish)) => {
                return Some(match Schedule::of(&publish) {
                    Some(schedule) => self.schedule(key, id, schedule),
                    None => self.publish(key, id, *publish),
                });
            }
            Ok(Command::History(history)) => return Some(self.history(key, id, history)),
            Ok(Command::Ack(ack)) => match self.acknowledge(key, id.clone(), ack) {
                Ok(task) => return Some(task),
                Err(refusal) => Err(refusal),
            },
            Ok(Command::Subscribe(subscribe)) if subscribe.reader.is_some() => {
                match self.subscribe_as(key, id.as_ref(), subscribe) {
                    Ok(()) => return None,
                    Err(refusal) => Err(refusal),
                }
            }
            Ok(command) => self.change(key, id.as_ref(), command, now),
            Err(refusal) => Err(refusal),
        };
        let text = done.unwrap_or_else(|refusal| refused(&self.board, id.as_ref(), &refusal));
        self.control(key, |talk, encoded| encoded(&text, &mut talk.answers));
        None
    }

    /// Does what a request asks of the session itself. Answers what the client is answered, as text.
    pub(super) fn change(
        &mut self,
        key: SessionKey,
        id: Option<&RequestId>,
        command: Command,
        now: Time,
    ) -> Result<Bytes, Refusal> {
        match command {
            Command::Subscribe(subscribe) => {
                let heard = self.subscribe(key, id.cloned(), subscribe, now)?;
                Ok(written(id, &Reply::Subscribe(&heard)))
            }
            Command::Unsubscribe(patterns) => {
                let heard = self.unsubscribe(key, &patterns)?;
                self.disappear(key, &patterns, now);
                Ok(written(id, &Reply::Unsubscribe(&heard)))
            }
            Command::Session => {
                let (session, cursor) = (self.id(key), self.cursor(key));
                let heard: Vec<_> = self.heard(key).patterns().collect();
                Ok(written(id, &Reply::Session(&session, &heard, &cursor)))
            }
            Command::Ping => Ok(written(id, &Reply::Ping(now))),
            Command::Ack(_) => {
                let detail = "acknowledge on the connection itself, or by POST /readers/<reader>/ack";
                Err(Refusal::new(Code::BAD_REQUEST, detail))
            }
            Command::Publish(_) | Command::History(_) => {
                let detail = "a session is not asked for this by its name; the channel is: /c/<channel>";
                Err(Refusal::new(Code::BAD_REQUEST, detail))
            }
        }
    }

    /// What a session hears, and what it will hear once that has caught up.
    pub(super) fn heard(&self, key: SessionKey) -> Selection {
        let Some(session) = self.sessions.get(key) else { return Selection::default() };
        let interest = self.interests.get(session.membership.interest);
        let heard = interest.map(|interest| interest.selection.clone()).unwrap_or_default();
        let talk = session.extra.as_deref().and_then(|extra| extra.talk.as_deref());
        let later = talk.into_iter().flat_map(|talk| &talk.backfills);
        later.fold(heard, |heard, backfill| heard.with(backfill.sieve.selection()))
    }

    fn publish(&mut self, key: SessionKey, id: Option<RequestId>, publish: Publish) -> Task {
        let grant = self.sessions.get(key).map(|session| session.grant.clone());
        let pending = grant.map(|grant| self.node.submit(&grant, vec![publish]));
        let (letter, board) = (self.letter(key, 1), self.board.clone());
        Box::pin(async move {
            let Some(pending) = pending else { return };
            let receipt = pending.answers().await.pop().unwrap_or_else(|| Err(Code::STORE_FAILED.into()));
            letter(match &receipt {
                Ok(receipt) => written(id.as_ref(), &Reply::Publish(receipt)),
                Err(refusal) => refused(&board, id.as_ref(), refusal),
            });
        })
    }

    fn schedule(&mut self, key: SessionKey, id: Option<RequestId>, schedule: Schedule) -> Task {
        let grant = self.sessions.get(key).map(|session| session.grant.clone());
        let (node, letter, board) = (self.node.clone(), self.letter(key, 1), self.board.clone());
        Box::pin(async move {
            let Some(grant) = grant else { return };
            letter(match &node.schedule(&grant, schedule).await {
                Ok(planned) => written(id.as_ref(), &Reply::Later(planned)),
                Err(refusal) => refused(&board, id.as_ref(), refusal),
            });
        })
    }

    fn history(&mut self, key: SessionKey, id: Option<RequestId>, history: History) -> Task {
        let grant = self.sessions.get(key).map(|session| session.grant.clone());
        let (node, letter, board) = (self.node.clone(), self.letter(key, LARGE), self.board.clone());
        Box::pin(async move {
            let Some(grant) = grant else { return };
            let page = node.history(&grant, &history).await;
            let counted = page.and_then(|page| {
                let mut text = Vec::new();
                Reply::History(&page).write(id.as_ref(), &mut text);
                node.outgo().count(text)
            });
            letter(counted.unwrap_or_else(|refusal| refused(&board, id.as_ref(), &refusal)));
        })
    }

    /// A request is in work; answers how its answer comes back.
    pub(super) fn letter(&mut self, key: SessionKey, requests: usize) -> impl FnOnce(Bytes) + use<> {
        let (mailbox, mut serial) = (self.mailbox.clone(), 0);
        if let Some(session) = self.sessions.get_mut(key) {
            serial = session.serial;
            talk(session).waiting += requests;
        }
        move |text| mailbox.put(Letter { key, ticket: serial, answer: Ok(Answer::Reply(text, requests)) })
    }

    /// Takes the answer of a request that was in work.
    pub(super) fn reply(&mut self, key: SessionKey, text: Bytes, requests: usize) {
        self.control(key, |talk, encoded| {
            talk.waiting = talk.waiting.saturating_sub(requests);
            let mut frame = Vec::new();
            encoded(&text, &mut frame);
            if requests == LARGE { talk.page = frame.into() } else { talk.answers.append(&mut frame) }
        });
    }

    /// Adds to what a session is answered. What is given encodes a text as a frame.
    fn control(&mut self, key: SessionKey, add: impl FnOnce(&mut Talk, &mut dyn FnMut(&[u8], &mut Vec<u8>))) {
        let Some(session) = self.sessions.get_mut(key) else { return };
        let wire = session.wire;
        let encoder = &mut self.encoder;
        add(talk(session), &mut |text, out| encoder.say(wire, text, out));
        if session.line != Line::Blocked {
            self.enter(key);
        }
    }
}

pub(super) fn talk(session: &mut Session) -> &mut Talk {
    session.extra().talk.get_or_insert_default()
}

/// Counts and tells a refusal, on the worker's thread.
pub(super) fn refused(board: &Board, id: Option<&RequestId>, refusal: &Refusal) -> Bytes {
    board.counts.refusals.of(refusal.code).add(1);
    written(id, &Reply::Refused(refusal))
}

pub(super) fn written(id: Option<&RequestId>, reply: &Reply<'_>) -> Bytes {
    let mut text = Vec::new();
    reply.write(id, &mut text);
    text.into()
}
