//! Retention by age and bytes: the oldest messages of namespaces, and of the whole store.

use super::error::meaning;
use super::ledger::cost;
use super::row::place;
use super::trim::{Oldest, Step};
use super::writer::save_space;
use crate::StoreError;
use fanfare_proto::{Channel, NamespaceId, Position};
use rusqlite::{Connection, Result as SqlResult};

/// Lets the oldest of each namespace go: what is too old, and what is too much. Begins with another namespace each
/// time, so that a busy one does not keep the others from theirs. Answers with which to begin next.
pub(super) fn trim_spaces(step: &mut Step<'_>, first: usize) -> Result<usize, StoreError> {
    let rules = step.rules.namespaces();
    let count = rules.iter().count().max(1);
    let around = rules.iter().cycle().skip(first % count).take(count);
    for (id, rule) in around {
        if step.is_over() {
            break;
        }
        if trim_space(step, id)? {
            let space = *step.space(id);
            save_space(step.connection, rule.pattern.as_str(), &space).map_err(meaning)?;
        }
    }
    Ok((first + 1) % count)
}

/// Answers whether anything was let go.
fn trim_space(step: &mut Step<'_>, id: NamespaceId) -> Result<bool, StoreError> {
    let (keep, mut lost) = (step.rules.of(id), false);
    loop {
        let floor = step.space(id).floor;
        let rows = rows_after(step.connection, floor).map_err(meaning)?;
        if rows.is_empty() {
            return Ok(lost);
        }
        for row in rows {
            let too_much = step.space(id).bytes > keep.bytes;
            if !(too_much || row.link.time.after(keep.age) <= step.now) || step.is_over() {
                return Ok(lost);
            }
            step.look();
            let name = step.names.get(step.connection, row.link.channel)?;
            let name = name.filter(|name| step.rules.id_of(name.as_str()) == id);
            if let Some(channel) = name
                && is_live(step, &channel, &row)?
            {
                step.lose(&channel, &row)?;
                lost = true;
            }
            step.space(id).floor = row.link.position;
        }
    }
}

/// Lets the oldest of all go while the store is too large. Answers up to where nothing is left.
pub(super) fn trim_store(
    step: &mut Step<'_>,
    mut bottom: Position,
    most: u64,
) -> Result<Position, StoreError> {
    while cost(step.status()) > most {
        let rows = rows_after(step.connection, bottom).map_err(meaning)?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            if cost(step.status()) <= most || step.is_over() {
                return Ok(bottom);
            }
            step.look();
            if let Some(channel) = step.names.get(step.connection, row.link.channel)?
                && is_live(step, &channel, &row)?
            {
                step.lose(&channel, &row)?;
            }
            bottom = row.link.position;
        }
    }
    Ok(bottom)
}

/// The oldest rows of the log after a place.
fn rows_after(connection: &Connection, from: Position) -> SqlResult<Vec<Oldest>> {
    let mut statement = connection.prepare_cached(
        "SELECT position, previous, channel, time, size, sum, expires FROM message
         WHERE position > ?1 ORDER BY position LIMIT 128",
    )?;
    statement.query_map([place(from)], Oldest::from_row)?.collect()
}

/// Whether a row is its channel's; else it belongs to a removed chain, which is cleared by itself.
fn is_live(step: &mut Step<'_>, channel: &Channel, row: &Oldest) -> Result<bool, StoreError> {
    let head = step.head(channel)?;
    Ok(head.is_some_and(|head| head.id == row.link.channel && head.gone.through < row.link.position))
}
