//! JSON (RFC 8259): written into a buffer without building a value first, and judged without keeping one.

use crate::put::Put;
use crate::{limits, quote};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use std::io::Write;

/// Appends a JSON string: the text in quotes, escaped. Never contains a line end.
pub(crate) fn text(value: &str, out: &mut Vec<u8>) {
    // Writing into a Vec cannot fail, and a str has no other way to fail.
    let _ = serde_json::to_writer(out, value);
}

/// Appends `"name":`, after a comma unless it is the first of its object.
pub(crate) fn name(name: &str, out: &mut Vec<u8>) {
    separator(out);
    out.push(b'"');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

/// Appends `"name":` and what prints as JSON: a number, `true`, `false`.
pub(crate) fn plain(key: &str, value: impl Put, out: &mut Vec<u8>) {
    name(key, out);
    value.put(out);
}

/// Appends `"name":` and a JSON string.
pub(crate) fn string(key: &str, value: &str, out: &mut Vec<u8>) {
    name(key, out);
    text(value, out);
}

/// Appends `"name":"..."` of what needs no escaping: cursors, moments, numbers.
pub(crate) fn quoted(key: &str, value: impl Put, out: &mut Vec<u8>) {
    name(key, out);
    out.push(b'"');
    value.put(out);
    out.push(b'"');
}

/// Appends a comma, unless this is the first of its object or array.
pub(crate) fn separator(out: &mut Vec<u8>) {
    if !matches!(out.last(), None | Some(b'{' | b'[')) {
        out.push(b',');
    }
}

/// Appends a finite number.
pub(crate) fn number(value: f64, out: &mut Vec<u8>) {
    // Whole numbers up to 2^53 are exact, and people write them without a fraction.
    if value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0 {
        let _ = write!(out, "{value:.0}");
        return;
    }
    // As above: only a number that is not finite could fail, and it is written as null.
    let _ = serde_json::to_writer(out, &value);
}

/// The members of an object in their order, each at most once; of very many only the first.
pub(crate) fn members(text: &str) -> serde_json::Result<Vec<(String, &RawValue)>> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let members = reader.deserialize_map(Members)?;
    reader.end().map(|()| members)
}

/// More members than any object has that is read here: one too many is enough to find one that is not known.
const MEMBERS: usize = 64;

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found: Self::Value = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
            if found.iter().any(|(other, _)| *other == name) {
                let name = quote::shown(&name);
                return Err(A::Error::custom(format!("the field `{name}` is given twice")));
            }
            if found.len() <= MEMBERS {
                found.push((name, value));
            }
        }
        Ok(found)
    }
}

/// Why a text that may look like JSON is not carried as such.
pub(crate) const UNSOUND: &str = "it is not JSON that every reader accepts: well-formed, numbers in range, no half \
                                  surrogates, not nested too deep";

/// Whether this is JSON that every strict reader accepts, also inside of an envelope. A lenient check would let one
/// publisher spoil a whole page or line for those who read it with a stricter parser.
pub(crate) fn is_sound(json: &[u8]) -> bool {
    std::str::from_utf8(json).is_ok_and(is_sound_text)
}

/// The same of what is text.
pub(crate) fn is_sound_text(json: &str) -> bool {
    let mut reader = serde_json::Deserializer::from_str(json);
    Depth(limits::JSON_DEPTH).deserialize(&mut reader).is_ok() && reader.end().is_ok()
}

/// Reads a value whole and keeps nothing; so many levels may still open.
pub(crate) struct Depth(pub(crate) usize);

impl Depth {
    /// What is inside of one level more.
    pub(crate) fn inner<E: Error>(&self) -> Result<Depth, E> {
        self.0.checked_sub(1).map(Depth).ok_or_else(|| E::custom("nested too deep"))
    }
}

impl<'de> DeserializeSeed<'de> for Depth {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Depth {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<(), A::Error> {
        while array.next_element_seed(self.inner()?)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_key_seed(Depth(0))?.is_some() {
            map.next_value_seed(self.inner()?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_every_reader_accepts() {
        let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        for text in
            ["null", " [1, -2.5e3, {\"a\\n\": \"\\ud83d\\ude00\"}] ", "\"\"", &deep(limits::JSON_DEPTH)]
        {
            assert!(is_sound(text.as_bytes()), "{text}");
        }
        for text in [
            "",
            "{",
            "[1,]",
            "{a:1}",
            "1 2",
            "\"\\ud800\"",
            "{\"\\udc00\":1}",
            "1e999",
            "01",
            "\"\n\"",
            "nul",
            "NaN",
            &deep(limits::JSON_DEPTH + 1),
            &deep(100_000),
        ] {
            assert!(!is_sound(text.as_bytes()), "{}", &text[..text.len().min(20)]);
        }
        assert!(!is_sound(b"\"\xff\""));
    }
}
