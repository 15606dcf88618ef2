//! Where a connection says what it heard: keeps the place, and fills the buffer that a subscription takes from.

mod event;
mod item;
mod start;

pub use event::{Event, State};
pub(crate) use item::Item;
pub use start::Start;

use crate::answer::Found;
use crate::error::{Error, Refusal};
use crate::hand::Hand;
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
    /// What an acked reader has in hand, if there is a limit to it.
    hand: Option<Arc<Hand>>,
    /// The place is where the server said that this connection begins, as nobody asked for another one.
    untold: bool,
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
        let (place, held, hand) = Default::default();
        let (latest, untold, open, alive) = Default::default();
        Ear { place, start, latest, held, hand, untold, buffer, bytes, transport, open, alive, reach }
    }

    /// Of the past only the newest of each key is asked for.
    pub(crate) fn with_latest(self, latest: bool) -> Ear {
        Ear { latest, ..self }
    }

    /// Bodies may come as changes.
    pub(crate) fn with_deltas(self, deltas: bool) -> Ear {
        Ear { held: deltas.then(Held::default), ..self }
    }

    /// What an acked reader has in hand is counted here.
    pub(crate) fn with_hand(self, hand: Option<Arc<Hand>>) -> Ear {
        Ear { hand, ..self }
    }

    /// Waits until a reader may ask for more.
    pub async fn free(&self) {
        if let Some(hand) = &self.hand {
            hand.free().await;
        }
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
        self.untold = self.start().is_empty();
        if self.untold {
            self.place = cursor.map(str::to_owned);
        }
        self.untold
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
        if item.snapshot {
            // Asked for or not: whoever is cut before its end needs all of it again.
            self.place = self.place.take().filter(|_| !self.untold);
            self.latest |= self.untold || self.place.is_some();
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
        // Before it can be said to be done.
        self.hand.iter().for_each(|hand| hand.take());
        let put = self.put(Event::Message(Box::new(message)), bytes, cursor);
        self.hand.iter().filter(|_| put.is_err()).for_each(|hand| hand.done());
        put
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reach::Reach;

    #[test]
    fn a_change_of_what_is_not_there_ends_the_connection_and_the_next_brings_whole_bodies() {
        let (sender, mut buffer) = mpsc::channel(EVENTS);
        let reach = Reach::new("http://localhost:8080").unwrap();
        let mut ear = Ear::new(reach, None, sender, Arc::default()).with_deltas(true);
        ear.connect(Transport::WebSocket);
        let hear = |ear: &mut Ear, text: &str| ear.hear(Item::parse(text).unwrap(), text);
        let said = r#"{"channel":"a","position":1,"time":"t","id":"i","body":"one","cursor":"C1"}"#;
        hear(&mut ear, said).unwrap();
        assert_eq!(ear.form(), "delta");
        let change = r#"{"channel":"a","position":3,"time":"t","id":"i","delta":{"base":2,"text":"0\n0;","gives":"body"},"cursor":"C3"}"#;
        assert!(matches!(hear(&mut ear, change), Err(Cut::Failed(Error::Odd { .. }))));
        assert_eq!((ear.form(), ear.start()), ("envelope", vec![("after", "C1".to_owned())]));
        let heard = std::iter::from_fn(|| buffer.try_recv().ok()).count();
        assert_eq!(heard, 1);
    }
}
