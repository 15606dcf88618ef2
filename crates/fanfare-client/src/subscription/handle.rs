//! What one hears from.

use super::run::Run;
use super::subscribing::Subscribing;
use crate::ear::{EVENTS, Ear, Event, Heard, State};
use crate::error::Error;
use crate::hand::Hand;
use crate::message::Message;
use crate::reach::Reach;
use crate::reader;
use crate::transport::Transport;
use futures_core::Stream;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;

/// Hears channels until it is dropped, over whatever transport gets through.
#[derive(Debug)]
pub struct Subscription {
    buffer: mpsc::Receiver<Heard>,
    bytes: Arc<AtomicUsize>,
    again: Arc<Notify>,
    task: JoinHandle<Result<(), Error>>,
    cursor: Option<String>,
    transport: Option<Transport>,
    ended: bool,
    reach: Reach,
    reader: Option<String>,
    hand: Option<Arc<Hand>>,
}

impl Subscription {
    pub(super) fn start(asked: Subscribing) -> Subscription {
        let (sender, buffer) = mpsc::channel(EVENTS);
        let (bytes, again) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let Subscribing { reach, wanted, start, transports } = asked;
        let cursor = start.as_ref().and_then(|start| match start.parameter() {
            ("after", cursor) => Some(cursor),
            _ => None,
        });
        let (own, reader) = (reach.clone(), wanted.reader.clone());
        let hand = wanted.hand.as_ref().map(|_| Arc::<Hand>::default());
        let ear = Ear::new(reach.clone(), start, sender.clone(), bytes.clone())
            .with_latest(wanted.latest)
            .with_deltas(wanted.deltas)
            .with_hand(hand.clone());
        let run = Run::new(reach, wanted, transports, ear, sender, again.clone());
        let task = tokio::spawn(run.run());
        let (transport, ended) = (None, false);
        Subscription { buffer, bytes, again, task, cursor, transport, ended, reach: own, reader, hand }
    }

    /// The next event. An error is the last but `None`: the server refused for good, or is none that we understand.
    pub async fn next(&mut self) -> Option<Result<Event, Error>> {
        poll_fn(|context| self.poll(context)).await
    }

    /// Everything up to here was taken with [`Subscription::next`], or was not wanted. Keep it, after you have dealt
    /// with what you took, and give it back as [`Subscribing::after`].
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    /// Says that a message is done, if this hears as an acked reader: it is not given again. When this returns, the server
    /// has taken note.
    pub async fn ack(&self, message: &Message) -> Result<(), Error> {
        self.say(reader::Verb::Ack, message).await
    }

    /// Gives a message back, if this hears as an acked reader: it is given again at once, to this session or another.
    pub async fn nack(&self, message: &Message) -> Result<(), Error> {
        self.say(reader::Verb::Nack, message).await
    }

    async fn say(&self, verb: reader::Verb, message: &Message) -> Result<(), Error> {
        let (Some(reader), Some(cursor)) = (&self.reader, &message.cursor) else { return Ok(()) };
        let said = reader::say(&self.reach, reader, verb, &[cursor]).await.map(drop);
        // It is out of hand, whether or not that could be said.
        self.hand.iter().for_each(|hand| hand.done());
        said
    }

    /// The transport in use, as of the last event; none while there is none.
    pub fn transport(&self) -> Option<Transport> {
        self.transport
    }

    /// Cuts the connection, if there is one, and tries again now, beginning with the first transport.
    pub fn reconnect(&self) {
        self.again.notify_one();
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Event, Error>>> {
        self.hand.iter().for_each(|hand| hand.ask());
        if let Some(Heard { event, cursor, bytes }) = ready!(self.buffer.poll_recv(context)) {
            self.bytes.fetch_sub(bytes, Relaxed);
            self.cursor = cursor.or(self.cursor.take());
            match &event {
                Event::State(State::Open { transport }) => self.transport = Some(*transport),
                Event::State(_) => self.transport = None,
                _ => {}
            }
            return Poll::Ready(Some(Ok(event)));
        }
        if self.ended {
            return Poll::Ready(None);
        }
        let end = ready!(Pin::new(&mut self.task).poll(context));
        self.ended = true;
        Poll::Ready(match end {
            Ok(Err(error)) => Some(Err(error)),
            Ok(Ok(())) | Err(_) => None,
        })
    }
}

impl Stream for Subscription {
    type Item = Result<Event, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll(context)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.task.abort();
    }
}
