//! Edits and deletes: what they change of earlier rows, in the transaction that appends them, and how readers see that.
//!
//! An original's row names its newest edit, and an edit's row the edit before it. So what a delete has to erase is found
//! without looking at other rows.

use super::chain::link;
use super::error::meaning;
use super::heads::Head;
use super::row;
use super::sum::{Amended, Link, Said};
use crate::{Order, Original, Read, StoreError};
use fanfare_proto::{Amends, Channel, Message, Position, View};
use rusqlite::{Connection, OptionalExtension, Result as SqlResult};
use std::sync::Arc;

/// Does what a message at this place says of an earlier one. Answers what its own row says of edits, and how many bytes were
/// freed.
pub(super) fn amend(
    connection: &Connection,
    amends: Amends,
    position: Position,
) -> SqlResult<(Amended, u64)> {
    match amends {
        Amends::Replaces(target) => {
            let before = set_edit(connection, target, |_| Some(position))?.and_then(|before| before.edit);
            Ok((Amended { replaces: Some(target), edit: before, ..Amended::default() }, 0))
        }
        Amends::Deletes(target) => {
            let amended = Amended { deletes: Some(target), ..Amended::default() };
            Ok((amended, erase(connection, target)?))
        }
    }
}

/// An edit is removed: whoever names it names the one before it.
pub(super) fn unlink(connection: &Connection, edit: Position) -> SqlResult<()> {
    let Some(Amended { replaces: Some(target), edit: before, .. }) = amended(connection, edit)? else {
        return Ok(());
    };
    let mut at = target;
    while let Some(next) = amended(connection, at)?.and_then(|amended| amended.edit) {
        if next == edit {
            set_edit(connection, at, |_| before)?;
            return Ok(());
        }
        at = next;
    }
    Ok(())
}

/// What a row says of edits and deletes, if it is there.
fn amended(connection: &Connection, at: Position) -> SqlResult<Option<Amended>> {
    let columns =
        "SELECT replaces, deletes, edit, deleted FROM message WHERE position = ?1 AND size IS NOT NULL";
    let mut statement = connection.prepare_cached(columns)?;
    statement.query_row([row::place(at)], |row| Amended::from_row(row, 0)).optional()
}

/// Changes the edit that a row names. Answers what the row said before, if it is there.
fn set_edit(
    connection: &Connection,
    at: Position,
    edit: impl FnOnce(&Amended) -> Option<Position>,
) -> SqlResult<Option<Amended>> {
    let Some(before) = amended(connection, at)? else { return Ok(None) };
    let after = Amended { edit: edit(&before), ..before };
    // A value is that of all parts together: of what stays, nothing has to be read.
    let change = i64::from(before.sum() ^ after.sum());
    let update = "UPDATE message SET edit = ?2, sum = (sum | ?3) - (sum & ?3) WHERE position = ?1";
    let edit = after.edit.map(|edit| edit.0);
    connection.prepare_cached(update)?.execute((row::place(at), edit, change))?;
    Ok(Some(before))
}

/// Erases what a message said, and what its edits said. Answers how many bytes that were.
fn erase(connection: &Connection, target: Position) -> SqlResult<u64> {
    let (mut freed, mut next) = (0, Some(target));
    while let Some(at) = next {
        next = amended(connection, at)?.and_then(|amended| amended.edit);
        freed += erase_one(connection, at)?;
    }
    Ok(freed)
}

fn erase_one(connection: &Connection, at: Position) -> SqlResult<u64> {
    let columns = "SELECT previous, channel, time, size, sum, replaces, deletes, edit, deleted, id, publisher
         FROM message WHERE position = ?1 AND size IS NOT NULL";
    let mut statement = connection.prepare_cached(columns)?;
    let take = |row: &rusqlite::Row<'_>| {
        let (link, _) = Link::from_row(row, 0, at)?;
        let texts: [Option<String>; 2] = [row.get(9)?, row.get(10)?];
        Ok((link, Amended::from_row(row, 5)?, texts))
    };
    let Some((link, amended, [id, publisher])) = statement.query_row([row::place(at)], take).optional()?
    else {
        return Ok(0);
    };
    let texts = [id.as_deref(), publisher.as_deref(), None, None, None, None, None];
    let said = Said { expires: None, priority: None, texts, body: b"" };
    let amended = Amended { deleted: true, ..amended };
    let sum = Link { size: Some(0), ..link }.with(said.sum() ^ amended.sum());
    let update =
        "UPDATE message SET size = 0, sum = ?2, expires = NULL, key = NULL, priority = NULL, tags = NULL,
            event = NULL, content_type = NULL, notice = NULL, body = NULL, deleted = 1
        WHERE position = ?1";
    connection.prepare_cached(update)?.execute((row::place(at), sum))?;
    Ok(link.size.unwrap_or(0))
}

/// The message at a position, if it is one of this channel, above all that is gone of it.
pub(super) fn original(
    connection: &Connection,
    position: Position,
    channel: &Channel,
    head: &Head,
) -> Result<Option<Original>, StoreError> {
    let link = link(connection, position).map_err(meaning)?;
    if position <= head.gone.through || link.is_none_or(|link| link.channel != head.id) {
        return Ok(None);
    }
    let Some((message, edit)) = row::fetch(connection, position, channel)? else { return Ok(None) };
    let edit = edit.map(|edit| row::fetch(connection, edit, channel)).transpose()?.flatten();
    let expires = edit.map_or(message.expires, |(edit, _)| edit.expires);
    Ok(Some(Original { message: Arc::new(message), expires }))
}

/// Where the edits of a message are, if it is an original; the newest first.
pub(super) fn edits_of(connection: &Connection, position: Position) -> SqlResult<Vec<Position>> {
    let mut said = amended(connection, position)?.filter(|said| said.replaces.is_none());
    let mut edits = Vec::new();
    while let Some(edit) = said.and_then(|said| said.edit) {
        edits.push(edit);
        said = amended(connection, edit)?;
    }
    Ok(edits)
}

/// Reads the message at a position as a reader sees it; `None` if there is none, or none for this reader.
pub(super) fn fetch(
    connection: &Connection,
    position: Position,
    channel: &Channel,
    read: &Read,
) -> Result<Option<Arc<Message>>, StoreError> {
    let Some((message, edit)) = row::fetch(connection, position, channel)? else { return Ok(None) };
    if read.selection.view() == View::Events {
        return Ok(Some(Arc::new(message)));
    }
    let shown = match message.content.amends {
        None if message.content.is_erased() => None,
        None => {
            let edit = edit.map(|edit| row::fetch(connection, edit, channel)).transpose()?.flatten();
            Some(edit.map(|(edit, _)| message.edited(&edit)).unwrap_or(message))
        }
        Some(amends) => {
            let target = amends.target();
            let heard = read.order == Order::Forward && read.began < target && target <= read.from;
            let told = match amends {
                _ if !heard || message.content.became.is_some() => false,
                // Of an original that is not kept there are no edits.
                Amends::Replaces(_) => {
                    let original = amended(connection, target).map_err(meaning)?;
                    original.is_some_and(|original| original.edit == Some(position))
                }
                Amends::Deletes(_) => true,
            };
            told.then_some(message)
        }
    };
    Ok(shown.map(Arc::new))
}
