//! Questions that are not pages: a moment's place, and lists of channels.

use super::channel;
use super::error::meaning;
use super::heads::Head;
use super::ledger::Shared;
use super::reader::Reader;
use super::row::place;
use super::sum::Link;
use crate::{ChannelInfo, StoreError};
use fanfare_proto::{NamespaceId, Pattern, Position, Time};
use rusqlite::{OptionalExtension, Result as SqlResult};

/// Names looked at in one snapshot.
const NAMES: usize = 1000;

impl Reader {
    /// The place just before the first message accepted at or after a moment: time rises with position, so the range
    /// in which it lies is halved until it is found. Positions may be missing.
    pub(super) fn find(&mut self, shared: &Shared, time: Time) -> Result<Position, StoreError> {
        let head = shared.status().head;
        let mut find = || {
            let snapshot = self.connection.transaction()?;
            let mut statement = snapshot.prepare_cached(
                "SELECT position, previous, channel, time, size, sum FROM message
                 WHERE position >= ?1 AND position <= ?2 ORDER BY position LIMIT 1",
            )?;
            let mut first_from = |from: u64| {
                let values = (place(Position(from)), place(head));
                let take = |row: &rusqlite::Row<'_>| {
                    let position = row.get(0)?;
                    Ok((position, Link::from_row(row, 1, Position(position))?.0.time))
                };
                statement.query_row(values, take).optional()
            };
            let (mut low, mut high) = (0, head.0 + 1);
            while low < high {
                let middle = low + (high - low) / 2;
                match first_from(middle)? {
                    Some((position, at)) if at < time => low = position + 1,
                    _ => high = middle,
                }
            }
            let found = first_from(low)?.map(|(position, _)| Position(position - 1));
            SqlResult::Ok(found.unwrap_or(head))
        };
        find().map_err(meaning)
    }

    /// Channels by name, with their heads as memory knows them.
    pub(super) fn channels(
        &mut self,
        shared: &Shared,
        pattern: &Pattern,
        after: &str,
        limit: usize,
    ) -> Result<Vec<ChannelInfo>, StoreError> {
        let (mut found, mut after) = (Vec::new(), after.to_owned());
        while found.len() < limit {
            let names = self.names_after(pattern, &after).map_err(meaning)?;
            let Some((last, _)) = names.last() else { break };
            after.clone_from(last);
            for (name, row) in names {
                if found.len() < limit && pattern.matches(&name) {
                    let known = shared.heads.peek(shared.heads.key(&name)).filter(|known| known.id == row.id);
                    let head = known.unwrap_or(row);
                    found.push(ChannelInfo {
                        channel: channel::parse(&name)?,
                        head: head.head,
                        published: head.total,
                        messages: head.messages,
                        bytes: head.bytes,
                        trimmed_through: head.gone.through,
                    });
                }
            }
        }
        Ok(found)
    }

    /// Channels whose names start as a pattern's do, after a name.
    fn names_after(&mut self, pattern: &Pattern, after: &str) -> SqlResult<Vec<(String, Head)>> {
        let prefix = pattern.literal_prefix();
        let mut statement = self.connection.prepare_cached(
            "SELECT name, id, head, total, messages, bytes, trimmed_through, reason, floor, sum FROM channel
             WHERE name > ?1 AND name >= ?2 ORDER BY name LIMIT ?3",
        )?;
        let take = |row: &rusqlite::Row<'_>| {
            Ok((row.get::<_, String>(0)?, channel::from_row(row, 1, NamespaceId(0))?))
        };
        let rows = statement.query_map((after, prefix, NAMES), take)?;
        rows.take_while(|row| row.as_ref().map_or(true, |(name, _)| name.starts_with(prefix))).collect()
    }
}
