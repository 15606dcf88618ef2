//! Numbered refusals and close reasons, as data. The number's range carries the client's duty.

use std::fmt;
use std::time::Duration;

/// What a client should do after a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Try again at once.
    Now,
    /// Try again after a while, with jitter.
    Later,
    /// Do not try the same again.
    Never,
}

impl Retry {
    /// The word on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Retry::Now => "now",
            Retry::Later => "later",
            Retry::Never => "never",
        }
    }
}

/// One kind of refusal or close reason.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// 1000-1999: again now; 2000-2999: again later; 3000-3999: never again.
    pub number: u16,
    /// A short name, stable.
    pub name: &'static str,
    /// The HTTP status that carries it (RFC 9110).
    pub status: u16,
    /// What it means, one sentence.
    pub meaning: &'static str,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $text:literal, $status:literal, $meaning:literal;)*) => {
        impl Code {
            $(
                #[doc = $meaning]
                pub const $name: &'static Code =
                    &Code { number: $number, name: $text, status: $status, meaning: $meaning };
            )*
            /// Every code, by number.
            pub const ALL: &'static [&'static Code] = &[$(Code::$name),*];
        }
    };
}

codes! {
    DRAINING = 1001, "draining", 503, "The server is ending; come back after the given time.";
    STREAM_ENDED = 1002, "stream-ended", 200, "The held-open response reached its end; go on from the cursor.";
    BUSY = 2001, "busy", 503, "Too many publishes wait to be committed.";
    TOO_MANY_SESSIONS = 2002, "too-many-sessions", 503, "The server holds as many sessions as it can.";
    STORE_FULL = 2003, "store-full", 507, "The store has no room.";
    STORE_FAILED = 2004, "store-failed", 503, "The store cannot be written or read.";
    TIMEOUT = 2005, "timeout", 408, "The request did not arrive in time.";
    FILTERS_FULL = 2006, "too-many-filters", 503, "The filters of all sessions ask for as many parts of bodies as the server looks for.";
    BAD_REQUEST = 3000, "bad-request", 400, "The request is malformed.";
    BAD_NAME = 3001, "bad-name", 400, "The name of a channel or pattern breaks a rule.";
    BAD_CURSOR = 3002, "bad-cursor", 400, "The cursor is not one of this server's.";
    BAD_FIELD = 3003, "bad-field", 400, "A field has a value that is not allowed.";
    UNKNOWN_FIELD = 3004, "unknown-field", 400, "A field is not known.";
    BAD_JSON = 3005, "bad-json", 400, "The body is not the JSON that was expected.";
    FORBIDDEN = 3006, "forbidden", 403, "The grant does not allow this.";
    NOT_FOUND = 3007, "not-found", 404, "There is nothing here.";
    METHOD = 3008, "method-not-allowed", 405, "The method is not allowed here.";
    NOT_ACCEPTABLE = 3009, "not-acceptable", 406, "No representation here matches the Accept header.";
    TOO_LARGE = 3010, "too-large", 413, "The body is larger than allowed.";
    TARGET_TOO_LONG = 3011, "target-too-long", 414, "The request target is longer than allowed.";
    HEAD_TOO_LARGE = 3012, "head-too-large", 431, "The request head is larger than allowed.";
    ID_REUSED = 3013, "id-reused", 422, "This id was used for another message.";
    TOO_MANY = 3014, "too-many", 400, "More items than allowed.";
    NOT_YET = 3015, "not-supported", 501, "This server does not support this.";
    VERSION = 3016, "http-version", 505, "The HTTP version is not supported here.";
    NOT_ATOMIC = 3017, "not-atomic", 400, "An atomic group must lie in one log.";
    UPGRADE = 3018, "upgrade-required", 426, "This is spoken over WebSocket, version 13.";
    STORE_DAMAGED = 3019, "store-damaged", 500, "What is to be read is damaged in the store; somebody has to mend it.";
    BAD_FILTER = 3020, "bad-filter", 400, "The filter does not follow the grammar.";
    READER_DIFFERS = 3021, "reader-differs", 409, "The reader of this name hears something else.";
    TARGET_GONE = 3022, "target-gone", 410, "The message that is to be edited or deleted is not there, or not any more.";
    NOT_ORIGINAL = 3023, "not-original", 409, "What is to be edited or deleted is itself an edit or a delete.";
}

impl Code {
    /// What a client should do.
    pub fn retry(&self) -> Retry {
        match self.number {
            ..2000 => Retry::Now,
            2000..3000 => Retry::Later,
            3000.. => Retry::Never,
        }
    }

    /// After how long a refused request may be sent again, for what passes by itself: statuses 503 and 507
    /// (RFC 9110 section 10.2.3).
    pub fn retry_after(&self) -> Option<Duration> {
        match self.status {
            503 if self == Code::BUSY || self == Code::DRAINING => Some(Duration::from_secs(1)),
            503 => Some(Duration::from_secs(5)),
            507 => Some(Duration::from_secs(30)),
            _ => None,
        }
    }
}

/// A refusal: a code and what exactly was wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which kind.
    pub code: &'static Code,
    /// What was wrong, where, and what is allowed.
    pub detail: String,
}

impl Refusal {
    /// A refusal with its detail.
    pub fn new(code: &'static Code, detail: impl Into<String>) -> Refusal {
        Refusal { code, detail: detail.into() }
    }
}

impl From<&'static Code> for Refusal {
    fn from(code: &'static Code) -> Refusal {
        Refusal::new(code, code.meaning)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} {})", self.detail, self.code.number, self.code.name)
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_unique_and_rising() {
        assert!(Code::ALL.windows(2).all(|pair| pair[0].number < pair[1].number));
    }
}
