//! The task behind a subscription: one connection after the other, until nobody listens or nothing helps.

use super::path::{End, Path, SETTLED};
use crate::connection::{Line, hear};
use crate::ear::{Cut, EVENTS, Ear, Event, Heard, State};
use crate::error::{Error, Refusal};
use crate::reach::Reach;
use crate::transport::Transport;
use crate::wanted::Wanted;
use fanfare_proto::{Code, Retry};
use std::sync::Arc;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep};

/// Refusals that are about a transport and not about what was asked (`docs/wire.md`, "Refusals").
const OF_A_TRANSPORT: [u16; 4] = [3009, 3015, 3016, 3018];

/// What the task has.
pub(super) struct Run {
    reach: Reach,
    wanted: Wanted,
    path: Path,
    ear: Ear,
    sender: mpsc::Sender<Heard>,
    again: Arc<Notify>,
}

impl Run {
    pub fn new(
        reach: Reach,
        wanted: Wanted,
        transports: Vec<Transport>,
        ear: Ear,
        sender: mpsc::Sender<Heard>,
        again: Arc<Notify>,
    ) -> Run {
        Run { reach, wanted, path: Path::new(transports), ear, sender, again }
    }

    /// Hears until nobody listens. An error is final.
    pub async fn run(mut self) -> Result<(), Error> {
        loop {
            let transport = self.path.transport();
            if !self.tell(State::Connecting { transport }).await {
                return Ok(());
            }
            self.ear.connect(transport);
            let began = Instant::now();
            let Some(cut) = self.connect(transport).await else {
                self.path.again();
                continue;
            };
            if self.ear.is_open() {
                self.path.opened();
            }
            let settled = self.ear.is_open() && began.elapsed() >= SETTLED;
            let (why, end) = match cut {
                Cut::Behind => {
                    if self.drained().await {
                        continue;
                    } else {
                        return Ok(());
                    }
                }
                cut => self.judge(cut, settled)?,
            };
            let wait = self.path.next(end);
            if !self.tell(State::Lost { transport, why, retry_in: Some(wait) }).await {
                return Ok(());
            }
            tokio::select! {
                () = sleep(wait) => {}
                () = self.again.notified() => self.path.again(),
                () = self.sender.closed() => return Ok(()),
            }
        }
    }

    /// One connection, from its start to its end; `None` if another was asked for.
    async fn connect(&mut self, transport: Transport) -> Option<Cut> {
        let mut line = Line { reach: &self.reach, wanted: &self.wanted, ear: &mut self.ear };
        tokio::select! {
            cut = hear(transport, &mut line) => Some(cut),
            () = self.again.notified() => None,
        }
    }

    /// Waits until all that was heard is taken; says whether it was.
    async fn drained(&self) -> bool {
        self.sender.reserve_many(EVENTS).await.is_ok()
    }

    /// What a cut means for the next try.
    fn judge(&self, cut: Cut, settled: bool) -> Result<(Error, End), Error> {
        let end = End { settled, ..End::default() };
        let refused = |refusal: Refusal, told| {
            let after = refusal.after;
            // A server that ends is no failure of the connection, however short its life was.
            let settled = settled || (self.ear.is_open() && refusal.code == Code::DRAINING.number);
            match refusal.retry {
                Retry::Never if told => Err(Error::Refused(refusal)),
                _ => Ok((Error::Refused(refusal), End { told, after, settled, ..end })),
            }
        };
        match cut {
            Cut::Failed(Error::Refused(refusal)) => {
                let told = refusal.code != 0 && !OF_A_TRANSPORT.contains(&refusal.code);
                refused(refusal, told)
            }
            Cut::Closing(refusal) => refused(refusal, true),
            Cut::Failed(error @ (Error::Unreachable { .. } | Error::Silent { .. } | Error::Odd { .. })) => {
                Ok((error, end))
            }
            Cut::Failed(error) => Err(error),
            Cut::Held | Cut::Behind => {
                let why = "something on the way holds back what the server says".to_owned();
                let url = self.reach.address().as_str().to_owned();
                Ok((Error::Unreachable { url, why }, End { held: true, ..end }))
            }
        }
    }

    /// Tells how the connection is; says whether anybody listens. Waits for room, for while there is no connection
    /// nothing else fills it.
    async fn tell(&self, state: State) -> bool {
        let heard = Heard { event: Event::State(state), cursor: None, bytes: 0 };
        self.sender.send(heard).await.is_ok()
    }
}
