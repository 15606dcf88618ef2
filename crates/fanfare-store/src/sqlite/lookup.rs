//! Which channels a page is about, and what is gone of them.

use super::channel;
use super::heads::{ChannelId, Head};
use super::row::place;
use crate::Read;
use crate::gone::Gone;
use crate::retention::Rules;
use fanfare_proto::{NamespaceId, Pattern, Position, Selection};
use rusqlite::{Connection, OptionalExtension, Result};

/// Names looked at for one page; a page about more channels scans the log.
const NAMES: usize = 256;

/// A channel that a page is about.
pub(super) struct Wanted {
    pub(super) name: String,
    /// Its number, newest message and what is gone; `None` if it does not exist.
    pub(super) row: Option<(ChannelId, Position, Gone)>,
}

/// The names of all wanted channels, if they are not too many to look at.
pub(super) fn names(connection: &Connection, selection: &Selection) -> Result<Option<Vec<String>>> {
    let mut names = Vec::new();
    for pattern in selection.patterns() {
        if pattern.is_literal() {
            names.push(pattern.as_str().to_owned());
        } else if !names_of(connection, &pattern, &mut names)? {
            return Ok(None);
        }
    }
    names.sort_unstable();
    names.dedup();
    Ok((names.len() <= NAMES).then_some(names))
}

/// Adds the names that a pattern means. Answers false if there are too many to look at.
fn names_of(connection: &Connection, pattern: &Pattern, names: &mut Vec<String>) -> Result<bool> {
    let prefix = pattern.literal_prefix();
    let mut statement =
        connection.prepare_cached("SELECT name FROM channel WHERE name >= ?1 ORDER BY name LIMIT ?2")?;
    let mut rows = statement.query((prefix, NAMES + 1))?;
    let mut looked = 0;
    while let Some(row) = rows.next()? {
        let name = row.get_ref(0)?.as_str()?;
        if !name.starts_with(prefix) {
            return Ok(true);
        }
        looked += 1;
        if pattern.matches(name) {
            names.push(name.to_owned());
        }
    }
    Ok(looked <= NAMES)
}

/// The rows of the wanted channels, with their heads as memory knew them before the snapshot.
pub(super) fn channels(
    snapshot: &Connection,
    wanted: Option<Vec<(Option<Head>, String)>>,
) -> Result<Option<Vec<Wanted>>> {
    let channel = |(known, name): (Option<Head>, String)| {
        let row = channel::load(snapshot, &name, NamespaceId(0))?.map(|row| {
            let known = known.filter(|known| known.id == row.id).map_or(row.head, |known| known.head);
            (row.id, row.head.max(known), row.gone)
        });
        Ok(Wanted { name, row })
    };
    wanted.map(|wanted| wanted.into_iter().map(channel).collect()).transpose()
}

/// What is gone of the wanted channels, known ones and forgotten ones.
pub(super) fn gone(
    snapshot: &Connection,
    rules: &Rules,
    read: &Read,
    channels: Option<&[Wanted]>,
) -> Result<Gone> {
    let (literal, starred): (Vec<Pattern>, Vec<Pattern>) =
        read.selection.patterns().partition(Pattern::is_literal);
    let mut gone = Gone::NOTHING;
    for pattern in &literal {
        let name = pattern.as_str();
        let row = match channels.and_then(|all| all.iter().find(|wanted| wanted.name == name)) {
            Some(wanted) => wanted.row.map(|(_, _, gone)| gone),
            None => channel::load(snapshot, name, NamespaceId(0))?.map(|row| row.gone),
        };
        gone.raise(row.map_or_else(|| gone_of_namespace(snapshot, rules, name), Ok)?);
    }
    if starred.is_empty() {
        return Ok(gone);
    }
    gone.raise(gone_of_forgotten(snapshot, &starred, read.from)?);
    match channels {
        Some(channels) => {
            let known = channels.iter().filter_map(|wanted| wanted.row.map(|(_, _, gone)| gone));
            known.for_each(|other| gone.raise(other));
        }
        None => gone.raise(gone_of_matching(snapshot, &starred, read.from)?),
    }
    Ok(gone)
}

/// What is gone of forgotten channels of the namespace that rules a name.
fn gone_of_namespace(snapshot: &Connection, rules: &Rules, name: &str) -> Result<Gone> {
    let pattern = &rules.namespaces().of(name).pattern;
    let gone = "SELECT trimmed_through, reason FROM namespace WHERE pattern = ?1";
    let mut statement = snapshot.prepare_cached(gone)?;
    let gone = statement.query_row([pattern.as_str()], |row| channel::gone(row, 0)).optional()?;
    Ok(gone.unwrap_or(Gone::NOTHING))
}

/// What is gone of forgotten channels that patterns may have meant.
fn gone_of_forgotten(snapshot: &Connection, patterns: &[Pattern], from: Position) -> Result<Gone> {
    let gone = "SELECT pattern, trimmed_through, reason FROM namespace WHERE trimmed_through > ?1";
    let mut statement = snapshot.prepare_cached(gone)?;
    let mut rows = statement.query([place(from)])?;
    let mut gone = Gone::NOTHING;
    while let Some(row) = rows.next()? {
        let namespace = Pattern::parse(row.get_ref(0)?.as_str()?);
        let overlaps = |namespace: &Pattern| patterns.iter().any(|pattern| pattern.overlaps(namespace));
        if namespace.as_ref().map_or(true, overlaps) {
            gone.raise(channel::gone(row, 1)?);
        }
    }
    Ok(gone)
}

/// What is gone of the channels that patterns mean: those of which something after a place is gone, from the one
/// that lost the newest.
fn gone_of_matching(snapshot: &Connection, patterns: &[Pattern], from: Position) -> Result<Gone> {
    let mut statement = snapshot.prepare_cached(
        "SELECT name, trimmed_through, reason FROM channel
         WHERE trimmed_through > ?1 AND trimmed_through >= id ORDER BY trimmed_through DESC",
    )?;
    let mut rows = statement.query([place(from)])?;
    while let Some(row) = rows.next()? {
        let name = row.get_ref(0)?.as_str()?;
        if patterns.iter().any(|pattern| pattern.matches(name)) {
            return channel::gone(row, 1);
        }
    }
    Ok(Gone::NOTHING)
}
