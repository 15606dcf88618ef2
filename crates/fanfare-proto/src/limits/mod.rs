//! Every limit of the server, each with its reason. What a namespace or the configuration may change is the
//! default here; everything else is fixed.

mod readers;
mod webhooks;

pub use readers::*;
pub use webhooks::*;

use std::time::Duration;

/// Logs a cursor can name and a node can read (design section 3, Cursor).
pub const LOGS: usize = 8;

/// Bytes of a channel's name or a pattern: long enough for paths, short enough for a request head.
pub const NAME_BYTES: usize = 256;
/// Segments of a name.
pub const NAME_SEGMENTS: usize = 32;

/// Namespaces that can be configured: each publish looks through them.
pub const NAMESPACES: usize = 256;
/// Bytes of a configuration file: several times what all namespaces with long patterns need.
pub const CONFIG_BYTES: u64 = 1024 * 1024;
/// Worker threads: more than any machine has cores that help.
pub const WORKERS: usize = 256;

/// Bytes of a request head, all lines together (RFC 6585: 431 beyond).
pub const HEAD_BYTES: usize = 16 * 1024;
/// Bytes of a request target (RFC 9110 section 4.1: 414 beyond).
pub const TARGET_BYTES: usize = 8 * 1024;
/// Header lines of a request.
pub const HEADERS: usize = 64;
/// Bytes of chunk extensions and trailers of one request body: nothing here reads them.
pub const CHUNK_BESIDE_BYTES: usize = 8 * 1024;
/// Time to send a whole request head.
pub const HEAD_TIME: Duration = Duration::from_secs(10);
/// Time a kept connection may be silent between two requests.
pub const IDLE_TIME: Duration = Duration::from_secs(75);
/// Slowest rate at which a request body may arrive, bytes per second, after [`BODY_GRACE`].
pub const BODY_RATE: u64 = 1024;
/// Time before a body's rate is judged.
pub const BODY_GRACE: Duration = Duration::from_secs(5);

/// Bytes of a message's body unless its namespace allows more.
pub const BODY_BYTES: usize = 64 * 1024;
/// Bytes of a message's body at the most that a namespace can allow.
pub const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Bytes of a `POST /publish` request: a thousand small messages, or a few large ones.
pub const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// Bytes of request bodies that all requests together may hold: beyond, publishers are told to come back.
pub const INTAKE_BYTES: usize = 256 * 1024 * 1024;
/// Messages of one `POST /publish` request and of one atomic group (design rule 22).
pub const BATCH_MESSAGES: usize = 1000;
/// Bytes of an idempotency key, a key, an event name, a content type.
pub const FIELD_BYTES: usize = 256;
/// Bytes of a notice, as JSON.
pub const NOTICE_BYTES: usize = 4 * 1024;
/// Tags of one message.
pub const TAGS: usize = 32;
/// Bytes of a tag's name; its value has at most [`FIELD_BYTES`].
pub const TAG_BYTES: usize = 64;
/// Longest time to live: ten years, so that moments stay far from the end of their range.
pub const TTL: Duration = Duration::from_secs(10 * 366 * 24 * 3600);
/// Levels of arrays and objects in a body that is shown as JSON: readers stop at 128, envelope and page included.
pub const JSON_DEPTH: usize = 100;

/// Bytes of the name that a client gives a request.
pub const REQUEST_ID_BYTES: usize = 64;
/// Requests to one worker's sessions that came another way and wait for its next turn.
pub const ORDERS: usize = 1024;
/// Requests of one session that wait for their answer; more stay in the kernel.
pub const REQUESTS: usize = 16;
/// Bytes of answers to one session that are not written yet (design rule 14); one answer more may pass it.
pub const CONTROL_BYTES: usize = 4 * 1024;
/// Bytes of a request beside the body of what it publishes.
pub const REQUEST_BYTES: usize = 16 * 1024;
/// Bytes read of one WebSocket in one turn.
pub const TALK_BYTES: usize = 16 * 1024;
/// Bytes of incomplete WebSocket messages that one worker keeps.
pub const BEGUN_BYTES: usize = 64 * 1024 * 1024;
/// Bytes of a filter, as it comes and as it is written out in full: some lines of text, and what one message costs it.
pub const FILTER_BYTES: usize = 1024;
/// Parentheses and `not` inside of each other in a filter, and names of one path into a body: a reader loses track
/// before, and our stack does not.
pub const FILTER_DEPTH: usize = 16;
/// Values of one list of a filter: more are better named by a tag.
pub const FILTER_LIST: usize = 64;
/// Names in the paths of all filters of one worker, some hundred bytes each.
pub const FILTER_NAMES: usize = 64 * 1024;
/// What filters of one worker have said of messages, as long as somebody in line may ask again; beyond, it is found out
/// again. Some dozen bytes each.
pub const VERDICTS: usize = 256 * 1024;
/// Bytes of a body that filters look into, about a millisecond; a larger one has no fields.
pub const FIELDS_BODY_BYTES: usize = 256 * 1024;
/// Filters of one session that are not equal.
pub const SESSION_FILTERS: usize = 16;
/// Subscriptions of one session.
pub const SUBSCRIPTIONS: usize = 256;
/// Bytes of the name of a member that is present: it is a key.
pub const MEMBER_BYTES: usize = 128;
/// Bytes of what a member says of itself: a name to show, a picture's address, a state.
pub const MEMBER_INFO_BYTES: usize = 512;
/// Members of a channel that are named; beyond, only their number is told (design rule 19).
pub const MEMBERS_NAMED: usize = 1000;
/// Members of a channel of which too many were present, when they are named again: a tenth fewer, so that one who comes
/// and goes does not have all of them told each time.
pub const MEMBERS_NAMED_AGAIN: usize = 900;
/// Members of all channels of a node, about 300 bytes each; beyond, nobody more can be present.
pub const MEMBERS: usize = 1 << 18;
/// Channels on which somebody is present, or that are to be told something of it.
pub const PRESENCE_CHANNELS: usize = 1 << 18;
/// Bytes of the members that a watcher is told first: one share of a turn. Beyond, they are not named; a request says them.
pub const SNAPSHOT_BYTES: usize = 64 * 1024;
/// Time after which a member is gone whose last session has ended, so that coming back is neither.
pub const PRESENCE_GRACE: Duration = Duration::from_secs(5);
/// Time between two batches of changes of one channel's presence.
pub const PRESENCE_EVERY: Duration = Duration::from_secs(1);
/// `last=n` at the most.
pub const LAST: u32 = 10_000;
/// Messages of one history page at the most, and when nothing is asked.
pub const PAGE_MESSAGES: usize = 1000;
/// Messages of a history page when nothing is asked.
pub const PAGE_MESSAGES_DEFAULT: usize = 100;
/// Bytes of contents of one history page from one log; one message more may pass it.
pub const HISTORY_BYTES: usize = 1024 * 1024;
/// Bytes of large answers that are not written yet; beyond, readers are told to come back.
pub const OUTGO_BYTES: usize = 128 * 1024 * 1024;
/// Bytes of the name of a function that a page has called.
pub const CALLBACK_BYTES: usize = 64;
/// Names joined by dots in it.
pub const CALLBACK_NAMES: usize = 3;
/// Most bytes of padding before the first message of a page that never ends.
pub const PAD: u16 = 4096;
/// Bytes of the boundary between the parts of a body (RFC 2046 section 5.1.1), and two hyphens.
pub const BOUNDARY_BYTES: usize = 72;
/// Bytes of the head of one part, and of what precedes the first.
pub const PART_HEAD_BYTES: usize = 4096;
/// Bodies that are read part by part at the same time.
pub const PARTED_BODIES: usize = 256;
/// Longest wait of a long poll.
pub const POLL_WAIT: Duration = Duration::from_secs(300);
/// Wait of a long poll that names none: below the minute after which proxies give up.
pub const POLL_WAIT_DEFAULT: Duration = Duration::from_secs(30);

/// One step of catching up (design rule 7).
pub const STEP_MESSAGES: usize = 256;
/// Bytes of bodies in one step of catching up; one message more may pass it.
pub const STEP_BYTES: usize = 256 * 1024;
/// Bytes written to one socket in one turn (design rule 13).
pub const TURN_BYTES: usize = 64 * 1024;
/// What the kernel may hold unsent for one socket (design rule 13).
pub const NOTSENT_BYTES: u32 = 16 * 1024;
/// A peer that acknowledges nothing for this long is dead (design rule 13).
pub const PEER_TIME: Duration = Duration::from_secs(300);
/// Time between signs of life on a quiet held-open response, before jitter.
pub const ALIVE_TIME: Duration = Duration::from_secs(25);

/// Damages of the store that the server's log names, each once: one is enough to begin mending.
pub const DAMAGE_LINES: usize = 16;

/// Publishes that wait for the commit thread (design rule 24).
pub const PENDING_MESSAGES: usize = 16 * 1024;
/// Bytes of publishes that wait for the commit thread.
pub const PENDING_BYTES: usize = 64 * 1024 * 1024;
/// Messages of one commit.
pub const COMMIT_MESSAGES: usize = 1024;
/// Bytes of one commit; one message more may pass it.
pub const COMMIT_BYTES: usize = 8 * 1024 * 1024;
/// How long an idempotency key is remembered (design rule 23).
pub const IDEMPOTENCY_TIME: Duration = Duration::from_secs(120);
/// Idempotency keys remembered; beyond, publishes that carry one are refused for now.
pub const IDEMPOTENCY_KEYS: usize = 4_000_000;

/// Schedules that are kept: each takes some dozen bytes of memory beside its record.
pub const SCHEDULES: usize = 100_000;
/// Bytes of the records of all schedules, bodies included.
pub const SCHEDULES_BYTES: usize = 256 * 1024 * 1024;
/// How far ahead a message can be scheduled: a year, leap or not.
pub const SCHEDULE_TIME: Duration = Duration::from_secs(366 * 24 * 3600);
/// What is published this much after its time is late: longer than a server takes to start again.
pub const SCHEDULE_LATE: Duration = Duration::from_secs(60);
/// Bytes of a cron expression.
pub const CRON_BYTES: usize = 128;
/// Changes of schedules that wait for their thread; beyond, callers are told to come back.
pub const SCHEDULE_ORDERS: usize = 1024;
/// Schedules that are published, or made, in one commit.
pub const SCHEDULE_TURN: usize = 256;
/// Records of schedules that one question looks through. The answer says where to go on.
pub const SCHEDULES_LOOKED: usize = 10_000;
/// Bytes of schedules on one page; one more may pass it.
pub const SCHEDULES_PAGE_BYTES: usize = 1024 * 1024;
/// How long the thread of schedules sleeps at the most: the clock may go faster than it thought.
pub const SCHEDULE_SLEEP: Duration = Duration::from_secs(1);

/// Conditions that are kept: each looks at the log.
pub const CONDITIONS: usize = 256;
/// Bytes of the records of all conditions, bodies included: all are in memory.
pub const CONDITIONS_BYTES: usize = 4 * 1024 * 1024;
/// Channels of one condition that are not quiet, a hundred bytes each; others are not judged, which is told.
pub const CONDITION_CHANNELS: usize = 1000;
/// Of all conditions together: further channels are not judged, which is told.
pub const CONDITIONS_CHANNELS: usize = 20_000;
/// The least time between two firings of a channel: conditions that set off each other go round slowly. And the least silence.
pub const CONDITION_PAUSE: Duration = Duration::from_secs(1);
/// Tags of a condition's message: room is left for those that say what set it off.
pub const CONDITION_TAGS: usize = TAGS - 5;
/// Messages of one condition that are published in one commit; two more may pass it.
pub const CONDITION_TURN: usize = 64;
/// Messages that one condition judges before it is another one's turn.
pub const CONDITION_PAGE: usize = 256;
/// How far a condition is, is kept this often at the least, if it goes on; a crash has it read so much again.
pub const CONDITION_KEEP_TIME: Duration = Duration::from_secs(60);
/// Between two looks at the logs: what is said in between is read at once.
pub const CONDITION_LOOK_TIME: Duration = Duration::from_millis(20);

/// Slots of the tail and of a worker's window on it: what a busy second brings, and small beside the sockets.
pub const TAIL_SLOTS: usize = 2 * 1024;
/// Bytes of contents in the tail.
pub const TAIL_BYTES: usize = 1024 * 1024;
/// Removals and deletes that a node remembers, for whoever holds what was read before; after more of them it looks for all that
/// it holds.
pub const REMOVALS_KNOWN: usize = 256;
/// Bytes of messages that a worker lists for those who hear one selection in ticks; beyond, they read the oldest in the log.
pub const NEWEST_BYTES: usize = 4 * 1024 * 1024;
/// Bytes of all these lists of a worker.
pub const NEWEST_ALL_BYTES: usize = 256 * 1024 * 1024;
/// Places of such a list that may be empty, beside as many as are not, before they are swept out.
pub const NEWEST_EMPTY: usize = 32;
/// Keys of which one look for the newest of each may know: some 40 bytes each, then 8 while their messages are given.
pub const LATEST_KEYS: usize = 1_000_000;
/// Bytes of what all such looks have found and is not given yet; beyond, who asks is told to come back later.
pub const LATEST_ALL_BYTES: usize = 256 * 1024 * 1024;
/// Messages that are given to a reader of ticks from one long look through a log.
pub const FOLD_MESSAGES: usize = 4 * 1024;
/// Pages of logs that readers behind at the same place share.
pub const PAGES_SHARED: usize = 64;
/// Bytes of contents of these pages; the newest alone may pass it.
pub const PAGES_SHARED_BYTES: usize = 16 * 1024 * 1024;
/// Bytes of contents in pages that were read and are not written yet; beyond, reading waits.
pub const PAGES_LENT_BYTES: usize = 64 * 1024 * 1024;
/// Pages of a log without anything that is wanted, as far as names or a filter say, that one question about the past looks through, each of at most some
/// thousand messages. The answer says where to go on.
pub const LOOK_PAGES: usize = 64;
/// Page requests that wait for the two reader threads.
pub const READS_WAITING: usize = 64 * 1024;
/// What a message costs a log beside its contents, bytes: counted when a log as a whole is too large.
pub const MESSAGE_BYTES: u64 = 256;
/// Channels without messages that a log remembers for what is gone of them; beyond, the longest empty go.
pub const EMPTY_CHANNELS: usize = 1 << 16;
/// Channel heads in memory.
pub const CHANNEL_HEADS: usize = 1 << 20;
/// Messages after which channel heads are written to the store; after a crash as many are read again.
pub const FLUSH_MESSAGES: u64 = 1 << 18;
/// Pages of the store's write-ahead log that make a checkpoint worthwhile (4 KiB each).
pub const CHECKPOINT_PAGES: u32 = 1024;
/// One index row is kept for every so many messages of a channel.
pub const INDEX_EVERY: u64 = 64;

/// Bytes of one line of an export: a body of the largest size, of which every byte is written as six.
pub const ARCHIVE_LINE_BYTES: usize = 6 * BODY_BYTES_MAX + 64 * 1024;
/// Lines of an import that are told to be wrong; more are counted.
pub const BAD_LINES: usize = 20;
/// Lines of an import that are told to be too old for the store: these have one remedy in common.
pub const EARLY_LINES: usize = 3;
/// What a check of a store tells to be wrong; beyond, it stops.
pub const DAMAGES: usize = 100;
/// Rows of an export that are read in one snapshot.
pub const EXPORT_MESSAGES: usize = 500;

/// Kept namespaces: how long.
pub const KEPT_AGE: Duration = Duration::from_secs(24 * 3600);
/// Kept namespaces: messages of a channel.
pub const KEPT_MESSAGES: u64 = 10_000;
/// The whole store, bytes.
pub const KEPT_BYTES: u64 = 10 * 1024 * 1024 * 1024;
/// Live namespaces: how long.
pub const LIVE_AGE: Duration = Duration::from_secs(5 * 60);
/// Live namespaces: messages of a channel.
pub const LIVE_MESSAGES: u64 = 1_000;
/// All live messages, bytes.
pub const LIVE_BYTES: u64 = 256 * 1024 * 1024;

/// Connections that wait in the kernel to be accepted; its own limit (net.core.somaxconn) may be lower.
pub const BACKLOG: i32 = 4096;
/// Sockets that wait for one worker to take them; then the kernel's backlog keeps them.
pub const HANDOVER_SOCKETS: usize = 1024;
/// Reads that a worker does in one turn.
pub const TURN_READS: usize = 64;
/// Publishes of one connection that a worker answers in one write, a few KiB, before it looks at the next.
pub const TURN_POSTS: usize = 16;
/// Publishes that a worker answers in one turn: far fewer than the tail has slots, so that no worker is left behind.
pub const TURN_ALL_POSTS: usize = 256;
/// New sockets that a worker takes in one turn.
pub const TURN_SOCKETS: usize = 32;
/// Timers that a worker looks at in one turn.
pub const TURN_TIMERS: usize = 256;
/// Time in which a worker writes in one turn before it looks at everybody else.
pub const TURN_WRITE_TIME: Duration = Duration::from_millis(1);
/// Sessions of one selection that do not wait behind larger ones (`fanfare_node::Desk::next_in_line`).
pub const FEW_SESSIONS: usize = 64;
/// Bytes of one read of request heads: one head whole, and some of what follows it.
pub const READ_BYTES: usize = 2 * HEAD_BYTES;
/// Streams of one HTTP/2 connection at a time.
pub const STREAMS: u32 = 256;
/// Streams of one HTTP/2 connection that were reset and not forgotten yet; beyond, it is ended (CVE-2023-44487 and its kin).
pub const STREAMS_RESET: usize = 64;
/// Bytes of one HTTP/2 stream that are not written yet.
pub const STREAM_BYTES: usize = 32 * 1024;
/// Bytes of a request body that one HTTP/2 stream may send ahead.
pub const STREAM_WINDOW: u32 = 64 * 1024;
/// And all streams of a connection together.
pub const CONNECTION_WINDOW: u32 = 1024 * 1024;
/// Bytes of incomplete heads, of requests sent ahead and of answers not taken that one worker keeps.
pub const HEADS_BYTES: usize = 16 * 1024 * 1024;
/// Bytes kept of what comes while a request is held open; the rest stays in the kernel.
pub const AHEAD_BYTES: usize = 4 * 1024;
/// Requests in progress at one worker, about 32 KiB each; more wait in line, at most [`HEAD_TIME`].
pub const CALLS: usize = 1024;
/// Time that a connection is kept ready for its next request before it costs no more than a socket.
pub const CALL_IDLE_TIME: Duration = Duration::from_secs(1);
/// Time in which the reader of an answer must take some of it.
pub const ANSWER_TIME: Duration = Duration::from_secs(60);
/// Time in which a peer whose last response was sent may read it before the socket is closed.
pub const LINGER_TIME: Duration = Duration::from_secs(2);

/// Descriptors kept free of held-open sessions: for publishers, the store and the listener.
pub const DESCRIPTORS_RESERVED: u64 = 512;
/// Time in which a request on an idle connection is still answered, with 503, when the server ends. Its client may have
/// sent it before it knew.
pub const FAREWELL_TIME: Duration = Duration::from_millis(250);
/// Time in which the server ends when told to.
pub const DRAIN_TIME: Duration = Duration::from_secs(10);

/// Characters of a request's path that whoever traces is told: a channel's name and what belongs to it.
pub const TRACED_PATH_CHARS: usize = 512;
/// Bytes of `traceparent` and of `tracestate` that are passed on (W3C Trace Context section 3.3.1.5).
pub const TRACE_STATE_BYTES: usize = 512;
/// Time in which spans that are not exported yet are, when the server has ended.
pub const TRACES_END_TIME: Duration = Duration::from_secs(2);

/// Bytes of an address that the server calls.
pub const EGRESS_URL_BYTES: usize = 2 * 1024;
/// Addresses of one name that are looked at; with more the name is refused, since all must be checked.
pub const EGRESS_ADDRESSES: usize = 32;
/// Lookups of names at one time: each holds a thread until the system's resolver gives up.
pub const EGRESS_LOOKUPS: usize = 16;
/// Time to find a name, connect and agree on TLS.
pub const EGRESS_CONNECT_TIME: Duration = Duration::from_secs(5);
/// Time of a whole request, redirects included.
pub const EGRESS_TIME: Duration = Duration::from_secs(15);
/// Bytes of the head of an answer.
pub const EGRESS_HEAD_BYTES: usize = 16 * 1024;
/// Header lines of an answer.
pub const EGRESS_HEADERS: usize = 64;
/// Bytes of the body of an answer.
pub const EGRESS_ANSWER_BYTES: usize = 64 * 1024;
/// Redirects that one request follows.
pub const EGRESS_REDIRECTS: usize = 3;
/// Requests at one time to one target: a target that hangs takes no more than these.
pub const EGRESS_TARGET_REQUESTS: usize = 4;
/// Requests at one time to all targets.
pub const EGRESS_REQUESTS: usize = 256;

/// Bodies of so many bytes at the least are told as changes, and only if that is as much shorter...
pub const DELTA_MIN_BYTES: usize = 48;
/// ...and of so many at the most.
pub const DELTA_MAX_BYTES: usize = 256 * 1024;
/// Messages before one that are asked whether a reader of changes was given them.
pub const DELTA_STEPS: usize = 64;
/// Changes, and their frames, that a worker keeps for sharing; the newest alone may pass it.
pub const DELTAS_BYTES: usize = 4 * 1024 * 1024;
