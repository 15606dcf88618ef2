//! What a store holds, in numbers: read from the rows of channels and from what they do not count yet, in one short
//! snapshot, also while a server has the store open.

use super::copy::head_of;
use super::error::meaning;
use super::look::{file_of, stored_namespaces};
use super::schema;
use crate::StoreError;
use fanfare_proto::{Epoch, Position, Time};
use rusqlite::{Connection, OptionalExtension, Result as SqlResult};
use std::path::{Path, PathBuf};

/// What a store holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stats {
    /// The file.
    pub file: FileStats,
    /// Which life of the log it is.
    pub epoch: Epoch,
    /// The newest position ever given out.
    pub head: Position,
    /// Channels.
    pub channels: u64,
    /// Messages kept.
    pub messages: u64,
    /// Bytes of their contents.
    pub bytes: u64,
    /// Records.
    pub records: u64,
    /// When the oldest message that is kept was accepted.
    pub oldest: Option<Time>,
    /// And the newest.
    pub newest: Option<Time>,
    /// The namespaces that ruled when a server had the store last, in order.
    pub namespaces: Vec<NamespaceStats>,
    /// The channels with most bytes, those first.
    pub largest: Vec<ChannelStats>,
}

/// A store's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileStats {
    /// Where.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// The part of it that is free for new messages.
    pub free_bytes: u64,
    /// The size of the write-ahead log beside it.
    pub wal_bytes: u64,
    /// Of the schema.
    pub version: u32,
}

/// What is kept of a namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamespaceStats {
    /// Its pattern.
    pub pattern: String,
    /// Channels.
    pub channels: u64,
    /// Messages.
    pub messages: u64,
    /// Bytes of their contents.
    pub bytes: u64,
}

/// What is kept of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelStats {
    /// Its name.
    pub name: String,
    /// Messages.
    pub messages: u64,
    /// Bytes of their contents.
    pub bytes: u64,
}

/// Adds up the store of a folder, or a file that is one; with so many of the largest channels.
pub fn stats(store: &Path, largest: usize) -> Result<Stats, StoreError> {
    let path = file_of(store);
    let mut connection = schema::open_looker(&path)?;
    let snapshot = connection.transaction().map_err(meaning)?;
    let namespaces = stored_namespaces(&snapshot)?;
    let mut sums: Vec<NamespaceStats> = Vec::new();
    for (_, rule) in namespaces.iter() {
        let pattern = rule.pattern.as_str().to_owned();
        sums.push(NamespaceStats { pattern, channels: 0, messages: 0, bytes: 0 });
    }
    let mut top = Largest { most: largest, channels: Vec::new() };
    each_channel(&snapshot, |channel| {
        let sum = &mut sums[usize::from(namespaces.id_of(&channel.name).0)];
        sum.channels += 1;
        sum.messages += channel.messages;
        sum.bytes += channel.bytes;
        top.add(channel);
    })
    .map_err(meaning)?;
    let numbers = || {
        let number = |query| snapshot.query_row(query, [], |row| row.get::<_, u64>(0));
        let page_bytes = number("SELECT page_size FROM pragma_page_size")?;
        let free_bytes = number("SELECT freelist_count FROM pragma_freelist_count")? * page_bytes;
        let epoch = snapshot.query_row("SELECT epoch FROM meta", [], |row| row.get(0).map(Epoch))?;
        let times = (time(&snapshot, "position")?, time(&snapshot, "position DESC")?);
        SqlResult::Ok((free_bytes, number("SELECT count(*) FROM record")?, epoch, times))
    };
    let (free_bytes, records, epoch, (oldest, newest)) = numbers().map_err(meaning)?;
    let bytes_of = |path: &Path| std::fs::metadata(path).map_or(0, |found| found.len());
    let wal = path.with_extension("db-wal");
    let version = schema::version();
    let file = FileStats { bytes: bytes_of(&path), free_bytes, wal_bytes: bytes_of(&wal), version, path };
    Ok(Stats {
        file,
        epoch,
        head: head_of(&snapshot).map_err(meaning)?,
        channels: sums.iter().map(|sum| sum.channels).sum(),
        messages: sums.iter().map(|sum| sum.messages).sum(),
        bytes: sums.iter().map(|sum| sum.bytes).sum(),
        records,
        oldest,
        newest,
        namespaces: sums,
        largest: top.finish(),
    })
}

/// Every channel with what its row counts, and with what came after that.
fn each_channel(snapshot: &Connection, mut take: impl FnMut(ChannelStats)) -> SqlResult<()> {
    let mut statement = snapshot.prepare(
        "WITH later AS (
             SELECT message.channel AS id, count(size) AS messages, sum(size) AS bytes
             FROM message JOIN channel ON channel.id = message.channel
             WHERE position > (SELECT flushed FROM meta) AND position > head GROUP BY message.channel)
         SELECT name, channel.messages + coalesce(later.messages, 0), channel.bytes + coalesce(later.bytes, 0)
         FROM channel LEFT JOIN later ON later.id = channel.id",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        take(ChannelStats { name: row.get(0)?, messages: row.get(1)?, bytes: row.get(2)? });
    }
    Ok(())
}

/// The time of the first message in an order of positions.
fn time(snapshot: &Connection, order: &str) -> SqlResult<Option<Time>> {
    let first = format!("SELECT time FROM message WHERE size IS NOT NULL ORDER BY {order} LIMIT 1");
    let take = |row: &rusqlite::Row<'_>| Ok(Time(row.get::<_, i64>(0)?.cast_unsigned()));
    snapshot.query_row(&first, [], take).optional()
}

/// The largest channels so far, and some more until they are too many.
struct Largest {
    most: usize,
    channels: Vec<ChannelStats>,
}

impl Largest {
    fn add(&mut self, channel: ChannelStats) {
        self.channels.push(channel);
        if self.channels.len() > 2 * self.most + 64 {
            self.cut();
        }
    }

    fn cut(&mut self) {
        self.channels
            .sort_by(|one, other| other.bytes.cmp(&one.bytes).then_with(|| one.name.cmp(&other.name)));
        self.channels.truncate(self.most);
    }

    fn finish(mut self) -> Vec<ChannelStats> {
        self.cut();
        self.channels
    }
}
