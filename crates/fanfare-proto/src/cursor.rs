//! The cursor: a mark as opaque text that a reader keeps and may give back on any transport.
//!
//! ```text
//!  base64url without padding of:
//!  +---------+-------+----------------------------------------+-------------+
//!  | version | count | count x (log u8, epoch u32, position)  | check: u32  |
//!  | 1 byte  | 1     |          little endian, LEB128         | CRC-32      |
//!  +---------+-------+----------------------------------------+-------------+
//! ```
//! The check covers everything before it and a word of our own, so that damaged or invented text is refused and
//! never means a wrong place.

use crate::put::Put;
use crate::{Epoch, LogId, Position, limits};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fmt;

const VERSION: u8 = 1;
const SALT: &[u8] = b"fanfare cursor";
const CHECK_BYTES: usize = 4;
const MAX_BYTES: usize = 2 + limits::LOGS * (1 + 4 + 10) + CHECK_BYTES;
const MAX_TEXT: usize = MAX_BYTES.div_ceil(3) * 4;

/// A place in one log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CursorPart {
    /// Which log.
    pub log: LogId,
    /// Which life of that log.
    pub epoch: Epoch,
    /// Everything up to here was heard or not wanted.
    pub position: Position,
}

/// Where a reader is, in up to [`limits::LOGS`] logs (design rule 1). It names no channel.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Cursor {
    parts: Vec<CursorPart>,
}

/// Why a text is not a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    /// Not base64url, or cut, or with a wrong check value.
    #[error("not a cursor: give back the text exactly as the server sent it")]
    Malformed,
    /// Made by a newer server.
    #[error("this cursor is of version {0}; this server reads version 1")]
    Version(u8),
}

impl Cursor {
    /// A cursor of these parts, at most [`limits::LOGS`]; further ones are ignored.
    pub fn new(parts: impl IntoIterator<Item = CursorPart>) -> Cursor {
        Cursor { parts: parts.into_iter().take(limits::LOGS).collect() }
    }

    /// The places, one per log.
    pub fn parts(&self) -> &[CursorPart] {
        &self.parts
    }

    /// The place in one log, if the cursor has it.
    pub fn part(&self, log: LogId) -> Option<CursorPart> {
        self.parts.iter().copied().find(|part| part.log == log)
    }

    /// Reads the text form.
    pub fn parse(text: &str) -> Result<Cursor, CursorError> {
        if text.len() > MAX_TEXT {
            return Err(CursorError::Malformed);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| CursorError::Malformed)?;
        let (said, check) = bytes.split_last_chunk::<CHECK_BYTES>().ok_or(CursorError::Malformed)?;
        if check_value(said) != u32::from_le_bytes(*check) {
            return Err(CursorError::Malformed);
        }
        match said {
            [VERSION, count, rest @ ..] => parse_parts(*count, rest).ok_or(CursorError::Malformed),
            [version, ..] => Err(CursorError::Version(*version)),
            [] => Err(CursorError::Malformed),
        }
    }
}

fn parse_parts(count: u8, mut rest: &[u8]) -> Option<Cursor> {
    let mut parts: Vec<CursorPart> = Vec::with_capacity(usize::from(count).min(limits::LOGS));
    for _ in 0..count {
        let (&log, after) = rest.split_first()?;
        let (epoch, mut after) = after.split_first_chunk::<4>()?;
        let position = Position(read_varint(&mut after)?);
        let part = CursorPart { log: LogId(log), epoch: Epoch(u32::from_le_bytes(*epoch)), position };
        if usize::from(log) >= limits::LOGS || parts.iter().any(|other| other.log == part.log) {
            return None;
        }
        parts.push(part);
        rest = after;
    }
    (rest.is_empty() && !parts.is_empty()).then_some(Cursor { parts })
}

fn read_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let part = u64::from(byte & 0x7f);
        if part << shift >> shift != part {
            return None;
        }
        value |= part << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn check_value(said: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(SALT);
    hasher.update(said);
    hasher.finalize()
}

/// A buffer on the stack: cursors are printed once per frame on the hot path.
struct Bytes {
    bytes: [u8; MAX_BYTES],
    len: usize,
}

impl Bytes {
    fn push(&mut self, bytes: &[u8]) {
        self.bytes[self.len..self.len + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }

    fn push_varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.push(&[value as u8 | 0x80]);
            value >>= 7;
        }
        self.push(&[value as u8]);
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (text, length) = self.text();
        f.write_str(std::str::from_utf8(&text[..length]).map_err(|_| fmt::Error)?)
    }
}

impl Put for Cursor {
    fn put(&self, out: &mut Vec<u8>) {
        let (text, length) = self.text();
        out.extend_from_slice(&text[..length]);
    }
}

impl Cursor {
    /// The text, and how long it is.
    fn text(&self) -> ([u8; MAX_TEXT], usize) {
        let mut out = Bytes { bytes: [0; MAX_BYTES], len: 0 };
        out.push(&[VERSION, self.parts.len() as u8]);
        for part in &self.parts {
            out.push(&[part.log.0]);
            out.push(&part.epoch.0.to_le_bytes());
            out.push_varint(part.position.0);
        }
        out.push(&check_value(&out.bytes[..out.len]).to_le_bytes());
        let mut text = [0u8; MAX_TEXT];
        // There is room for the longest.
        let length = URL_SAFE_NO_PAD.encode_slice(&out.bytes[..out.len], &mut text).unwrap_or_default();
        (text, length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cursor(parts: &[(u8, u32, u64)]) -> Cursor {
        Cursor::new(parts.iter().map(|&(log, epoch, position)| CursorPart {
            log: LogId(log),
            epoch: Epoch(epoch),
            position: Position(position),
        }))
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(kept in any::<(u32, u64)>(), live in any::<(u32, u64)>()) {
            let cursor = cursor(&[(0, kept.0, kept.1), (1, live.0, live.1)]);
            prop_assert_eq!(Cursor::parse(&cursor.to_string()), Ok(cursor));
        }

        #[test]
        fn a_changed_cursor_is_refused(at in 0usize..22, to in 0u8..64, position in 0u64..1 << 40) {
            let text = cursor(&[(0, 77, position)]).to_string();
            let mut bytes = text.clone().into_bytes();
            let at = at % bytes.len();
            bytes[at] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[usize::from(to)];
            let changed = String::from_utf8(bytes).unwrap();
            prop_assert!(changed == text || Cursor::parse(&changed).is_err());
        }

        #[test]
        fn any_text_is_answered(text in ".{0,80}") {
            prop_assert!(Cursor::parse(&text).is_err());
        }
    }

    #[test]
    fn cut_text_is_refused() {
        let text = cursor(&[(0, 1, 300), (1, 2, 5)]).to_string();
        (0..text.len()).for_each(|cut| assert!(Cursor::parse(&text[..cut]).is_err(), "{cut}"));
        assert_eq!(Cursor::parse(&"A".repeat(10_000)), Err(CursorError::Malformed));
    }
}
