//! What can be chosen when a store is opened.

use fanfare_proto::limits;
use std::time::Duration;

/// How a store is opened. The defaults are for servers; tests choose small numbers, so that what happens rarely
/// happens often.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// The SQLite VFS by name; the system's own if `None`.
    pub vfs: Option<String>,
    /// Channel heads in memory, at least 64.
    pub heads: usize,
    /// After so many messages the channel heads are written to the file, in the background.
    pub flush_every: u64,
    /// From so many pages in the write-ahead log on, a checkpoint is made. At four times as many a commit waits
    /// until the log can start over.
    pub checkpoint_pages: u32,
    /// Bytes of all messages together; the oldest go first.
    pub bytes: u64,
    /// How long the whole store is looked at, at the most, when it is opened and after a failure of the disk; of a larger
    /// one the rest is looked at when it is read.
    pub look_time: Duration,
    /// After a failure of the disk the store is checked after this long for the first time, to be written again.
    pub mend_after: Duration,
    /// Channels without messages that are remembered; beyond, those that were made first are forgotten.
    pub empty_channels: usize,
}

impl Default for SqliteOptions {
    fn default() -> SqliteOptions {
        SqliteOptions {
            vfs: None,
            heads: limits::CHANNEL_HEADS,
            flush_every: limits::FLUSH_MESSAGES,
            checkpoint_pages: limits::CHECKPOINT_PAGES,
            bytes: limits::KEPT_BYTES,
            look_time: Duration::from_secs(1),
            mend_after: Duration::from_secs(1),
            empty_channels: limits::EMPTY_CHANNELS,
        }
    }
}
