//! Where a connection says what it heard: keeps the place, and fills the buffer that a subscription takes from.

mod event;
mod item;
mod start;

pub use event::{Event, State};
pub(crate) use item::Item;
pub use start::Start;

use crate::answer::Found;
use crate::error::{Error, Refusal};
use crate::held::Held;
use crate::message::Message;
use crate::reach::Reach;
use crate::transport::Transport;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use tokio::sync::mpsc;

/// Events that wait to be taken.
pub(crate) const EVENTS: usize = 1000;
/// Bytes of messages that wait to be taken, beyond which nothing more is heard.
const BYTES: usize = 8 * 1024 * 1024;

/// One event on its way to whoever listens, and where they are once they have it.
pub(crate) struct Heard {
    pub event: Event,
    pub cursor: Option<String>,
    pub bytes: usize,
}

/// What hears.
pub(crate) struct Ear {
    /// Everything up to here is in the buffer, or was not wanted.
    place: Option<String>,
    start: Option<Start>,
    /// Of the past only the newest of each key is asked for, and not all of it is heard yet.
    latest: bool,
    /// What this connection has brought, while bodies may come as changes.
    held: Option<Held>,
    buffer: mpsc::Sender<Heard>,
    bytes: Arc<AtomicUsize>,
    transport: Transport,
    open: bool,
    alive: bool,
    reach: Reach,
}

/// Why a connection ended, or was never one.
#[derive(Debug)]
pub(crate) enum Cut {
    /// It was lost, refused, or not understood.
    Failed(Error),
    /// The server asked to come back.
    Closing(Refusal),
    /// It opened, and then nothing came: something between holds it back.
    Held,
    /// Whoever listens is behind: what they have not taken yet fills the room there is.
    Behind,
}

impl From<Error> for Cut {
    fn from(error: Error) -> Cut {
        Cut::Failed(error)
    }
}

impl Ear {
    pub(crate) fn new(
        reach: Reach,
        start: Option<Start>,
        buffer: mpsc::Sender<Heard>,
        bytes: Arc<AtomicUsize>,
    ) -> Ear {
        let transport = Transport::WebSocket;
        let (place, latest) = (None, false);
        Ear { place, start, latest, held: None, buffer, bytes, transport, open: false, alive: false, reach }
    }

    /// Of the past only the newest of each key is asked for.
    pub(crate) fn with_latest(self, latest: bool) -> Ear {
        Ear { latest, ..self }
    }

    /// Bodies may come as changes.
    pub(crate) fn with_deltas(self, deltas: bool) -> Ear {
        Ear { held: deltas.then(Held::default), ..self }
    }

    /// How much of a message is to travel: a value of `as`.
    pub fn form(&self) -> &'static str {
        if self.held.is_some() { "delta" } else { "envelope" }
    }

    /// Another connection is tried.
    pub(crate) fn connect(&mut self, transport: Transport) {
        (self.transport, self.open, self.alive) = (transport, false, false);
        self.held = self.held.take().map(|_| Held::default());
    }

    /// Whether the server has answered over this connection.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Whether anything came after that.
    pub fn is_alive(&self) -> bool {
        self.alive
    }

    /// Where to begin: names and values of parameters.
    pub fn start(&self) -> Vec<(&'static str, String)> {
        let place = self.place.clone().map(|cursor| ("after", cursor));
        let place = place.or_else(|| self.start.as_ref().map(Start::parameter));
        place.into_iter().chain(self.latest.then(|| ("latest", "true".to_owned()))).collect()
    }

    /// Where the server says that this connection begins: the place, if nobody asked for another one; says whether.
    pub fn begin_at(&mut self, cursor: Option<&str>) -> bool {
        let untold = self.start().is_empty();
        if untold {
            self.place = cursor.map(str::to_owned);
        }
        untold
    }

    /// The server has answered: this transport gets through.
    pub fn open(&mut self) -> Result<(), Cut> {
        self.open = true;
        self.put(Event::State(State::Open { transport: self.transport }), 0, None)
    }

    /// Hears one object, of which `text` is the JSON.
    pub fn hear(&mut self, item: Item, text: &str) -> Result<(), Cut> {
        self.alive |= self.open;
        if item.is_message() {
            let whole = self.held.as_mut().map_or_else(|| Ok(text.to_owned()), |held| held.whole(text));
            let message = whole.and_then(Message::parse).map_err(|why| {
                // The next connection brings whole bodies.
                self.held = None;
                self.reach.odd(why)
            })?;
            return self.hear_message(message);
        }
        let event = match (item.gap, item.error, item.caught_up) {
            (Some(gap), _, _) => Some(Event::Gap(gap)),
            (None, Some(problem), _) => Some(Event::Refused(problem.into())),
            (None, None, true) => Some(Event::CaughtUp),
            (None, None, false) => item.cursor.is_some().then_some(Event::Alive),
        };
        let caught_up = matches!(event, Some(Event::CaughtUp));
        if let Some(event) = event {
            self.put(event, 0, item.cursor)?;
        }
        self.latest &= !caught_up;
        match item.closing {
            Some(problem) => Err(Cut::Closing(problem.into())),
            None => Ok(()),
        }
    }

    /// Hears what was lost and what came, in this order.
    pub fn hear_page(&mut self, found: Found) -> Result<(), Cut> {
        for gap in found.gaps {
            self.put(Event::Gap(gap), 0, None)?;
        }
        found.messages.into_iter().try_for_each(|message| self.hear_message(message))
    }

    fn hear_message(&mut self, message: Message) -> Result<(), Cut> {
        let (bytes, cursor) = (message.raw().len(), message.cursor.clone());
        self.put(Event::Message(Box::new(message)), bytes, cursor)
    }

    /// The place moves only when what lies before it is in the buffer.
    fn put(&mut self, event: Event, bytes: usize, cursor: Option<String>) -> Result<(), Cut> {
        let heard = Heard { event, cursor: cursor.clone(), bytes };
        // One message goes in however large it is.
        if self.bytes.load(Relaxed) > BYTES || self.buffer.try_send(heard).is_err() {
            return Err(Cut::Behind);
        }
        self.bytes.fetch_add(bytes, Relaxed);
        self.place = cursor.or(self.place.take());
        Ok(())
    }
}
