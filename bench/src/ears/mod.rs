//! How readers understand what a server says: from bytes as they are read to events. What is whole is looked at where it
//! was read; only what a read cuts is copied.

mod chunks;
mod long_poll;
mod mqtt;
mod nats;
mod resp;
mod websocket;

pub use long_poll::{Again, field};

use crate::outcome::Result;

/// One message, or something else that has a name.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Event<'a> {
    /// Empty for a message.
    pub name: &'a [u8],
    /// The first line of data: what runs publish has no more.
    pub data: &'a [u8],
}

/// What is done with each event.
pub type Hear<'a> = &'a mut dyn FnMut(&Event<'_>) -> Result<()>;

/// How one reader is told.
pub enum Ear {
    /// An event stream, in chunks.
    EventStream(chunks::Chunks),
    /// JSON lines, in chunks.
    Lines(chunks::Chunks),
    WebSocket(websocket::Socket),
    LongPoll(long_poll::Poll),
    Resp(resp::Resp),
    Nats(nats::Nats),
    Mqtt(mqtt::Mqtt),
}

impl Ear {
    pub fn event_stream() -> Ear {
        Ear::EventStream(chunks::Chunks::new(chunks::Unit::Events))
    }

    pub fn lines() -> Ear {
        Ear::Lines(chunks::Chunks::new(chunks::Unit::Lines))
    }

    pub fn websocket() -> Ear {
        Ear::WebSocket(websocket::Socket::default())
    }

    pub fn long_poll(again: Again) -> Ear {
        Ear::LongPoll(long_poll::Poll::new(again))
    }

    pub fn resp() -> Ear {
        Ear::Resp(resp::Resp::default())
    }

    pub fn nats() -> Ear {
        Ear::Nats(nats::Nats::default())
    }

    pub fn mqtt() -> Ear {
        Ear::Mqtt(mqtt::Mqtt::default())
    }

    /// Whether the server has accepted the reader. A poll that is held says nothing, so it counts as accepted.
    pub fn is_open(&self) -> bool {
        match self {
            Ear::EventStream(chunks) | Ear::Lines(chunks) => chunks.is_open(),
            Ear::WebSocket(socket) => socket.is_open(),
            Ear::LongPoll(_) => true,
            Ear::Resp(resp) => resp.is_open(),
            Ear::Nats(nats) => nats.is_open(),
            Ear::Mqtt(mqtt) => mqtt.is_open(),
        }
    }

    /// Takes what was read; appends what is to be answered.
    pub fn take(&mut self, bytes: &[u8], hear: Hear<'_>, answer: &mut Vec<u8>) -> Result<()> {
        match self {
            Ear::EventStream(chunks) | Ear::Lines(chunks) => chunks.take(bytes, hear),
            Ear::WebSocket(socket) => socket.take(bytes, hear, answer),
            Ear::LongPoll(poll) => poll.take(bytes, hear, answer),
            Ear::Resp(resp) => resp.take(bytes, hear),
            Ear::Nats(nats) => nats.take(bytes, hear, answer),
            Ear::Mqtt(mqtt) => mqtt.take(bytes, hear),
        }
    }
}

/// What a read cut: kept until the rest comes.
#[derive(Debug, Default)]
struct Cut(Vec<u8>);

impl Cut {
    /// Goes on with what was kept before. `take` answers how much it has used; the rest is kept.
    fn join(&mut self, bytes: &[u8], take: impl FnOnce(&[u8]) -> Result<usize>) -> Result<()> {
        if self.0.is_empty() {
            let used = take(bytes)?;
            self.0.extend_from_slice(&bytes[used..]);
            return Ok(());
        }
        let mut joined = std::mem::take(&mut self.0);
        joined.extend_from_slice(bytes);
        let used = take(&joined)?;
        self.0.extend_from_slice(&joined[used..]);
        Ok(())
    }
}

/// Feeds bytes cut at every place; answers what was heard each time, and what was answered at last.
#[cfg(test)]
fn heard_however_cut(make: impl Fn() -> Ear, bytes: &[u8]) -> (Vec<(String, String)>, Vec<u8>) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut first = None;
    for cut in 0..bytes.len() {
        let (mut ear, mut heard, mut answer) = (make(), Vec::new(), Vec::new());
        for part in [&bytes[..cut], &bytes[cut..]] {
            let mut hear = |event: &Event<'_>| {
                heard.push((text(event.name), text(event.data)));
                Ok(())
            };
            ear.take(part, &mut hear, &mut answer).unwrap();
        }
        assert!(ear.is_open());
        let now = (heard, answer);
        assert_eq!(first.get_or_insert_with(|| now.clone()), &now, "cut at {cut}");
    }
    first.unwrap()
}
