//! Where messages are ordered and kept, and where records live.
//!
//! Beside the server, tools look at a store and move it: [`check`], [`stats`], [`backup`], [`restore`], and [`Look`] for what
//! is taken elsewhere.
//!
//! Two traits, [`Log`] and [`Records`], together a [`Store`], and what keeps them: [`MemoryLog`] forgets at the end of the process,
//! [`SqliteLog`] survives kill -9 and power loss. Calls block; they belong on threads that may wait.

mod compact;
mod gone;
mod log;
mod memory;
mod page;
mod records;
mod retention;
mod sqlite;
mod store;

pub use log::{
    ChannelInfo, Draft, Incidents, Log, LogStatus, Order, Original, Page, Read, Removal, StoreError, Trimmed,
};
pub use memory::{MemoryLog, MemoryRecords};
pub use records::{Put, Record, RecordChange, Records, Revision};
pub use sqlite::{
    Backup, Before, Beyond, ChannelStats, Checked, CopyError, Damage, FileStats, Look, NamespaceStats, Part,
    Piece, Progress, Restored, SqliteLog, SqliteOptions, Stats, Unfinished, Watch, backup, check, hand_over,
    is_of_a_server, restore, stats, unfinished,
};
pub use store::Store;
