//! What is stored beyond what the rules keep, when a store is opened: retention lets it go at once.
//!
//! A log that these rules had trimmed ends with almost nothing beyond them at its own newest time, however long ago that
//! was. So what there is came by rules that kept more, or was imported; and its owner is told before it goes.

use super::channel;
use super::error::meaning;
use super::heads::ChannelId;
use super::ledger::{Ledger, cost};
use super::row::{Names, place};
use crate::StoreError;
use fanfare_proto::{Namespace, NamespaceId, Pattern, Position, Time};
use rusqlite::{Connection, Result as SqlResult};
use std::time::{Duration, Instant};

/// Time for counting what is too old; then there is more than what is told.
const COUNT_TIME: Duration = Duration::from_millis(250);

/// What the rules do not keep of one namespace, or of the whole store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beyond {
    /// The namespace; none for the whole store.
    pub namespace: Option<Pattern>,
    /// Messages that are too old or, of their channels, too many, whichever are more. At least so many.
    pub messages: u64,
    /// Bytes that are too many.
    pub bytes: u64,
}

/// Counts it. `too_many` has the messages of each namespace that its channels have too many of.
pub(super) fn find(
    connection: &Connection,
    ledger: &Ledger,
    names: &mut Names,
    too_many: &[u64],
    most_bytes: u64,
) -> Result<Vec<Beyond>, StoreError> {
    let (until, mut found) = (Instant::now() + COUNT_TIME, Vec::new());
    let rules = ledger.rules.namespaces();
    for ((id, Namespace { pattern, .. }), too_many) in rules.iter().zip(too_many) {
        let (keep, space) = (ledger.rules.of(id), ledger.spaces[usize::from(id.0)]);
        let too_old = count_old(connection, ledger, names, id, until)?;
        let messages = too_old.max(*too_many);
        let bytes = space.bytes.saturating_sub(keep.bytes);
        if messages > 0 || bytes > 0 {
            found.push(Beyond { namespace: Some(pattern.clone()), messages, bytes });
        }
    }
    let bytes = cost(&ledger.status).saturating_sub(most_bytes);
    if bytes > 0 {
        found.push(Beyond { namespace: None, messages: 0, bytes });
    }
    Ok(found)
}

/// How many messages of a namespace are too old at the log's newest time; as many as are found in time.
fn count_old(
    connection: &Connection,
    ledger: &Ledger,
    names: &mut Names,
    id: NamespaceId,
    until: Instant,
) -> Result<u64, StoreError> {
    let (age, floor, now) =
        (ledger.rules.of(id).age, ledger.spaces[usize::from(id.0)].floor, ledger.status.time);
    let mut statement = connection
        .prepare("SELECT channel, position, time FROM message WHERE position > ?1 AND size IS NOT NULL ORDER BY position")
        .map_err(meaning)?;
    let mut rows = statement.query([place(floor)]).map_err(meaning)?;
    let (mut count, mut looked) = (0, 0u32);
    while let Some(row) = rows.next().map_err(meaning)? {
        let take = || {
            let time = Time(row.get::<_, i64>(2)?.cast_unsigned());
            SqlResult::Ok((ChannelId(row.get(0)?), Position(row.get(1)?), time))
        };
        let (channel, position, time) = take().map_err(meaning)?;
        looked = looked.wrapping_add(1);
        if time.after(age) >= now || (looked.is_multiple_of(256) && Instant::now() >= until) {
            break;
        }
        let name = names.get(connection, channel)?;
        if name.is_some_and(|name| ledger.rules.id_of(name.as_str()) == id)
            && channel::load_by_id(connection, channel)
                .map_err(meaning)?
                .is_some_and(|head| head.gone.through < position)
        {
            count += 1;
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use crate::{Draft, Log, SqliteLog, SqliteOptions};
    use fanfare_proto::{Channel, Content, Keeping, Namespace, Namespaces, Pattern, Time, limits};
    use std::sync::Arc;
    use std::time::Duration;

    #[test]
    fn what_is_too_old_at_the_logs_own_time_or_too_much_is_counted() {
        let dir = tempfile::tempdir().unwrap();
        let open = |hours: u64, bytes| {
            let mut rule = Namespace::new(Pattern::parse("old/*").unwrap(), Keeping::Kept);
            rule.retention.age = Duration::from_secs(3600 * hours);
            let options = SqliteOptions { bytes, ..SqliteOptions::default() };
            SqliteLog::open(dir.path(), Arc::new(Namespaces::new([rule])), options).unwrap()
        };
        let told = |hours, bytes| {
            let log = open(hours, bytes);
            let said = log.beyond().iter();
            said.map(|said| (said.namespace.as_ref().map(|it| it.to_string()), said.messages, said.bytes > 0))
                .collect::<Vec<_>>()
        };
        let much = limits::KEPT_BYTES;
        assert_eq!(told(1, much), []);
        let log = open(100, much);
        for hour in 0..20 {
            for name in ["old/a", "other"] {
                let content = Content { body: "x".into(), ..Content::default() };
                let channel = Channel::parse(name).unwrap();
                let draft = Draft { channel, id: None, publisher: None, expires: None, content };
                log.append(vec![draft], Time(3_600_000 * (1000 + hour))).unwrap();
            }
        }
        drop(log);
        assert_eq!(told(100, much), []);
        assert_eq!(told(5, much), [(Some("old/*".into()), 14, false)]);
        assert_eq!(told(100, 1000), [(None, 0, true)]);
    }
}
