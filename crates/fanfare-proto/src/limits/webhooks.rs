//! Of webhooks.

use std::time::Duration;

/// Webhooks of a server: each has a task that looks at the log.
pub const WEBHOOKS: usize = 256;
/// Channels and patterns of one webhook.
pub const WEBHOOK_PATTERNS: usize = 32;
/// Bytes of a request for a webhook.
pub const WEBHOOK_BYTES: usize = 16 * 1024;
/// Bytes of a secret at the least: 128 bits, if it is hexadecimal.
pub const WEBHOOK_SECRET_MIN_BYTES: usize = 32;
/// Bytes of a secret at the most.
pub const WEBHOOK_SECRET_BYTES: usize = 256;
/// Messages of one request to a webhook.
pub const WEBHOOK_BATCH: usize = 100;
/// Messages that are delivered before it is kept how far a webhook is: a crash repeats at most these.
pub const WEBHOOK_PAGE: usize = 32;
/// How often a message is tried before it is given up: over about half an hour.
pub const WEBHOOK_ATTEMPTS: u32 = 16;
/// Time to the second attempt; it doubles with each one after.
pub const WEBHOOK_WAIT: Duration = Duration::from_secs(1);
/// Time between two attempts at the most.
pub const WEBHOOK_WAIT_MAX: Duration = Duration::from_secs(300);
/// What `Retry-After` of a target may ask for.
pub const WEBHOOK_RETRY_AFTER: Duration = Duration::from_secs(3600);
/// Between two looks of a webhook that found nothing for it: what is not for it costs this much at the most.
pub const WEBHOOK_LOOK_TIME: Duration = Duration::from_millis(50);
/// Bytes of what is said about the last failure.
pub const WEBHOOK_ERROR_BYTES: usize = 512;
