//! Hears what a subscription brings, and deals with it, one message after the other.

use super::handler::Handler;
use super::place::Place;
use super::turn::Turn;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::remote::Remote;
use crate::stderr::tell;
use fanfare_client::{Error, Event, Message, Retry, Start, State, Subscription, Transport};

/// What is heard, from where, and what is done with it.
pub struct Session {
    pub remote: Remote,
    pub patterns: Vec<String>,
    pub filter: Option<String>,
    pub latest: bool,
    pub view: Option<String>,
    pub deltas: bool,
    pub rate: Option<String>,
    pub bytes: Option<String>,
    pub presence: Option<String>,
    pub reader: Option<String>,
    pub start: Option<Start>,
    pub transports: Vec<Transport>,
    pub place: Place,
    pub handler: Handler,
    /// Messages after which it is enough.
    pub count: Option<u64>,
    /// An interrupt falls between two messages.
    pub turn: Turn,
}

/// What was told about the connection.
#[derive(Default)]
struct Told {
    reached: bool,
    lost: bool,
    /// Why a transport was left for another.
    left: Option<(Transport, Error)>,
}

impl Session {
    /// Hears until it is enough or nothing helps.
    pub fn run(mut self) -> Result<Exit, Failure> {
        let mut subscription = self.subscribe();
        let mut told = Told::default();
        while let Some(event) = self.remote.wait(subscription.next()) {
            match event? {
                Event::Message(message) if self.hear(&message, &subscription)? => return Ok(Exit::DONE),
                Event::Gap(gap) => tell(format_args!("warning: {gap}")),
                Event::Refused(refusal) => {
                    tell(format_args!("warning: the server refused a part: {refusal}"));
                }
                Event::State(state) => told.hear(state)?,
                _ => {}
            }
            if let Some(cursor) = subscription.cursor() {
                self.place.reach(cursor)?;
            }
            // Before more is asked for.
            self.turn.check()?;
        }
        Ok(Exit::DONE)
    }

    fn subscribe(&self) -> Subscription {
        let start = match self.place.cursor() {
            Some(cursor) => Some(Start::After(cursor.to_owned())),
            None => self.start.clone(),
        };
        let asked = self.remote.client.subscribe(self.patterns.clone()).start_at(start);
        let asked = asked.filter(self.filter.clone()).rate(self.rate.clone()).bytes(self.bytes.clone());
        let asked = asked.latest(self.latest).deltas(self.deltas).view(self.view.clone());
        let asked = asked.presence(self.presence.clone()).reader(self.reader.clone());
        // What was given and is not begun when this ends would count as an attempt.
        let asked = asked.hand(self.reader.as_ref().map(|_| 1));
        let asked = asked.transports(self.transports.iter().copied());
        self.remote.wait(async { asked.start() })
    }

    /// Handles a message and keeps its place, or has the server keep it; says whether that was enough.
    fn hear(&mut self, message: &Message, subscription: &Subscription) -> Result<bool, Failure> {
        let turn = self.turn.clone();
        let _busy = turn.take();
        let handled = turn.check().and_then(|()| self.handler.handle(message));
        let is_seen = handled.inspect_err(|_| self.give_back(message, subscription))?;
        if let Err(error) = self.remote.wait(subscription.ack(message)) {
            // It is given again, to this one or another.
            tell(format_args!("warning: what was handled could not be acknowledged ({})", reason(&error)));
        }
        if let Some(cursor) = &message.cursor {
            self.place.reach(cursor)?;
        }
        if let Some(left) = self.count.as_mut().filter(|_| is_seen) {
            *left = left.saturating_sub(1);
        }
        Ok(self.count == Some(0))
    }

    /// What was not handled is given to others at once. A session that ends gives back what it has; a poll has ended
    /// already.
    fn give_back(&self, message: &Message, subscription: &Subscription) {
        if subscription.transport() == Some(Transport::LongPoll)
            && let Err(error) = self.remote.wait(subscription.nack(message))
        {
            tell(format_args!("warning: it is given again only after a while ({})", reason(&error)));
        }
    }
}

impl Told {
    /// Says what a person should know. A server that was never reached, or is none, is no server that is waited for.
    fn hear(&mut self, state: State) -> Result<(), Failure> {
        match state {
            State::Open { transport } => {
                let again = if self.lost { "connected again" } else { "connected" };
                match self.left.take() {
                    Some((left, why)) => {
                        let why = reason(&why);
                        tell(format_args!("{again} over {transport}: {left} does not get through ({why})"));
                    }
                    None if self.lost => tell(again),
                    None => {}
                }
                (self.reached, self.lost) = (true, false);
            }
            State::Lost { transport, why, retry_in: Some(wait) } if wait.is_zero() => {
                self.left.get_or_insert((transport, why));
            }
            State::Lost { why, retry_in, .. } => {
                self.left = None;
                let waits = matches!(&why, Error::Refused(refusal) if refusal.retry != Retry::Never);
                if !self.reached && !waits {
                    return Err(why.into());
                }
                if !self.lost {
                    let wait = retry_in.unwrap_or_default().as_secs_f64();
                    tell(format_args!("connection lost ({}); coming back in {wait:.1} s", reason(&why)));
                }
                self.lost = true;
            }
            _ => {}
        }
        Ok(())
    }
}

/// Why, without where: that is known.
fn reason(error: &Error) -> String {
    match error {
        Error::Unreachable { why, .. } => why.clone(),
        Error::Refused(refusal) if refusal.code == 0 => refusal.detail.clone(),
        Error::Refused(refusal) => format!("the server refused for now: {refusal}"),
        error => error.to_string(),
    }
}
