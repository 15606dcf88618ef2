//! Ordering and keeping: the one path by which messages enter a log.
//!
//! A [`Committer`] owns the right to write one log. The kept log's belongs to the [commit
//! thread](crate::commit_thread); the live log's is taken by whoever publishes, for as long as it takes to append
//! to memory.

use crate::amending;
use crate::count::Count;
use crate::ids::{IdKey, Ids, Known};
use crate::places::Places;
use crate::tail::Tail;
use fanfare_proto::{
    Code, LogId, LogSet, Mark, Message, Pattern, Position, Publish, Receipt, Refusal, Selection, Time, limits,
};
use fanfare_store::{Draft, Order, Original, Read, RecordChange, Removal, Store, StoreError};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Messages published by one request.
pub(crate) struct Group {
    /// Who publishes; scopes ids.
    pub(crate) publisher: Option<Box<str>>,
    pub(crate) messages: Vec<Publish>,
    /// All or none (design rule 22).
    pub(crate) atomic: bool,
    /// What changes with them, unless one of them is refused: in the same transaction, if the log is the store's.
    pub(crate) along: Vec<RecordChange>,
}

impl Group {
    /// Bytes that limits count.
    pub(crate) fn size(&self) -> usize {
        self.messages.iter().map(|publish| publish.content.size()).sum()
    }
}

/// The live log's writing side, for a moment.
pub(crate) fn lock(live: &Mutex<Committer>) -> MutexGuard<'_, Committer> {
    live.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An answer for each message of a group, in order.
pub(crate) type Answers = Vec<Result<Receipt, Refusal>>;

/// What became of publishes to one log.
#[derive(Debug, Default)]
pub(crate) struct PublishCounts {
    pub(crate) accepted: Count,
    /// The first answer was given again.
    pub(crate) known: Count,
    pub(crate) refused: Count,
    /// Refused before they came here, by many threads.
    pub(crate) turned_away: Count,
    /// Of contents accepted.
    pub(crate) bytes: Count,
}

impl PublishCounts {
    fn add(&self, answers: &[Answers]) {
        let (mut accepted, mut known, mut refused) = (0, 0, 0);
        for answer in answers.iter().flatten() {
            match answer {
                Ok(receipt) if receipt.duplicate => known += 1,
                Ok(_) => accepted += 1,
                Err(_) => refused += 1,
            }
        }
        self.accepted.add(accepted);
        self.known.add(known);
        self.refused.add(refused);
    }
}

/// The right to write one log.
pub(crate) struct Committer {
    log_id: LogId,
    log: Arc<dyn Store>,
    tail: Arc<Tail>,
    places: Places,
    ids: Ids,
    /// Why nothing could be removed the last time, as it was told.
    told: Option<String>,
    counts: Arc<PublishCounts>,
}

/// What becomes of one publish in a batch.
enum Verdict {
    /// It is this draft of the batch.
    Draft(usize),
    /// It repeats this draft of the batch.
    Repeat(usize),
    /// It repeats what was accepted before.
    Known(Box<Receipt>),
    Refused(Refusal),
}

/// The drafts of one commit, and the ids among them.
#[derive(Default)]
struct Batch {
    drafts: Vec<Draft>,
    ids: HashMap<IdKey, (usize, u64)>,
}

impl Committer {
    /// Takes the right to write a log, and makes the window of ids from its last minutes.
    pub(crate) fn new(
        log_id: LogId,
        log: Arc<dyn Store>,
        tail: Arc<Tail>,
        places: Places,
        now: Time,
    ) -> Result<Committer, StoreError> {
        let mut ids = Ids::default();
        let oldest = now.max(log.status().time).before(limits::IDEMPOTENCY_TIME);
        let selection = Selection::new(vec![Pattern::everything()]);
        let (messages, bytes, order) = (limits::PAGE_MESSAGES, limits::COMMIT_BYTES, Order::Forward);
        let mut from = log.find(oldest)?;
        while from < log.status().head {
            let page = log.read(&Read {
                selection: selection.clone(),
                from,
                began: Position::START,
                order,
                messages,
                bytes,
            })?;
            page.messages.iter().for_each(|message| ids.recall(message));
            from = page.through;
        }
        Ok(Committer { log_id, log, tail, places, ids, counts: Arc::default(), told: None })
    }

    /// What becomes of publishes; whoever writes adds.
    pub(crate) fn counts(&self) -> &Arc<PublishCounts> {
        &self.counts
    }

    /// Commits groups as one batch: one append, then visible to all readers, then answered.
    pub(crate) fn commit(&mut self, groups: &mut [Group], now: Time) -> Vec<Answers> {
        let now = now.max(self.log.status().time);
        self.ids.forget_old(now);
        let mut batch = Batch::default();
        let verdicts: Vec<Vec<Verdict>> =
            groups.iter_mut().map(|group| self.judge_group(group, &mut batch, now)).collect();
        let whole = groups.iter_mut().zip(&verdicts).filter(|(_, verdicts)| !is_refused(verdicts));
        let changes: Vec<RecordChange> = whole.flat_map(|(group, _)| group.along.drain(..)).collect();
        let appended = self.append(batch.drafts, &changes, now);
        if let Ok(messages) = &appended {
            messages.iter().for_each(|message| self.ids.accept(message));
            self.counts.bytes.add(messages.iter().map(|message| message.content.size() as u64).sum());
            self.tail.push(self.log_id, messages);
        }
        let answer = |verdict| match (verdict, &appended) {
            (Verdict::Draft(index), Ok(messages)) => Ok(self.receipt(&messages[index], false)),
            (Verdict::Repeat(index), Ok(messages)) => Ok(self.receipt(&messages[index], true)),
            (Verdict::Draft(_) | Verdict::Repeat(_), Err(refusal)) => Err(refusal.clone()),
            (Verdict::Known(receipt), _) => Ok(*receipt),
            (Verdict::Refused(refusal), _) => Err(refusal),
        };
        let answers: Vec<Answers> =
            verdicts.into_iter().map(|group| group.into_iter().map(answer).collect()).collect();
        self.counts.add(&answers);
        answers
    }

    fn append(
        &self,
        drafts: Vec<Draft>,
        changes: &[RecordChange],
        now: Time,
    ) -> Result<Vec<Arc<Message>>, Refusal> {
        let appended = match (drafts.is_empty(), changes.is_empty()) {
            (true, true) => Ok(Vec::new()),
            (true, false) => self.log.change(changes).map(|()| Vec::new()),
            (false, true) => self.log.append(drafts, now),
            (false, false) => self.log.append_with(drafts, changes, now),
        };
        appended.map_err(|error| refusal(&error))
    }

    fn judge_group(&self, group: &mut Group, batch: &mut Batch, now: Time) -> Vec<Verdict> {
        let before = batch.drafts.len();
        let messages = std::mem::take(&mut group.messages);
        let publisher = group.publisher.as_deref();
        let mut verdicts: Vec<Verdict> =
            messages.into_iter().map(|publish| self.judge(publish, publisher, batch, now)).collect();
        let refused = verdicts.iter().find_map(|verdict| match verdict {
            Verdict::Refused(refusal) => Some(refusal.clone()),
            _ => None,
        });
        if let (true, Some(refusal)) = (group.atomic, refused) {
            batch.drafts.truncate(before);
            batch.ids.retain(|_, (index, _)| *index < before);
            verdicts.iter_mut().for_each(|verdict| *verdict = Verdict::Refused(refusal.clone()));
        }
        verdicts
    }

    fn judge(&self, mut publish: Publish, publisher: Option<&str>, batch: &mut Batch, now: Time) -> Verdict {
        let fingerprint = match self.known(&publish, publisher, batch) {
            Ok(fingerprint) => fingerprint,
            Err(verdict) => return verdict,
        };
        let original = self.original(&publish).and_then(|original| {
            amending::judge(&mut publish, original.as_ref(), publisher, &batch.drafts, now)
        });
        let expires = match original {
            Ok(expires) => publish.ttl.map(|ttl| now.after(ttl)).or(expires),
            Err(refusal) => return Verdict::Refused(refusal),
        };
        if let Some((key, fingerprint)) = fingerprint {
            batch.ids.insert(key, (batch.drafts.len(), fingerprint));
        }
        batch.drafts.push(Draft {
            channel: publish.channel,
            id: publish.id,
            publisher: publisher.map(Into::into),
            expires,
            content: publish.content,
        });
        Verdict::Draft(batch.drafts.len() - 1)
    }

    /// The key and fingerprint of a publish with an id that is new; what becomes of one that is known.
    fn known(
        &self,
        publish: &Publish,
        publisher: Option<&str>,
        batch: &Batch,
    ) -> Result<Option<(IdKey, u64)>, Verdict> {
        let Some(id) = &publish.id else { return Ok(None) };
        let key = self.ids.key(&publish.channel, publisher, id);
        let fingerprint = self.ids.fingerprint(&publish.content);
        let reused = || {
            let detail = format!("the id `{id}` was used for another message in `{}`", publish.channel);
            Err(Verdict::Refused(Refusal::new(Code::ID_REUSED, detail)))
        };
        match (self.ids.get(key), batch.ids.get(&key)) {
            (Some(known), _) if known.fingerprint.is_some_and(|known| known != fingerprint) => reused(),
            (Some(known), _) => Err(Verdict::Known(Box::new(self.known_receipt(publish, id, known)))),
            (_, Some((_, other))) if *other != fingerprint => reused(),
            (_, Some((index, _))) => Err(Verdict::Repeat(*index)),
            _ if self.ids.is_full() => {
                let detail = "too many idempotency keys within the window; publish without one or slower";
                Err(Verdict::Refused(Refusal::new(Code::BUSY, detail)))
            }
            _ => Ok(Some((key, fingerprint))),
        }
    }

    /// What there is of the message that another one amends.
    fn original(&self, publish: &Publish) -> Result<Option<Original>, Refusal> {
        let Some(amends) = publish.content.amends else { return Ok(None) };
        self.log.original(&publish.channel, amends.target()).map_err(|error| unread(&error))
    }

    fn receipt(&self, message: &Message, duplicate: bool) -> Receipt {
        Receipt {
            channel: message.channel.clone(),
            position: message.position,
            cursor: self.cursor(message.position),
            id: message.shown_id().into(),
            time: message.time,
            duplicate,
        }
    }

    fn known_receipt(&self, publish: &Publish, id: &str, known: Known) -> Receipt {
        Receipt {
            channel: publish.channel.clone(),
            position: known.position,
            cursor: self.cursor(known.position),
            id: id.into(),
            time: known.time,
            duplicate: true,
        }
    }

    fn cursor(&self, position: Position) -> fanfare_proto::Cursor {
        let mut mark = Mark::default();
        mark.set(self.log_id, position);
        self.places.cursor(&mark, LogSet::default().with(self.log_id))
    }

    /// Removes messages; readers of the tail go to the log.
    pub(crate) fn remove(&mut self, removal: &Removal) -> Result<bool, Refusal> {
        let removed = self.log.remove(removal).map_err(|error| refusal(&error))?;
        // Even if the log had nothing: retention may have been faster than the tail.
        self.tail.forget(self.log_id, removal);
        Ok(removed)
    }

    /// One short step of retention. Answers whether there is more to do.
    pub(crate) fn trim(&mut self, now: Time) -> bool {
        match self.log.trim(now) {
            Ok(trimmed) => {
                if self.told.take().is_some() {
                    tracing::info!(log = self.log_id.0, "the log is written again");
                }
                self.tail.trim(self.log_id, trimmed.through);
                trimmed.more
            }
            Err(error) => {
                self.tell(&error);
                false
            }
        }
    }

    /// Says, once, that the log cannot be written. Retention writes often, so this is soon known.
    fn tell(&mut self, error: &StoreError) {
        let text = error.to_string();
        if self.told.as_ref() != Some(&text) {
            tracing::error!(%error, log = self.log_id.0, "the log cannot be written: nothing is accepted or removed");
            self.told = Some(text);
        }
    }
}

fn is_refused(verdicts: &[Verdict]) -> bool {
    verdicts.iter().any(|verdict| matches!(verdict, Verdict::Refused(_)))
}

/// A store's failure as the refusal of a publish or a removal. Once somebody has mended the store, the same may succeed.
fn refusal(error: &StoreError) -> Refusal {
    tell_damage(error);
    refused(error)
}

/// Why a log takes no more messages, as a refusal.
pub(crate) fn refused(error: &StoreError) -> Refusal {
    let code = match error {
        StoreError::Full(_) => Code::STORE_FULL,
        _ => Code::STORE_FAILED,
    };
    Refusal::new(code, error.to_string())
}

/// A store's failure as the refusal of whoever reads. What is damaged is so the next time, too.
pub(crate) fn unread(error: &StoreError) -> Refusal {
    tell_damage(error);
    match error {
        StoreError::Corrupt(_) => Refusal::new(Code::STORE_DAMAGED, error.to_string()),
        _ => refused(error),
    }
}

/// Says what is damaged, each thing once, however many readers come upon it, and not more than a few: `fanfare db check`
/// tells all.
fn tell_damage(error: &StoreError) {
    static TOLD: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let StoreError::Corrupt(_) = error else { return };
    let (text, mut told) = (error.to_string(), TOLD.lock().unwrap_or_else(PoisonError::into_inner));
    if told.len() < limits::DAMAGE_LINES && !told.contains(&text) {
        tracing::error!("{text}");
        told.push(text);
    }
}
