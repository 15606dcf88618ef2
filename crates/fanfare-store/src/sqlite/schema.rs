//! What is in the file, and how it came to be.
//!
//! The file's `application_id` says that it is Fanfare's, its `user_version` which of the steps below it has been
//! through. A step that has been released is never changed; what changes the schema is one more step.

use crate::StoreError;
use crate::sqlite::error::meaning;
use crate::sqlite::settle::settle;
use crate::sqlite::{mark, owner, sound};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::cmp::Ordering;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

/// "FANF", in the file's header.
const APPLICATION_ID: u32 = 0x4641_4E46;

/// Bytes of a page of the file.
pub(super) const PAGE_BYTES: u32 = 4096;

/// How long to wait for another program, say a backup, to let go of the file.
pub(super) const BUSY_TIME: Duration = Duration::from_secs(5);

/// The steps from an empty file to today's.
const STEPS: &[&str] = &[
    // 1: messages in order of position, the chain of each channel with a milestone at every 64th message, channels
    // with what is gone of them, namespaces with what is gone of forgotten channels, removed chains that wait to
    // be cleared, and records.
    "CREATE TABLE meta (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        epoch INTEGER NOT NULL,        -- which life of the log this is
        head INTEGER NOT NULL,         -- positions up to here are used, even if their rows are gone
        time INTEGER NOT NULL,         -- and new messages are not earlier than this (ms since 1970)
        flushed INTEGER NOT NULL,      -- channel rows count all messages up to here
        revision INTEGER NOT NULL,     -- the last one of a record
        namespaces TEXT NOT NULL       -- patterns that ruled when the store was open last
    ) STRICT;
    CREATE TABLE message (
        position INTEGER PRIMARY KEY,
        previous INTEGER,              -- the message before it in the same channel
        channel INTEGER NOT NULL,
        time INTEGER NOT NULL,
        size INTEGER,                  -- bytes of contents; NULL: removed, only the chain is left
        expires INTEGER,
        id TEXT, publisher TEXT, key TEXT, priority INTEGER, tags TEXT, event TEXT, content_type TEXT,
        notice TEXT, body BLOB
    ) STRICT;
    CREATE TABLE channel (
        id INTEGER PRIMARY KEY,        -- the position of its first message
        name TEXT NOT NULL UNIQUE,
        head INTEGER NOT NULL,         -- this row counts its messages up to here
        total INTEGER NOT NULL,        -- messages ever
        messages INTEGER NOT NULL,     -- messages kept
        bytes INTEGER NOT NULL,        -- of their contents
        trimmed_through INTEGER NOT NULL,
        reason INTEGER NOT NULL        -- 0 trimmed, 1 purged
    ) STRICT;
    CREATE INDEX channel_trimmed ON channel (trimmed_through) WHERE trimmed_through >= id;
    CREATE TABLE milestone (
        channel INTEGER NOT NULL,
        position INTEGER NOT NULL,
        PRIMARY KEY (channel, position)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE namespace (
        pattern TEXT PRIMARY KEY,
        trimmed_through INTEGER NOT NULL,
        reason INTEGER NOT NULL,
        floor INTEGER NOT NULL         -- nothing of the namespace is left up to here
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE clearing (
        channel INTEGER NOT NULL,
        through INTEGER NOT NULL,      -- of this channel, everything up to here is to be cleared
        place INTEGER,                 -- the next row of the chain; NULL: only milestones are left
        PRIMARY KEY (channel, through)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE record (
        kind TEXT NOT NULL,
        key TEXT NOT NULL,
        revision INTEGER NOT NULL,
        value BLOB NOT NULL,
        PRIMARY KEY (kind, key)
    ) STRICT, WITHOUT ROWID;",
    // 2: what tells damage, which SQLite by itself does not see. Messages and channels have check values (NULL: written
    // by step 1), channels know up to where their rows are gone for any reason, what there is little of is there
    // twice, and changes that add no message are counted.
    "CREATE TABLE message_2 (
        position INTEGER PRIMARY KEY,
        previous INTEGER,
        channel INTEGER NOT NULL,
        time INTEGER NOT NULL,
        size INTEGER,
        sum INTEGER,                   -- of the row, see sum.rs
        expires INTEGER,
        id TEXT, publisher TEXT, key TEXT, priority INTEGER, tags TEXT, event TEXT, content_type TEXT,
        notice TEXT, body BLOB
    ) STRICT;
    INSERT INTO message_2 SELECT position, previous, channel, time, size, NULL, expires, id, publisher, key, priority,
        tags, event, content_type, notice, body FROM message ORDER BY position;
    DROP TABLE message;
    ALTER TABLE message_2 RENAME TO message;
    ALTER TABLE channel ADD COLUMN floor INTEGER NOT NULL DEFAULT 0; -- no row of it is left up to here
    ALTER TABLE channel ADD COLUMN sum INTEGER;
    CREATE TEMP TABLE lowest (channel INTEGER PRIMARY KEY, position INTEGER);
    INSERT INTO lowest SELECT channel, min(position) FROM message GROUP BY channel;
    UPDATE channel SET floor = max(
        coalesce((SELECT position - 1 FROM lowest WHERE lowest.channel = channel.id), head),
        coalesce((SELECT max(through) FROM clearing WHERE clearing.channel = channel.id), 0));
    DROP TABLE lowest;
    ALTER TABLE meta ADD COLUMN changes INTEGER NOT NULL DEFAULT 0; -- transactions that were not an append
    CREATE UNIQUE INDEX meta_twice ON meta (only, epoch, head, time, flushed, revision, changes, namespaces);
    CREATE UNIQUE INDEX namespace_twice ON namespace (pattern, trimmed_through, reason, floor);",
    // 3: edits and deletes.
    "ALTER TABLE message ADD COLUMN replaces INTEGER; -- the original that this edits
    ALTER TABLE message ADD COLUMN deletes INTEGER;   -- the original that this deletes
    ALTER TABLE message ADD COLUMN edit INTEGER;      -- its newest edit; of an edit, the one before it
    ALTER TABLE message ADD COLUMN deleted INTEGER;   -- 1: what it said was erased",
];

/// A file that may be written, and was not yet, unless it is new or was of an older version.
pub(super) struct Opened {
    pub(super) connection: Connection,
    /// Somebody wants to go on with what is left.
    pub(super) new_life: bool,
}

/// Opens the file for writing, makes it or brings it up to date. What is damaged is refused and left as it is.
pub(super) fn open_writer(path: &Path, vfs: Option<&str>, look_time: Duration) -> Result<Opened, StoreError> {
    let create = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let dir = path.parent().unwrap_or(path);
    mark::expect_file(dir, path)?;
    let mut connection = open(path, create, vfs)?;
    leave_log(&connection, true).map_err(meaning)?;
    let ours = is_ours(&connection, path)?;
    let (found, known) = (version_of(&connection)?, version());
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    if found > 0 {
        sound::look(&mut connection, look_time, found == known)?;
    }
    let new_life = found == known && mark::compare(dir, &connection)?;
    set_up_writing(&connection).map_err(meaning)?;
    if found < known {
        if !ours {
            // Before it has a write-ahead log: SQLite gives that to whoever has the file.
            owner::hand_over(path);
        }
        use_log(&connection, path)?;
        settle(&connection)?;
        if !ours {
            connection.pragma_update(None, "application_id", APPLICATION_ID).map_err(meaning)?;
        }
        migrate(&mut connection, STEPS)?;
    }
    Ok(Opened { connection, new_life })
}

/// Everything that is read at the start was found right: from here on the file changes.
pub(super) fn begin_writing(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    leave_log(connection, false).map_err(meaning)?;
    use_log(connection, path)?;
    settle(connection)
}

fn use_log(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    connection.pragma_update(None, "page_size", PAGE_BYTES).map_err(meaning)?;
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0)).map_err(meaning)?;
    if mode != "wal" {
        let text = format!("{}: its file system cannot hold a write-ahead log", path.display());
        return Err(StoreError::Unusable(text));
    }
    // After a check, a change of the mode leaves a transaction open, up to the next read.
    version_of(connection).map(drop)
}

/// Whether the last connection that closes leaves the write-ahead log as it is, instead of moving it into the file.
pub(super) fn leave_log(connection: &Connection, leave: bool) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, leave).map(|_| ())
}

/// Opens the file once more: for reading.
pub(super) fn open_reader(path: &Path, vfs: Option<&str>) -> Result<Connection, StoreError> {
    open(path, OpenFlags::SQLITE_OPEN_READ_ONLY, vfs)
}

/// Opens a file that is there, only to look at it: nothing is made and nothing is brought up to date. A server may have
/// it open, too.
pub(super) fn open_looker(path: &Path) -> Result<Connection, StoreError> {
    let refuse = |text: &str| StoreError::Unusable(format!("{}: {text}", path.display()));
    if !path.is_file() {
        return Err(refuse("there is no store here"));
    }
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY, None)?;
    let ours = is_ours(&connection, path).map_err(|error| match error {
        StoreError::Unusable(text) if is_marked(path) => StoreError::Corrupt(text),
        error => error,
    })?;
    if !ours {
        return Err(refuse("the file is empty: no server has made a store of it yet"));
    }
    let found: u32 =
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(meaning)?;
    let known = version();
    match found.cmp(&known) {
        Ordering::Equal => Ok(connection),
        Ordering::Greater => Err(StoreError::Newer { found, known }),
        Ordering::Less => Err(refuse(&format!(
            "it has schema version {found}; start the server once, which brings it to version {known}"
        ))),
    }
}

/// Today's schema version.
pub(super) fn version() -> u32 {
    STEPS.len() as u32
}

/// Opens the file once more: for checkpoints.
pub(super) fn open_checkpointer(path: &Path, vfs: Option<&str>) -> Result<Connection, StoreError> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE, vfs)?;
    set_up_writing(&connection).map_err(meaning)?;
    Ok(connection)
}

fn open(path: &Path, flags: OpenFlags, vfs: Option<&str>) -> Result<Connection, StoreError> {
    // Each connection is used by one thread at a time.
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = match vfs {
        Some(vfs) => Connection::open_with_flags_and_vfs(path, flags, vfs),
        None => Connection::open_with_flags(path, flags),
    };
    let connection = opened.map_err(|error| StoreError::Unusable(format!("{}: {error}", path.display())))?;
    connection.busy_timeout(BUSY_TIME).map_err(meaning)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

fn set_up_writing(connection: &Connection) -> rusqlite::Result<()> {
    // A commit returns when its frames are synced: this is what a publisher is promised.
    connection.pragma_update(None, "synchronous", "full")?;
    // Checkpoints have their own thread.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    erase_thoroughly(connection, false)
}

/// Whether what is freed is overwritten wherever it is, or only in pages that are written anyway.
pub(super) fn erase_thoroughly(connection: &Connection, thoroughly: bool) -> rusqlite::Result<()> {
    connection.pragma_update(None, "secure_delete", if thoroughly { "on" } else { "fast" })
}

/// Whether the file is Fanfare's; a new one is nobody's.
fn is_ours(connection: &Connection, path: &Path) -> Result<bool, StoreError> {
    let refuse = |text: String| StoreError::Unusable(format!("{}: {text}", path.display()));
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, u32>(0));
    let application_id = match number("application_id") {
        Ok(id) => id,
        Err(error) => match meaning(error) {
            StoreError::Corrupt(text) => {
                return Err(refuse(format!("not an SQLite file, or damaged: {text}")));
            }
            error => return Err(error),
        },
    };
    let version = number("user_version").map_err(meaning)?;
    let count = "SELECT count(*) FROM sqlite_schema";
    let tables: u32 = connection.query_row(count, [], |row| row.get(0)).map_err(meaning)?;
    match application_id {
        APPLICATION_ID => Ok(true),
        0 if version == 0 && tables == 0 => Ok(false),
        other => Err(refuse(format!(
            "an SQLite file of another program (application id {other:#x}, not Fanfare's {APPLICATION_ID:#x})"
        ))),
    }
}

/// How many steps the file has been through.
fn version_of(connection: &Connection) -> Result<u32, StoreError> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(meaning)
}

/// Whether a file's header says that it is Fanfare's, whatever is wrong with the rest (SQLite's file format, 1.3).
fn is_marked(path: &Path) -> bool {
    let mut header = [0; 100];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut header));
    let id = APPLICATION_ID.to_be_bytes();
    read.is_ok() && header.starts_with(b"SQLite format 3\0") && header[68..72] == id
}

fn migrate(connection: &mut Connection, steps: &[&str]) -> Result<(), StoreError> {
    let found = version_of(connection)?;
    for (step, version) in steps.iter().zip(1..).skip(found as usize) {
        let mut run = || {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            transaction.execute_batch(step)?;
            transaction.pragma_update(None, "user_version", version)?;
            transaction.commit()
        };
        run().map_err(meaning)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gone::Gone;
    use crate::sqlite::heads::{ChannelId, Head};
    use crate::sqlite::sum::{Link, Said, of_channel};
    use crate::{Log, Order, Read, SqliteLog, SqliteOptions};
    use fanfare_proto::{Keeping, Namespace, NamespaceId, Namespaces, Pattern, Position, Selection, View};
    use std::sync::Arc;

    #[test]
    fn a_file_goes_through_the_steps_it_lacks_and_each_is_whole_or_not_at_all() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, &["CREATE TABLE a (x)"]).unwrap();
        let broken = ["CREATE TABLE a (x)", "CREATE TABLE b (x)", "CREATE TABLE c (x); NONSENSE"];
        assert!(migrate(&mut connection, &broken).is_err());
        assert_eq!(version_of(&connection), Ok(2));
        let tables = "SELECT group_concat(name ORDER BY name) FROM sqlite_schema";
        let tables: String = connection.query_row(tables, [], |row| row.get(0)).unwrap();
        assert_eq!(tables, "a,b");
        migrate(&mut connection, &["CREATE TABLE a (x)", "CREATE TABLE b (x)", "CREATE TABLE c (x)"])
            .unwrap();
        assert_eq!(version_of(&connection), Ok(3));
    }

    #[test]
    fn a_newer_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.db");
        let known = STEPS.len() as u32;
        drop(open_writer(&path, None, BUSY_TIME).unwrap());
        Connection::open(&path).unwrap().pragma_update(None, "user_version", known + 1).unwrap();
        let newer = StoreError::Newer { found: known + 1, known };
        assert_eq!(open_writer(&path, None, BUSY_TIME).err(), Some(newer));
    }

    #[test]
    fn what_is_not_ours_is_refused_and_left_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.db");
        std::fs::write(&path, "not a database, but text that is long enough to be looked at ".repeat(99))
            .unwrap();
        let before = std::fs::read(&path).unwrap();
        let Err(StoreError::Unusable(text)) = open_writer(&path, None, BUSY_TIME) else {
            panic!("it was opened")
        };
        assert!(text.contains("not an SQLite file"), "{text}");
        assert_eq!(std::fs::read(&path).unwrap(), before);
        let path = dir.path().join("y.db");
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
        let before = std::fs::read(&path).unwrap();
        let Err(StoreError::Unusable(text)) = open_writer(&path, None, BUSY_TIME) else {
            panic!("it was opened")
        };
        assert!(text.contains("another program"), "{text}");
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }

    #[test]
    fn a_store_of_the_second_step_takes_edits_and_deletes() {
        use crate::Draft;
        use fanfare_proto::{Amends, Channel, Content, Time};
        let dir = tempfile::tempdir().unwrap();
        let mut connection = Connection::open(dir.path().join(crate::sqlite::NAME)).unwrap();
        migrate(&mut connection, &STEPS[..2]).unwrap();
        connection.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        // With the check values that a server of that step wrote.
        let link = |position, previous| Link {
            position: Position(position),
            previous,
            channel: ChannelId(1),
            time: Time(1000),
            size: Some(1),
        };
        let said = Said { expires: None, priority: None, texts: [None; 7], body: b"a" }.sum();
        let head = Head {
            id: ChannelId(1),
            namespace: NamespaceId(0),
            head: Position(2),
            total: 2,
            messages: 2,
            bytes: 2,
            gone: Gone::NOTHING,
            floor: Position::START,
        };
        let rows = format!(
            "INSERT INTO meta VALUES (1, 7, 2, 1000, 2, 0, '**', 0);
            INSERT INTO channel VALUES (1, 'a', 2, 2, 2, 2, 0, 0, 0, {});
            INSERT INTO message (position, previous, channel, time, size, sum, body) VALUES
                (1, NULL, 1, 1000, 1, {}, x'61'), (2, 1, 1, 1000, 1, {}, x'61')",
            of_channel(&head),
            link(1, None).with(said),
            link(2, Some(Position(1))).with(said),
        );
        connection.execute_batch(&rows).unwrap();
        drop(connection);
        let rules = Namespaces::new([Namespace::new(Pattern::everything(), Keeping::Kept)]);
        let log = SqliteLog::open(dir.path(), Arc::new(rules), SqliteOptions::default()).unwrap();
        let amend = |amends, body: &'static [u8]| {
            let content = Content { amends: Some(amends), body: body.into(), ..Content::default() };
            let channel = Channel::parse("a").unwrap();
            let draft = Draft { channel, id: None, publisher: None, expires: None, content };
            log.append(vec![draft], Time(2000)).unwrap();
        };
        amend(Amends::Replaces(Position(1)), b"b");
        amend(Amends::Deletes(Position(2)), b"");
        let selection = Selection::new(vec![Pattern::everything()]).viewed(Some(View::Current));
        let read = Read {
            selection,
            from: Position::START,
            began: Position::START,
            order: Order::Forward,
            messages: 9,
            bytes: 99,
        };
        let page = log.read(&read).unwrap();
        let shown: Vec<_> = page.messages.iter().map(|m| (m.position.0, &*m.content.body)).collect();
        assert_eq!(shown, [(1, &b"b"[..])]);
        assert_eq!((log.status().messages, log.status().bytes), (4, 2));
        assert_eq!(crate::check(dir.path(), &mut |_| ()).unwrap().damages, []);
    }

    #[test]
    fn a_store_of_the_first_step_is_read_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let mut connection = Connection::open(dir.path().join(crate::sqlite::NAME)).unwrap();
        migrate(&mut connection, &STEPS[..1]).unwrap();
        connection.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        // The first message of `a` expired and was let go: nobody is told.
        let rows = "INSERT INTO meta VALUES (1, 7, 5, 1000, 5, 0, '**');
            INSERT INTO channel VALUES (1, 'a', 5, 3, 2, 2, 0, 0), (2, 'b', 4, 2, 2, 2, 0, 0);
            INSERT INTO message (position, previous, channel, time, size, body) VALUES
                (2, NULL, 2, 1000, 1, x'62'), (3, 1, 1, 1000, 1, x'61'), (4, 2, 2, 1000, 1, x'62'),
                (5, 3, 1, 1000, 1, x'61')";
        connection.execute_batch(rows).unwrap();
        drop(connection);
        let rules = Namespaces::new([Namespace::new(Pattern::everything(), Keeping::Kept)]);
        let log = SqliteLog::open(dir.path(), Arc::new(rules), SqliteOptions::default()).unwrap();
        for (pattern, expected) in [("a", &[3, 5][..]), ("*", &[2, 3, 4, 5][..])] {
            for (order, from) in [(Order::Forward, Position::START), (Order::Backward, Position(6))] {
                let selection = Selection::new(vec![Pattern::parse(pattern).unwrap()]);
                let page = log
                    .read(&Read { selection, from, began: Position::START, order, messages: 10, bytes: 1000 })
                    .unwrap();
                assert!(page.messages.iter().map(|message| message.position.0).eq(expected.iter().copied()));
                assert_eq!(page.gap, None);
            }
        }
        assert_eq!(log.status().epoch.0, 7);
    }
}
