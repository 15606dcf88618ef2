//! Clearing chains that were purged or dropped: row by row from the newest, then their milestones.

use super::chain::link;
use super::error::{damage, meaning};
use super::trim::Step;
use crate::StoreError;
use fanfare_proto::Position;
use rusqlite::{Connection, OptionalExtension, Result as SqlResult};

/// Milestones deleted by one statement.
const MILESTONES: usize = 256;

/// Clears until the step is over or nothing is left to clear.
pub(super) fn step(step: &mut Step<'_>) -> Result<(), StoreError> {
    while let Some((channel, through, place)) = next(step.connection).map_err(meaning)? {
        if step.is_over() {
            break;
        }
        clear(step, channel, through, place).map_err(meaning)?;
    }
    Ok(())
}

/// The next channel to clear, up to where, and where to go on.
fn next(connection: &Connection) -> SqlResult<Option<(u64, u64, Option<u64>)>> {
    let mut statement = connection.prepare_cached("SELECT channel, through, place FROM clearing LIMIT 1")?;
    statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()
}

fn clear(step: &mut Step<'_>, channel: u64, through: u64, place: Option<u64>) -> SqlResult<()> {
    if let Some(next) = clear_rows(step, channel, place)? {
        let on = "UPDATE clearing SET place = ?3 WHERE channel = ?1 AND through = ?2";
        step.execute(on, (channel, through, next))?;
        return Ok(());
    }
    let milestones = "DELETE FROM milestone WHERE channel = ?1 AND position IN
        (SELECT position FROM milestone WHERE channel = ?1 AND position <= ?2 LIMIT ?3)";
    let cleared = step.execute(milestones, (channel, through, MILESTONES))?;
    step.look();
    let on = if cleared < MILESTONES {
        "DELETE FROM clearing WHERE channel = ?1 AND through = ?2"
    } else {
        "UPDATE clearing SET place = NULL WHERE channel = ?1 AND through = ?2"
    };
    step.execute(on, (channel, through))?;
    Ok(())
}

/// Deletes rows down the chain of a channel. Answers where to go on, if anywhere.
fn clear_rows(step: &mut Step<'_>, channel: u64, mut place: Option<u64>) -> SqlResult<Option<u64>> {
    while let Some(at) = place {
        if step.is_over() {
            return Ok(place);
        }
        step.look();
        let Some(link) = link(step.connection, Position(at))? else { return Ok(None) };
        if link.channel.0 != channel {
            return Err(damage(format!(
                "the message at position {at} is to be cleared with another channel's"
            )));
        }
        step.delete(link.position)?;
        place = link.previous.map(|previous| previous.0);
    }
    Ok(None)
}
