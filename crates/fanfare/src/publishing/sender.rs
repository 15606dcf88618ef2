//! Sends what the intake has, one batch after the other, until each message is answered for good.

use super::batch::Batch;
use super::intake::{End, Intake, Taken};
use crate::backoff::Backoff;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::remote::{Duty, Refused, Remote, Target, Trouble};
use crate::showing::write_line;
use crate::stderr::tell;
use serde::Deserialize;
use serde_json::value::RawValue;
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

/// The answer to a batch.
#[derive(Deserialize)]
struct Results<'a> {
    #[serde(borrow)]
    results: Vec<&'a RawValue>,
}

/// The part of a result that says it was refused.
#[derive(Deserialize)]
struct Problem {
    detail: Option<String>,
    retry: Option<Duty>,
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
            let (why, asked) = match self.attempt(&mut batch) {
                Ok(None) => {
                    self.backoff.reset();
                    continue;
                }
                Ok(Some(refused)) => {
                    (format!("the server refused for now: {}", refused.detail), refused.after)
                }
                Err(Stop::Trouble(Trouble::Unreachable { why, .. })) if self.reached => (why, None),
                Err(Stop::Trouble(Trouble::Refused(refused))) if refused.passes() => {
                    (format!("the server refused for now: {}", refused.detail), refused.after)
                }
                Err(Stop::Trouble(trouble)) => return Err(trouble.into()),
                Err(Stop::Failed(failure)) => return Err(failure),
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
    fn attempt(&mut self, batch: &mut Batch) -> Result<Option<Refused>, Stop> {
        let target = Target::new("/publish");
        let answer = self.remote.post(&target, Some("application/x-ndjson"), &batch.lines());
        self.reached |= !matches!(answer, Err(Trouble::Unreachable { .. }));
        let answer = answer.map_err(Stop::Trouble)?;
        let results = self.results(&answer.body, batch.entries().len())?;
        let mut again = vec![false; results.len()];
        let mut why = None;
        for (index, (result, entry)) in results.iter().zip(batch.entries()).enumerate() {
            let problem: Problem = serde_json::from_str(result.get()).map_err(|_| self.odd())?;
            match (problem.retry, problem.detail) {
                (None, _) => {
                    self.sent += 1;
                    if self.receipts {
                        write_line(result.get().as_bytes())?;
                    }
                }
                (Some(Duty::Never), detail) => {
                    self.refused += 1;
                    tell(format_args!("line {} was refused: {}", entry.line, detail.unwrap_or_default()));
                }
                (Some(duty), detail) => {
                    again[index] = true;
                    let detail = detail.unwrap_or_default();
                    why.get_or_insert(Refused { detail, duty, after: None });
                }
            }
        }
        batch.keep(&again);
        Ok(why)
    }

    /// A result for each message. A batch of one may be answered as one.
    fn results<'a>(&self, body: &'a [u8], count: usize) -> Result<Vec<&'a RawValue>, Failure> {
        let results = match serde_json::from_slice::<Results<'a>>(body) {
            Ok(Results { results }) => results,
            Err(_) => vec![serde_json::from_slice(body).map_err(|_| self.odd())?],
        };
        if results.len() == count { Ok(results) } else { Err(self.odd()) }
    }

    fn odd(&self) -> Failure {
        let what = format!("{} answered in a way that is not understood", self.remote.url());
        Failure::new(Exit::FAILED, what).next("is it a Fanfare server of this version?")
    }
}

/// Why an attempt came to nothing.
enum Stop {
    Trouble(Trouble),
    Failed(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Stop {
        Stop::Failed(failure)
    }
}
