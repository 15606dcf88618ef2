//! Check values of rows. SQLite has none for what is in its pages: a bit that flipped in a message would be given out
//! as it is, and one that flipped in what chains messages together would hide some.
//!
//! A message's value has two halves, so that a chain can be followed without reading what is said:
//!
//! ```text
//!  63              32 31               0
//! |  of the chain    |  of what is said |
//! ```

use super::error::damage;
use super::heads::{ChannelId, Head};
use fanfare_proto::{GapReason, Position, Time};
use rusqlite::Result;
use twox_hash::XxHash3_64;

/// What chains a message to the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) position: Position,
    pub(super) previous: Option<Position>,
    pub(super) channel: ChannelId,
    pub(super) time: Time,
    /// `None`: the message was removed.
    pub(super) size: Option<u64>,
}

impl Link {
    /// From the columns previous, channel, time, size, sum, from a column on; checked. Answers the half that is of what is
    /// said, too, if there is one.
    pub(super) fn from_row(
        row: &rusqlite::Row<'_>,
        first: usize,
        position: Position,
    ) -> Result<(Link, Option<u32>)> {
        let (link, sum) = Link::unchecked(row, first, position)?;
        link.check(sum)?;
        Ok((link, sum.map(|sum| sum as u32)))
    }

    /// The same unchecked, with the whole check value.
    pub(super) fn unchecked(
        row: &rusqlite::Row<'_>,
        first: usize,
        position: Position,
    ) -> Result<(Link, Option<u64>)> {
        let link = Link {
            position,
            previous: row.get::<_, Option<u64>>(first)?.map(Position),
            channel: ChannelId(row.get(first + 1)?),
            time: Time(row.get::<_, i64>(first + 2)?.cast_unsigned()),
            size: row.get(first + 3)?,
        };
        Ok((link, row.get::<_, Option<i64>>(first + 4)?.map(i64::cast_unsigned)))
    }

    /// Refuses one that leads nowhere, or does not fit its check value, if there is one.
    pub(super) fn check(&self, sum: Option<u64>) -> Result<()> {
        let position = self.position;
        if self.previous.is_some_and(|previous| previous >= position) {
            return Err(damage(format!(
                "the message at position {position} says that a later one is before it"
            )));
        }
        if sum.is_some_and(|sum| (sum >> 32) as u32 != self.sum()) {
            return Err(damage(format!(
                "the row of the message at position {position} was changed by no server"
            )));
        }
        Ok(())
    }

    fn sum(&self) -> u32 {
        let none = |number: Option<u64>| number.unwrap_or(u64::MAX);
        let previous = none(self.previous.map(|previous| previous.0));
        numbers([self.position.0, previous, self.channel.0, self.time.0, none(self.size)]) as u32
    }

    /// The check value of a row whose contents have this sum.
    pub(super) fn with(&self, said: u32) -> i64 {
        (u64::from(self.sum()) << 32 | u64::from(said)).cast_signed()
    }
}

/// What is said, as its row has it.
#[derive(Debug)]
pub(super) struct Said<'a> {
    pub(super) expires: Option<i64>,
    pub(super) priority: Option<u8>,
    /// id, publisher, key, tags, event, content type, notice.
    pub(super) texts: [Option<&'a str>; 7],
    pub(super) body: &'a [u8],
}

impl Said<'_> {
    pub(super) fn sum(&self) -> u32 {
        let priority = self.priority.map_or(u64::MAX, u64::from);
        let mut sum = self.expires.unwrap_or(-1).cast_unsigned().rotate_left(8) ^ priority;
        for (place, text) in (1..).zip(self.texts) {
            if let Some(text) = text {
                sum = XxHash3_64::oneshot_with_seed(sum ^ place, text.as_bytes());
            }
        }
        XxHash3_64::oneshot_with_seed(sum, self.body) as u32
    }
}

/// What a row says of edits and deletes. Its part of the check value is added to that of what is said, so that it can change
/// without the rest being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Amended {
    pub(super) replaces: Option<Position>,
    pub(super) deletes: Option<Position>,
    pub(super) edit: Option<Position>,
    pub(super) deleted: bool,
}

impl Amended {
    /// From the columns replaces, deletes, edit, deleted, from a column on.
    pub(super) fn from_row(row: &rusqlite::Row<'_>, first: usize) -> Result<Amended> {
        let place = |column: usize| row.get::<_, Option<u64>>(first + column).map(|at| at.map(Position));
        let deleted = row.get::<_, Option<bool>>(first + 3)?.unwrap_or(false);
        Ok(Amended { replaces: place(0)?, deletes: place(1)?, edit: place(2)?, deleted })
    }

    /// Zero for a row that says nothing.
    pub(super) fn sum(&self) -> u32 {
        if *self == Amended::default() {
            return 0;
        }
        let place = |place: Option<Position>| place.map_or(u64::MAX, |place| place.0);
        let places = [place(self.replaces), place(self.deletes), place(self.edit)];
        (numbers(places) ^ numbers([u64::from(self.deleted)])) as u32
    }
}

/// The check value of a channel's row.
pub(super) fn of_channel(head: &Head) -> i64 {
    let purged = u64::from(head.gone.reason == GapReason::Purged);
    let counts = [head.id.0, head.head.0, head.total, head.messages, head.bytes];
    let gone = [head.gone.through.0, purged, head.floor.0];
    (numbers(counts) ^ numbers(gone).rotate_left(32)).cast_signed()
}

fn numbers<const N: usize>(numbers: [u64; N]) -> u64 {
    let bytes = numbers.map(u64::to_le_bytes);
    XxHash3_64::oneshot(bytes.as_flattened())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: Link = Link {
        position: Position(9),
        previous: Some(Position(4)),
        channel: ChannelId(2),
        time: Time(1_790_000_000_000),
        size: Some(5),
    };

    #[test]
    fn values_stay_as_they_are() {
        // They are in files: another value for the same row would be taken for damage.
        let texts = [Some("id"), None, None, None, Some("event"), None, None];
        let said = Said { expires: None, priority: Some(3), texts, body: b"hello" };
        assert_eq!((LINK.sum(), said.sum()), (426_369_657, 3_506_405_638));
    }

    #[test]
    fn what_moves_to_another_field_is_seen() {
        let said = |texts| Said { expires: None, priority: None, texts, body: b"" }.sum();
        let none = [None; 7];
        let mut sums = vec![said(none)];
        for place in 0..7 {
            let mut texts = none;
            texts[place] = Some("a");
            sums.push(said(texts));
            texts[place] = Some("");
            sums.push(said(texts));
        }
        sums.sort_unstable();
        let count = sums.len();
        sums.dedup();
        assert_eq!(sums.len(), count);
    }
}
