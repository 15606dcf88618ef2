//! What the small tables say about themselves and each other. The rows are few beside messages, and SQLite finds what
//! is wrong by itself: each rule is a query for what breaks it.

use super::{Findings, Part};
use fanfare_proto::{Channel, Pattern};
use rusqlite::{Connection, Result as SqlResult};

/// A rule: where, and a query for the text of what breaks it. `?1` is the log's head.
const RULES: &[(Part, &str)] = &[
    (
        Part::Log,
        "SELECT 'there is no row about the log, and there are messages or channels' WHERE ?1 >= 0
            AND NOT EXISTS (SELECT 1 FROM meta)
            AND (EXISTS (SELECT 1 FROM message) OR EXISTS (SELECT 1 FROM channel))",
    ),
    (Part::Log, "SELECT 'the epoch is ' || epoch FROM meta WHERE ?1 >= 0 AND epoch NOT BETWEEN 1 AND 4294967295"),
    (
        Part::Log,
        "SELECT 'channels are said to count up to position ' || flushed || ', beyond the head, ' || head FROM meta
            WHERE ?1 >= 0 AND (flushed > head OR flushed < 0)",
    ),
    (
        Part::Log,
        "SELECT 'message ' || position || ' is later than the log says it is' FROM message
            WHERE ?1 >= 0 AND position = (SELECT max(position) FROM message WHERE position <= (SELECT head FROM meta))
            AND time > (SELECT time FROM meta)",
    ),
    (
        Part::Channels,
        "SELECT 'channel ' || name || ' begins at ' || id || ' and is at ' || head || ', and the log ends at ' || ?1
            FROM channel WHERE id < 1 OR id > ?1 OR head > ?1 OR (head < id AND head != 0)",
    ),
    (
        Part::Channels,
        "SELECT 'channel ' || name || ' lost everything up to ' || trimmed_through || ', beyond the log''s end, ' || ?1
            FROM channel WHERE trimmed_through > ?1 OR trimmed_through < 0",
    ),
    (
        Part::Channels,
        "SELECT 'channel ' || name || ' has ' || messages || ' of ' || total || ' messages with ' || bytes || ' bytes'
            FROM channel WHERE ?1 >= 0 AND (messages < 0 OR total < messages OR bytes < 0 OR reason NOT IN (0, 1))",
    ),
    (
        Part::Namespaces,
        "SELECT 'namespace ' || pattern || ' is noted up to ' || max(trimmed_through, floor) || ', beyond the log''s end, '
            || ?1 FROM namespace WHERE trimmed_through > ?1 OR floor > ?1 OR min(trimmed_through, floor) < 0",
    ),
    (
        Part::Clearing,
        "SELECT 'of channel number ' || channel || ' everything up to ' || through || ' is to be cleared, beyond the log''s '
            || 'end, ' || ?1 FROM clearing WHERE through > ?1",
    ),
    (
        Part::Clearing,
        "SELECT 'clearing channel number ' || c.channel || ' goes on at ' || c.place || ', a message of number ' || m.channel
            FROM clearing c JOIN message m ON m.position = c.place WHERE ?1 >= 0 AND m.channel != c.channel",
    ),
    (
        Part::Records,
        "SELECT 'record ' || kind || ' ' || key || ' has revision ' || revision || ', and the newest is '
            || (SELECT revision FROM meta) FROM record
            WHERE ?1 >= 0 AND (revision < 1 OR revision > (SELECT coalesce(max(revision), 0) FROM meta))",
    ),
    (
        Part::Records,
        "SELECT 'revision ' || revision || ' belongs to ' || count(*) || ' records' FROM record
            WHERE ?1 >= 0 GROUP BY revision HAVING count(*) > 1",
    ),
];

pub(super) fn look(snapshot: &Connection, findings: &mut Findings) -> SqlResult<()> {
    let head = findings.checked.head;
    for (part, query) in RULES {
        let mut statement = snapshot.prepare(query)?;
        let mut rows = statement.query([head.0])?;
        while let Some(row) = rows.next()?.filter(|_| !findings.is_full()) {
            findings.add(*part, row.get::<_, String>(0)?);
        }
    }
    names(snapshot, findings)
}

/// Names are what names may be.
fn names(snapshot: &Connection, findings: &mut Findings) -> SqlResult<()> {
    each(snapshot, "SELECT name FROM channel", |name| {
        if let Err(error) = Channel::parse(name) {
            findings.add(Part::Channels, format!("{name:?} is no name of a channel: {error}"));
        }
    })?;
    each(snapshot, "SELECT pattern FROM namespace", |pattern| {
        if let Err(error) = Pattern::parse(pattern) {
            findings.add(Part::Namespaces, format!("{pattern:?} is no pattern: {error}"));
        }
    })?;
    each(snapshot, "SELECT namespaces FROM meta", |patterns| {
        for pattern in patterns.lines() {
            if let Err(error) = Pattern::parse(pattern) {
                findings.add(Part::Namespaces, format!("{pattern:?} is no pattern: {error}"));
            }
        }
    })?;
    // Text that is not UTF-8 would not come back.
    each(snapshot, "SELECT kind || key FROM record", |_| ())
}

fn each(snapshot: &Connection, query: &str, mut take: impl FnMut(&str)) -> SqlResult<()> {
    let mut statement = snapshot.prepare(query)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        take(row.get_ref(0)?.as_str()?);
    }
    Ok(())
}
