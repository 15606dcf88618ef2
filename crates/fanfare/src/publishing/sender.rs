//! Sends what the intake has, one batch after the other, until each message is answered for good.

use super::batch::Batch;
use super::intake::{End, Intake, Taken};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::remote::Remote;
use crate::showing::write_line;
use crate::stderr::tell;
use fanfare_client::{Backoff, Error, Refusal, Retry};
use std::thread;
use std::time::Duration;

/// One batch at a time: the next one fills while this one is on its way, so the order holds and nothing waits.
pub struct Sender {
    remote: Remote,
    receipts: bool,
    backoff: Backoff,
    reached: bool,
    sent: u64,
    refused: u64,
}

impl Sender {
    /// Sends to a server; with `receipts`, writes each message's receipt to stdout.
    pub fn new(remote: Remote, receipts: bool) -> Sender {
        Sender { remote, receipts, backoff: Backoff::default(), reached: false, sent: 0, refused: 0 }
    }

    /// Sends all that comes.
    pub fn run(mut self, intake: &Intake) -> Result<Exit, Failure> {
        loop {
            match intake.take() {
                Taken::Batch(batch) => self.deliver(batch)?,
                Taken::End(end, too_long) => {
                    self.refused += too_long;
                    return self.finish(end);
                }
            }
        }
    }

    fn finish(self, end: End) -> Result<Exit, Failure> {
        match end {
            End::Failed(failure) => Err(failure),
            End::Interrupted => Ok(Exit::INTERRUPTED),
            End::Over if self.refused == 0 => Ok(Exit::DONE),
            End::Over => {
                let all = self.sent + self.refused;
                Err(Failure::new(
                    Exit::REFUSED,
                    format!("{} of {all} lines were not published", self.refused),
                ))
            }
        }
    }

    /// Sends a batch until every message is accepted or refused for good. What was not answered is sent again with
    /// the same ids.
    fn deliver(&mut self, mut batch: Batch) -> Result<(), Failure> {
        while !batch.is_empty() {
            let answer = self.attempt(&mut batch)?;
            let (why, asked) = match answer {
                Ok(None) => {
                    self.backoff.reset();
                    continue;
                }
                Ok(Some(refusal)) => (refused(&refusal), refusal.after),
                Err(Error::Unreachable { why, .. }) if self.reached => (why, None),
                Err(error @ Error::Silent { .. }) if self.reached => (error.to_string(), None),
                Err(Error::Refused(refusal)) if refusal.retry != Retry::Never => {
                    (refused(&refusal), refusal.after)
                }
                Err(error) => return Err(error.into()),
            };
            self.wait(&why, asked);
        }
        Ok(())
    }

    fn wait(&mut self, why: &str, asked: Option<Duration>) {
        let first = self.backoff.tried() == 0;
        let wait = self.backoff.next(asked);
        if first {
            tell(format_args!("not published yet ({why}); trying again in {:.1} s", wait.as_secs_f64()));
        }
        thread::sleep(wait);
    }

    /// Sends what is left of a batch once; keeps in it what has to be sent again, and answers why.
    fn attempt(&mut self, batch: &mut Batch) -> Result<Result<Option<Refusal>, Error>, Failure> {
        let envelopes = batch.entries().iter().map(|entry| &entry.envelope);
        let answer = self.remote.wait(self.remote.client.publish_all(envelopes));
        self.reached |= !matches!(answer, Err(Error::Unreachable { .. } | Error::Silent { .. }));
        let results = match answer {
            Ok(results) => results,
            Err(error) => return Ok(Err(error)),
        };
        let mut again = vec![false; results.len()];
        let mut why = None;
        for (index, (result, entry)) in results.into_iter().zip(batch.entries()).enumerate() {
            match result {
                Ok(receipt) => {
                    self.sent += 1;
                    if self.receipts {
                        write_line(receipt.raw().as_bytes())?;
                    }
                }
                Err(refusal) if refusal.retry == Retry::Never => {
                    self.refused += 1;
                    tell(format_args!("line {} was refused: {refusal}", entry.line));
                }
                Err(refusal) => {
                    again[index] = true;
                    why.get_or_insert(refusal);
                }
            }
        }
        batch.keep(&again);
        Ok(Ok(why))
    }
}

fn refused(refusal: &Refusal) -> String {
    format!("the server refused for now: {refusal}")
}
