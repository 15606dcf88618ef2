//! Reading the messages of few channels: along each channel's chain, merged.
//!
//! A chain goes backwards: each message names the one before it. Every 64th message of a channel is a milestone,
//! found by position. Backward reading walks down from the first milestone after the place, or from the head.
//! Forward reading goes from milestone to milestone and walks back from each: at most 64 messages at a time.

use super::amend;
use super::channel;
use super::error::{damage, meaning};
use super::heads::ChannelId;
use super::lookup::Wanted;
use super::reader::end_of;
use super::row;
use super::sum::Link;
use crate::page::Filling;
use crate::{Order, Read, StoreError};
use fanfare_proto::{Channel, Position};
use rusqlite::{Connection, OptionalExtension, Result as SqlResult};

/// Channels that are read along their chains; with more, scanning the log is cheaper.
pub(super) const CHANNELS: usize = 16;

/// Rows of one channel looked at before others have their turn: in a chain of removed messages there may be many
/// and nothing to show for them.
const LOOKS: u32 = 512;

/// Messages looked at for one page: where all are edits of a few, it may be empty and only move on.
const ROWS: u32 = 4096;

/// A place in one channel.
struct Cursor {
    channel: Channel,
    id: ChannelId,
    head: Position,
    /// Everything up to here is gone: no row is expected there.
    gone: Position,
    /// What was found and not taken yet, the next one last.
    found: Vec<Position>,
    /// Everything between the start and here was looked at. Backward: this is the next row to look at.
    place: Position,
    /// Nothing comes after what was found.
    done: bool,
}

/// Fills a page with the messages of these channels. Answers how far was looked.
pub(super) fn read(
    snapshot: &Connection,
    channels: Vec<Wanted>,
    read: &Read,
    head: Position,
    filling: &mut Filling<'_>,
) -> Result<Position, StoreError> {
    let mut cursors = Vec::new();
    for wanted in channels {
        if let Some(row) = wanted.row {
            let (channel, found) = (channel::parse(&wanted.name)?, Vec::new());
            let gone = row.gone.through.max(row.floor);
            let place = read.from.max(gone);
            let (id, head) = (row.id, row.head);
            let mut cursor = Cursor { channel, id, head, gone, found, place, done: false };
            if read.order == Order::Backward {
                cursor.start_backward(snapshot, read.from).map_err(meaning)?;
            }
            cursors.push(cursor);
        }
    }
    let mut reached = read.from;
    for _ in 0..ROWS {
        if filling.is_full() {
            return Ok(end_of(read.order, head));
        }
        for cursor in &mut cursors {
            let look = match read.order {
                Order::Forward => cursor.look_forward(snapshot, head),
                Order::Backward => cursor.look_backward(snapshot, read.from.min(Position(head.0 + 1))),
            };
            look.map_err(meaning)?;
        }
        // A cursor that has found nothing yet holds the others at its place.
        let forward = read.order == Order::Forward;
        let waiting = cursors.iter().filter(|cursor| cursor.found.is_empty() && !cursor.done);
        let waiting = waiting.map(|cursor| cursor.place);
        let bound = if forward { waiting.min() } else { waiting.max() };
        let is_next = |at: Position| match bound {
            Some(bound) if forward => at <= bound,
            Some(bound) => at > bound,
            None => true,
        };
        let ready = cursors.iter_mut().filter(|cursor| cursor.found.last().is_some_and(|at| is_next(*at)));
        let next = if forward {
            ready.min_by_key(|cursor| cursor.found.last().copied())
        } else {
            ready.max_by_key(|cursor| cursor.found.last().copied())
        };
        match next.and_then(|cursor| Some((cursor.found.pop()?, &cursor.channel))) {
            Some((at, channel)) => {
                reached = at;
                if let Some(message) = amend::fetch(snapshot, at, channel, read)? {
                    filling.push(message);
                }
            }
            None => {
                // A milestone may be newer than the head that this page ends at.
                let reached =
                    bound.map(|place| if forward { place.min(head) } else { Position(place.0 + 1) });
                return Ok(reached.unwrap_or(end_of(read.order, head)));
            }
        }
    }
    Ok(reached)
}

impl Cursor {
    /// Finds the next messages upward, if none is found yet.
    fn look_forward(&mut self, snapshot: &Connection, head: Position) -> SqlResult<()> {
        let mut looks = LOOKS;
        while self.found.is_empty() && !self.done && looks > 0 {
            let milestone = milestone_from(snapshot, self.id, Position(self.place.0 + 1))?;
            let mut next = Some(milestone.unwrap_or(self.head));
            while let Some(at) = next.filter(|at| *at > self.place) {
                looks = looks.saturating_sub(1);
                let link = self.link(snapshot, at)?;
                if link.size.is_some() && at <= head {
                    self.found.push(at);
                }
                next = link.previous;
            }
            match milestone {
                Some(milestone) => self.place = milestone,
                None => self.done = true,
            }
        }
        Ok(())
    }

    fn start_backward(&mut self, snapshot: &Connection, from: Position) -> SqlResult<()> {
        self.place = milestone_from(snapshot, self.id, from)?.unwrap_or(self.head);
        Ok(())
    }

    /// Finds the next message downward, before a place, if none is found yet.
    fn look_backward(&mut self, snapshot: &Connection, before: Position) -> SqlResult<()> {
        let mut looks = LOOKS;
        while self.found.is_empty() && !self.done && looks > 0 {
            looks -= 1;
            let at = self.place;
            if at <= self.gone {
                self.done = true;
                break;
            }
            let link = self.link(snapshot, at)?;
            if link.size.is_some() && at < before {
                self.found.push(at);
            }
            self.place = link.previous.unwrap_or(Position::START);
            self.done = link.previous.is_none();
        }
        Ok(())
    }

    /// What the row at a place above all that is gone is chained to. It is there and is the channel's, or something is
    /// damaged: to stop here would hide what is below.
    fn link(&self, snapshot: &Connection, at: Position) -> SqlResult<Link> {
        match link(snapshot, at)? {
            Some(link) if link.channel == self.id => Ok(link),
            _ => {
                Err(damage(format!("`{}` has no message at position {at}, where one is kept", self.channel)))
            }
        }
    }
}

/// The first milestone of a channel at or after a place.
fn milestone_from(snapshot: &Connection, id: ChannelId, from: Position) -> SqlResult<Option<Position>> {
    let first =
        "SELECT position FROM milestone WHERE channel = ?1 AND position >= ?2 ORDER BY position LIMIT 1";
    let mut statement = snapshot.prepare_cached(first)?;
    statement.query_row((id.0, row::place(from)), |row| row.get(0).map(Position)).optional()
}

/// What a row is chained to.
pub(super) fn link(connection: &Connection, at: Position) -> SqlResult<Option<Link>> {
    let link = "SELECT previous, channel, time, size, sum FROM message WHERE position = ?1";
    let mut statement = connection.prepare_cached(link)?;
    let take = |row: &rusqlite::Row<'_>| Ok(Link::from_row(row, 0, at)?.0);
    statement.query_row([row::place(at)], take).optional()
}
