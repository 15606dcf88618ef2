//! A JSON body, read from end to end without building a value: what nobody asks for is judged and skipped.

use super::fields::{Fields, Found};
use super::paths::{Paths, ROOT};
use crate::json::Depth;
use crate::limits;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Reads a body into fields. An error leaves some of them: the body is not JSON and has none.
pub(super) fn json(paths: &Paths, body: &str, fields: &mut Fields) -> serde_json::Result<()> {
    let mut reader = serde_json::Deserializer::from_str(body);
    let whole = Value { paths, fields, slot: ROOT, depth: Depth(limits::JSON_DEPTH) };
    whole.deserialize(&mut reader)?;
    reader.end()
}

/// A value that is asked for, or on the way to one.
struct Value<'a> {
    paths: &'a Paths,
    fields: &'a mut Fields,
    slot: usize,
    /// How many levels may still open.
    depth: Depth,
}

impl Value<'_> {
    fn set<E>(self, found: Found) -> Result<(), E> {
        self.fields.set(self.slot, found);
        Ok(())
    }

    /// The value in a slot below this one.
    fn below<E: Error>(&mut self, slot: usize) -> Result<Value<'_>, E> {
        self.fields.find(self.slot, slot);
        Ok(Value { paths: self.paths, fields: self.fields, slot, depth: self.depth.inner()? })
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.set(Found::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.set(Found::Bool(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.set(Found::Number(number as f64))
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.set(Found::Number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        self.set(Found::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        if self.paths.is_asked(self.slot) {
            self.fields.set_text(self.slot, text);
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut array: A) -> Result<(), A::Error> {
        self.fields.set(self.slot, Found::Structure);
        let mut number = itoa::Buffer::new();
        for index in 0u64.. {
            let named = self.paths.leads_on(self.slot);
            let below = if named { self.paths.below(self.slot, number.format(index)) } else { None };
            let element = match below {
                Some(slot) => array.next_element_seed(self.below(slot)?)?,
                None => array.next_element_seed(self.depth.inner()?)?,
            };
            if element.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        self.fields.set(self.slot, Found::Structure);
        while let Some(below) = map.next_key_seed(Name { paths: self.paths, above: self.slot })? {
            match below {
                Some(slot) => map.next_value_seed(self.below(slot)?)?,
                None => map.next_value_seed(self.depth.inner()?)?,
            }
        }
        Ok(())
    }
}

/// The name of a member: the slot of what is asked for.
struct Name<'a> {
    paths: &'a Paths,
    above: usize,
}

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a member")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.paths.below(self.above, name))
    }
}
