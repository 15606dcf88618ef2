//! Messages with numbers.

use crate::ears::Event;
use crate::outcome::Result;
use crate::publisher::number_after;

/// A message: its number, filled up to `bytes`.
pub fn body(number: u64, bytes: usize) -> String {
    format!("{:-<bytes$}", format!("number {number} "))
}

/// The number of a message.
pub fn number_of(event: &Event<'_>) -> Result<u64> {
    let number = number_after(event.data, b"number ").filter(|_| event.name.is_empty());
    number.ok_or_else(|| format!("not what was published: {event:?}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_it_was_written() {
        let text = body(17, 32);
        assert_eq!((text.len(), &text[..10]), (32, "number 17 "));
        assert_eq!(number_of(&Event { name: b"", data: text.as_bytes() }).unwrap(), 17);
        assert!(number_of(&Event { name: b"$gap", data: text.as_bytes() }).is_err());
        assert!(number_of(&Event { name: b"", data: b"another" }).is_err());
    }
}
