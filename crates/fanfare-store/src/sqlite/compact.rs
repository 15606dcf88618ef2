//! Compaction, in short steps: down the chain of one channel after the other. Rows that are superseded go, and what came
//! after them is chained to what came before them. A milestone that goes moves to the next row that stays, so that they are
//! never further apart than they were.
//!
//! Between two steps the chain is whole. What others take from it then, they take from its oldest end or leave the row of,
//! so a walk goes on where it was.

use super::chain::link;
use super::error::{damage, meaning};
use super::heads::ChannelId;
use super::row;
use super::sum::Link;
use super::trim::Step;
use crate::StoreError;
use crate::compact::{Done, Due, Walked};
use fanfare_proto::{Channel, NamespaceId, Position};
use rusqlite::Result as SqlResult;

/// A walk down one channel.
pub(super) struct Walk {
    channel: Channel,
    id: ChannelId,
    walked: Walked,
    /// The row that was kept last...
    kept: Position,
    /// ...and the one to look at next.
    next: Option<Position>,
    /// Rows between them went.
    parted: bool,
    /// One of these was a milestone.
    owes: bool,
}

/// What a step made of the channels that are to be walked.
#[derive(Default)]
pub(super) struct Compacted {
    /// These were walked.
    pub(super) done: Vec<(Channel, NamespaceId, Done<ChannelId>)>,
    pub(super) walk: Option<Walk>,
}

/// Walks channels until the step is over, from where the step before ended.
pub(super) fn step(
    step: &mut Step<'_>,
    due: &Due<ChannelId>,
    walk: Option<Walk>,
) -> Result<Compacted, StoreError> {
    let mut compacted = Compacted::default();
    let mut walk = walk.filter(|walk| due.channels.contains(&walk.channel));
    let mut rest = due.in_turn();
    loop {
        let channel = match &walk {
            Some(walk) => walk.channel.clone(),
            None => match rest.find(|channel| !compacted.done.iter().any(|(done, ..)| done == *channel)) {
                Some(channel) => channel.clone(),
                None => return Ok(compacted),
            },
        };
        if step.is_over() {
            compacted.walk = walk;
            return Ok(compacted);
        }
        let Some(head) = step.head(&channel)?.map(|head| *head) else {
            walk = None;
            let nothing = Done { channel: ChannelId(0), stayed: 0, messages: 0, again: None };
            compacted.done.push((channel, NamespaceId(0), nothing));
            continue;
        };
        let mut current = match walk.take() {
            // Not if the channel was dropped meanwhile, and began anew.
            Some(walk) if walk.id == head.id => walk,
            _ => Walk::new(channel, head.id, head.head, step),
        };
        if current.go_on(step)? {
            let messages = step.head(&current.channel)?.map_or(0, |head| head.messages);
            let done = current.walked.done(current.id, messages);
            compacted.done.push((current.channel, head.namespace, done));
        } else {
            walk = Some(current);
        }
    }
}

impl Walk {
    fn new(channel: Channel, id: ChannelId, head: Position, step: &Step<'_>) -> Walk {
        let walked = Walked::new(step.now);
        Walk { channel, id, walked, kept: head, next: Some(head), parted: false, owes: false }
    }

    /// Walks on; answers whether it has come to the end.
    fn go_on(&mut self, step: &mut Step<'_>) -> Result<bool, StoreError> {
        let Some(head) = step.head(&self.channel)?.map(|head| *head) else { return Ok(true) };
        let bottom = head.gone.through.max(head.floor);
        let mut over = false;
        while let Some(at) = self.next.filter(|at| *at > bottom) {
            over = at < self.kept && step.is_over();
            if over {
                break;
            }
            step.look();
            self.meet(step, at)?;
        }
        if self.parted {
            chain(step, self.kept, self.next).map_err(meaning)?;
            self.parted = false;
        }
        if let Some(next) = self.next.filter(|next| *next > bottom)
            && std::mem::take(&mut self.owes)
        {
            add_milestone(step, self.id, next).map_err(meaning)?;
        }
        Ok(!over)
    }

    fn meet(&mut self, step: &mut Step<'_>, at: Position) -> Result<(), StoreError> {
        let connection = step.connection;
        let row = link(connection, at).map_err(meaning)?.filter(|row| row.channel == self.id);
        let Some(row) = row else {
            let what = format!("`{}` has no message at position {at}, where one is kept", self.channel);
            return Err(StoreError::Corrupt(what));
        };
        self.next = row.previous;
        // The newest row is there whatever it says: the channel ends with it.
        let is_head = at == self.kept;
        let stays = match row.size {
            Some(_) => {
                let Some((message, _)) = row::fetch(connection, at, &self.channel)? else {
                    return Err(meaning(damage(format!("the message at position {at} is there and is not"))));
                };
                let there = |target| {
                    Ok(link(connection, target).map_err(meaning)?.is_some_and(|row| row.size.is_some()))
                };
                self.walked.keeps(&message, there)?
            }
            None => false,
        };
        if stays || is_head {
            return self.keep(step, at).map_err(meaning);
        }
        self.owes |= remove_milestone(step, self.id, at).map_err(meaning)?;
        self.parted = true;
        step.supersede(&self.channel, row)
    }

    fn keep(&mut self, step: &mut Step<'_>, at: Position) -> SqlResult<()> {
        if std::mem::take(&mut self.parted) {
            chain(step, self.kept, Some(at))?;
        }
        if std::mem::take(&mut self.owes) {
            add_milestone(step, self.id, at)?;
        }
        self.kept = at;
        Ok(())
    }
}

/// Chains a row to another one before it.
fn chain(step: &mut Step<'_>, at: Position, previous: Option<Position>) -> SqlResult<()> {
    let columns = "SELECT previous, channel, time, size, sum FROM message WHERE position = ?1";
    let mut statement = step.connection.prepare_cached(columns)?;
    let (link, said) = statement.query_row([row::place(at)], |row| Link::from_row(row, 0, at))?;
    let sum = said.map(|said| Link { previous, ..link }.with(said));
    let chain = "UPDATE message SET previous = ?2, sum = ?3 WHERE position = ?1";
    step.execute(chain, (at.0, previous.map(|previous| previous.0), sum))?;
    Ok(())
}

fn add_milestone(step: &mut Step<'_>, id: ChannelId, at: Position) -> SqlResult<()> {
    step.execute("INSERT OR IGNORE INTO milestone (channel, position) VALUES (?1, ?2)", (id.0, at.0))?;
    Ok(())
}

/// Answers whether it was one.
fn remove_milestone(step: &mut Step<'_>, id: ChannelId, at: Position) -> SqlResult<bool> {
    Ok(step.execute("DELETE FROM milestone WHERE channel = ?1 AND position = ?2", (id.0, at.0))? > 0)
}
