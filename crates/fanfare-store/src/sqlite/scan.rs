//! Reading the messages of many channels: through the log in order, taking what is wanted.

use super::amend;
use super::channel;
use super::error::{damage, meaning};
use super::heads::{ChannelId, Head};
use super::reader::end_of;
use super::row::{self, Names};
use super::sum::Link;
use crate::page::Filling;
use crate::{Order, Read, StoreError};
use fanfare_proto::{Channel, Position};
use rusqlite::Connection;
use std::collections::HashMap;

/// Rows looked at for one page: a page of a quiet pattern in a busy log may be empty and only move on.
const ROWS: u32 = 4096;

/// What is expected of rows outside of a page.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Outside {
    /// Those that are chained to the page's are there: none is passed over between two pages.
    Whole,
    /// Nothing: what is left of a damaged store is read.
    Anything,
}

/// Fills a page with what a selection wants. Answers how far was looked.
pub(super) fn read(
    snapshot: &Connection,
    names: &mut Names,
    read: &Read,
    head: Position,
    outside: Outside,
    filling: &mut Filling<'_>,
) -> Result<Position, StoreError> {
    let mut channels = Channels::new(snapshot, names, read, outside)?;
    let rows = match read.order {
        Order::Forward => {
            "SELECT position, previous, channel, time, size, sum FROM message
             WHERE position > ?1 AND position <= ?2 ORDER BY position LIMIT ?3"
        }
        Order::Backward => {
            "SELECT position, previous, channel, time, size, sum FROM message
             WHERE position < ?1 AND position <= ?2 ORDER BY position DESC LIMIT ?3"
        }
    };
    let mut statement = snapshot.prepare_cached(rows).map_err(meaning)?;
    let mut rows = statement.query((row::place(read.from), row::place(head), ROWS)).map_err(meaning)?;
    let (mut looked, mut last) = (0, read.from);
    while !filling.is_full() {
        let Some(row) = rows.next().map_err(meaning)? else {
            let ended = looked < ROWS;
            channels.finish(ended.then_some(head))?;
            return Ok(if ended { end_of(read.order, head) } else { last });
        };
        let take = || Link::from_row(row, 1, Position(row.get(0)?));
        let (link, _) = take().map_err(meaning)?;
        let (at, live) = (link.position, link.size.is_some());
        let goes_on = match read.order {
            Order::Forward => at > last,
            Order::Backward => at < last,
        };
        if !goes_on {
            return Err(meaning(damage(format!(
                "the rows are out of order: position {at} comes after {last}"
            ))));
        }
        (looked, last) = (looked + 1, at);
        if let Some(met) = channels.meet(link)?
            && live
            && at > met.gone
            && let Some(message) = amend::fetch(snapshot, at, &met.channel, read)?
        {
            filling.push(message);
        }
    }
    channels.finish(None)?;
    Ok(last)
}

/// The channels met in one page, each judged once.
struct Channels<'a> {
    snapshot: &'a Connection,
    names: &'a mut Names,
    read: &'a Read,
    outside: Outside,
    /// Whether rows of removed chains may be met.
    uncleared: bool,
    judged: HashMap<ChannelId, Option<Met>>,
}

/// A wanted channel, as far as it was met.
#[derive(Clone)]
struct Met {
    channel: Channel,
    /// Up to where it is gone though rows may be left.
    gone: Position,
    /// Its row that was met last.
    last: Link,
}

impl<'a> Channels<'a> {
    fn new(
        snapshot: &'a Connection,
        names: &'a mut Names,
        read: &'a Read,
        outside: Outside,
    ) -> Result<Channels<'a>, StoreError> {
        let uncleared = || snapshot.prepare_cached("SELECT 1 FROM clearing LIMIT 1")?.exists([]);
        let uncleared = uncleared().map_err(meaning)?;
        Ok(Channels { snapshot, names, read, outside, uncleared, judged: HashMap::new() })
    }

    /// Meets a row. Answers its channel if it is wanted.
    ///
    /// Rows of one channel come as they are chained. Where one is missing of those between two, something is damaged.
    fn meet(&mut self, link: Link) -> Result<Option<&Met>, StoreError> {
        if !self.judged.contains_key(&link.channel) {
            let met = self.judge(link)?;
            self.judged.insert(link.channel, met);
            let inside = link.previous.is_some_and(|previous| previous > self.read.from);
            if self.read.order == Order::Forward && (inside || self.outside == Outside::Whole) {
                self.look_below(link)?;
            }
        } else if let Some(Some(met)) = self.judged.get_mut(&link.channel) {
            let before = std::mem::replace(&mut met.last, link);
            let (upper, lower) = match self.read.order {
                Order::Forward => (link, before),
                Order::Backward => (before, link),
            };
            if upper.previous != Some(lower.position) {
                self.expect_gone(link.channel, upper.previous)?;
            }
        }
        Ok(self.judged.get(&link.channel).and_then(Option::as_ref))
    }

    /// Looks at what lies beyond the page: below each channel's lowest row, and above its highest if the log ended, at
    /// this place.
    fn finish(&self, ended: Option<Position>) -> Result<(), StoreError> {
        if self.outside == Outside::Anything {
            return Ok(());
        }
        for met in self.judged.values().flatten() {
            match self.read.order {
                Order::Backward => self.look_below(met.last)?,
                Order::Forward => {
                    let Some(end) = ended else { continue };
                    let head = self.row(met.last.channel)?.map(|row| row.head);
                    let missed = head.filter(|head| met.last.position < *head && *head <= end);
                    self.expect_gone(met.last.channel, missed)?;
                }
            }
        }
        Ok(())
    }

    /// The row below a channel's lowest one of a page is there, on whatever page, or gone.
    fn look_below(&self, lowest: Link) -> Result<(), StoreError> {
        let (Some(Some(_)), Some(at)) = (self.judged.get(&lowest.channel), lowest.previous) else {
            return Ok(());
        };
        let is_there = || {
            let there = "SELECT 1 FROM message WHERE position = ?1 AND channel = ?2";
            self.snapshot.prepare_cached(there)?.exists((row::place(at), lowest.channel.0))
        };
        if is_there().map_err(meaning)? { Ok(()) } else { self.expect_gone(lowest.channel, Some(at)) }
    }

    fn judge(&mut self, link: Link) -> Result<Option<Met>, StoreError> {
        let name = self.names.get(self.snapshot, link.channel)?;
        let wanted = name.filter(|name| self.read.selection.matches(name.as_str()));
        let met = |channel, gone| Met { channel, gone, last: link };
        Ok(match wanted {
            Some(channel) if self.uncleared => {
                self.row(link.channel)?.map(|row| met(channel, row.gone.through))
            }
            Some(channel) => Some(met(channel, Position::START)),
            None => None,
        })
    }

    /// The row of a channel; `None` if it was dropped.
    fn row(&self, id: ChannelId) -> Result<Option<Head>, StoreError> {
        channel::load_by_id(self.snapshot, id).map_err(meaning)
    }

    /// A row of a wanted channel is not where the chain says: it may be gone, else something is damaged.
    fn expect_gone(&self, id: ChannelId, at: Option<Position>) -> Result<(), StoreError> {
        let (Some(Some(met)), Some(at)) = (self.judged.get(&id), at) else { return Ok(()) };
        match self.row(id)? {
            Some(row) if at > row.gone.through.max(row.floor) => {
                let text = format!("`{}` has no message at position {at}, where one is kept", met.channel);
                Err(meaning(damage(text)))
            }
            _ => Ok(()),
        }
    }
}
