//! Reading the messages of many channels: through the log in order, taking what is wanted.

use super::error::meaning;
use super::heads::ChannelId;
use super::reader::end_of;
use super::row::{self, Names};
use crate::page::Filling;
use crate::{Order, Read, StoreError};
use fanfare_proto::{Channel, Position};
use rusqlite::{Connection, OptionalExtension};
use std::collections::HashMap;

/// Rows looked at for one page: a page of a quiet pattern in a busy log may be empty and only move on.
const ROWS: u32 = 4096;

/// Fills a page with what a selection wants. Answers how far was looked.
pub(super) fn read(
    snapshot: &Connection,
    names: &mut Names,
    read: &Read,
    head: Position,
    filling: &mut Filling<'_>,
) -> Result<Position, StoreError> {
    let mut channels = Channels::new(snapshot, names, read)?;
    let rows = match read.order {
        Order::Forward => {
            "SELECT position, channel, size IS NOT NULL FROM message
             WHERE position > ?1 AND position <= ?2 ORDER BY position LIMIT ?3"
        }
        Order::Backward => {
            "SELECT position, channel, size IS NOT NULL FROM message
             WHERE position < ?1 AND position <= ?2 ORDER BY position DESC LIMIT ?3"
        }
    };
    let mut statement = snapshot.prepare_cached(rows).map_err(meaning)?;
    let mut rows = statement.query((row::place(read.from), row::place(head), ROWS)).map_err(meaning)?;
    let (mut looked, mut last) = (0, read.from);
    while !filling.is_full() {
        let Some(row) = rows.next().map_err(meaning)? else {
            return Ok(if looked < ROWS { end_of(read.order, head) } else { last });
        };
        let take =
            || rusqlite::Result::Ok((Position(row.get(0)?), ChannelId(row.get(1)?), row.get::<_, bool>(2)?));
        let (at, id, live) = take().map_err(meaning)?;
        (looked, last) = (looked + 1, at);
        if let Some((channel, _)) = channels.get(id)?.filter(|(_, gone)| live && at > *gone)
            && let Some(message) = row::fetch(snapshot, at, &channel)?
        {
            filling.push(message);
        }
    }
    Ok(last)
}

/// The channels met in one page, each judged once.
struct Channels<'a> {
    snapshot: &'a Connection,
    names: &'a mut Names,
    read: &'a Read,
    /// Whether rows of removed chains may be met.
    uncleared: bool,
    judged: HashMap<ChannelId, Option<(Channel, Position)>>,
}

impl<'a> Channels<'a> {
    fn new(
        snapshot: &'a Connection,
        names: &'a mut Names,
        read: &'a Read,
    ) -> Result<Channels<'a>, StoreError> {
        let uncleared = || snapshot.prepare_cached("SELECT 1 FROM clearing LIMIT 1")?.exists([]);
        let uncleared = uncleared().map_err(meaning)?;
        Ok(Channels { snapshot, names, read, uncleared, judged: HashMap::new() })
    }

    /// A channel if it is wanted, and up to where it is gone though rows may be left.
    fn get(&mut self, id: ChannelId) -> Result<Option<(Channel, Position)>, StoreError> {
        if let Some(judged) = self.judged.get(&id) {
            return Ok(judged.clone());
        }
        let name = self.names.get(self.snapshot, id)?;
        let wanted = name.filter(|name| self.read.selection.matches(name.as_str()));
        let judged = match wanted {
            Some(channel) if self.uncleared => self.gone(id).map_err(meaning)?.map(|gone| (channel, gone)),
            Some(channel) => Some((channel, Position::START)),
            None => None,
        };
        self.judged.insert(id, judged.clone());
        Ok(judged)
    }

    /// Up to where a channel is gone; `None` if it was dropped.
    fn gone(&self, id: ChannelId) -> rusqlite::Result<Option<Position>> {
        let gone = "SELECT trimmed_through FROM channel WHERE id = ?1";
        let mut statement = self.snapshot.prepare_cached(gone)?;
        statement.query_row([id.0], |row| row.get(0).map(Position)).optional()
    }
}
