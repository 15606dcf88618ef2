//! Limits of acked readers (design rule 16).

use std::time::Duration;

/// Acked readers of a server: each has a record, and its window in memory while somebody reads.
pub const READERS: usize = 1024;
/// Of these, acked readers that one subject has made; whoever has no name has what is left.
pub const READERS_OWNED: usize = 256;
/// Bytes of the name of one.
pub const READER_NAME_BYTES: usize = 64;
/// Channels and patterns of one.
pub const READER_PATTERNS: usize = 32;
/// Bytes of a request for one, or to acknowledge.
pub const READER_BYTES: usize = 64 * 1024;
/// Messages above the floor of one: given and not acknowledged, or acknowledged before others.
pub const READER_WINDOW: usize = 256;
/// Sessions that were given a message, as many as are remembered: a cursor that comes late acknowledges for no others.
pub const READER_GIVEN: usize = 8;
/// Losses that wait for a session; further ones make the last one longer.
pub const READER_GAPS: usize = 16;
/// Pages of the log that are read for all readers before others are heard: who has a long past reads it beside them.
pub const READER_PAGES: usize = 8;
/// Bytes of contents in a window; the message that passes it is still given.
pub const READER_WINDOW_BYTES: usize = 1024 * 1024;
/// Sessions of one at a time.
pub const READER_SESSIONS: usize = 256;
/// Time to acknowledge a message, unless the reader asks for another.
pub const READER_WAIT: Duration = Duration::from_secs(30);
/// That time at the least and at the most.
pub const READER_WAITS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(3600)];
/// How often a message is given before it is a dead letter, unless the reader asks for another number.
pub const READER_ATTEMPTS: u32 = 5;
/// That number at the most.
pub const READER_ATTEMPTS_MAX: u32 = 100;
/// Time after which a reader that nobody used is removed, unless it asks for another.
pub const READER_EXPIRES: Duration = Duration::from_secs(30 * 24 * 3600);
/// That time at the least and at the most.
pub const READER_EXPIRES_RANGE: [Duration; 2] =
    [Duration::from_secs(60), Duration::from_secs(366 * 24 * 3600)];
/// Acknowledgements are kept at the latest after this long: a crash repeats what was acknowledged since.
pub const READER_KEEP_TIME: Duration = Duration::from_secs(1);
/// Between two looks of a reader that found nothing for it.
pub const READER_LOOK_TIME: Duration = Duration::from_millis(50);
/// Requests that wait for the thread of readers.
pub const READER_ORDERS: usize = 16 * 1024;
/// Readers that metrics name; the others are one.
pub const READERS_NAMED: usize = 100;
/// Messages behind a reader that are counted when somebody looks.
pub const READER_LAG: usize = 1000;
