//! A filter as a test says it, written in many ways, and read in the most simple one: on a whole JSON value.

use fanfare_proto::{Message, TagValue, Time};
use serde_json::Value;

#[derive(Debug, Clone)]
pub(crate) enum Said {
    Any(Vec<Said>),
    All(Vec<Said>),
    Not(Box<Said>),
    Compare(Place, &'static str, Constant),
    In(Place, Vec<Constant>),
    StartsWith(Place, String),
    Exists(Place),
    Edited,
    Deleted,
}

#[derive(Debug, Clone)]
pub(crate) enum Place {
    Channel,
    Event,
    Key,
    Priority,
    Time,
    Tag(String),
    Body(Vec<String>),
}

#[derive(Debug, Clone)]
pub(crate) enum Constant {
    Bool(bool),
    Number(f64),
    Milliseconds(u32),
    Text(String),
    Moment(Time),
}

impl Said {
    /// Whether a message is wanted.
    pub(crate) fn accepts(&self, message: &Message) -> bool {
        match self {
            Said::Any(parts) => parts.iter().any(|part| part.accepts(message)),
            Said::All(parts) => parts.iter().all(|part| part.accepts(message)),
            Said::Not(part) => !part.accepts(message),
            Said::Compare(place, sign, constant) => compare(&place.value(message), sign, &constant.value()),
            Said::In(place, list) => {
                let value = place.value(message);
                list.iter().any(|constant| compare(&value, "=", &constant.value()))
            }
            Said::StartsWith(place, start) => {
                place.value(message).as_str().is_some_and(|text| text.starts_with(&**start))
            }
            Said::Exists(place) => !place.value(message).is_null(),
            Said::Edited => format!("{:?}", message.content.became).contains("Edited"),
            Said::Deleted => format!("{:?}", message.content.became).contains("Deleted"),
        }
    }

    /// The filter as text; the style decides wherever there is a choice.
    pub(crate) fn text(&self, style: &[u8]) -> String {
        let mut writer = Writer { out: String::new(), style, at: 0 };
        writer.said(self);
        writer.out
    }
}

fn compare(value: &Value, sign: &str, constant: &Value) -> bool {
    let ordering = match (value, constant) {
        (Value::Bool(one), Value::Bool(other)) => Some(one.cmp(other)),
        (Value::String(one), Value::String(other)) => Some(one.cmp(other)),
        (Value::Number(one), Value::Number(other)) => one.as_f64().partial_cmp(&other.as_f64()),
        _ => None,
    };
    ordering.is_some_and(|ordering| match sign {
        "=" => ordering.is_eq(),
        "!=" => ordering.is_ne(),
        "<" => ordering.is_lt(),
        "<=" => ordering.is_le(),
        ">" => ordering.is_gt(),
        _ => ordering.is_ge(),
    })
}

impl Place {
    /// What is there; null if nothing is.
    fn value(&self, message: &Message) -> Value {
        let content = &message.content;
        match self {
            Place::Channel => message.channel.as_str().into(),
            Place::Event => content.event.as_deref().into(),
            Place::Key => content.key.as_deref().into(),
            Place::Priority => content.priority.unwrap_or(3).into(),
            Place::Time => message.time.0.into(),
            Place::Tag(name) => match content.tags.get(&**name) {
                None => Value::Null,
                Some(TagValue::Text(text)) => (**text).into(),
                Some(TagValue::Number(number)) => (*number).into(),
                Some(TagValue::Bool(value)) => (*value).into(),
            },
            Place::Body(names) => {
                let step = |value: Value, name: &String| match value {
                    Value::Object(mut members) => members.remove(name).unwrap_or_default(),
                    Value::Array(mut elements) => match name.parse::<usize>() {
                        Ok(index) if index < elements.len() && index.to_string() == *name => {
                            elements.swap_remove(index)
                        }
                        _ => Value::Null,
                    },
                    _ => Value::Null,
                };
                names.iter().fold(body(message), step)
            }
        }
    }
}

/// The body as JSON, as text, or null.
fn body(message: &Message) -> Value {
    let content = &message.content;
    let Ok(text) = std::str::from_utf8(&content.body) else { return Value::Null };
    let said = content.content_type.as_deref();
    let json = matches!(said, None | Some("application/json")).then(|| serde_json::from_str(text).ok());
    match json.flatten() {
        Some(value) => value,
        None if text.is_empty() || said == Some("image/png") => Value::Null,
        None => text.into(),
    }
}

impl Constant {
    fn value(&self) -> Value {
        match self {
            Constant::Bool(value) => (*value).into(),
            Constant::Number(number) => (*number).into(),
            Constant::Milliseconds(count) => (f64::from(*count) / 1000.0).into(),
            Constant::Text(text) => (&**text).into(),
            Constant::Moment(time) => time.0.into(),
        }
    }
}

struct Writer<'a> {
    out: String,
    style: &'a [u8],
    at: usize,
}

impl Writer<'_> {
    fn choose(&mut self, of: u8) -> u8 {
        self.at += 1;
        self.style.get(self.at % self.style.len().max(1)).map_or(0, |byte| byte % of)
    }

    fn space(&mut self) {
        let space = ["", " ", " \t", "\n"][usize::from(self.choose(4))];
        self.out.push_str(space);
    }

    /// A word that a name would swallow stands apart.
    fn word(&mut self, word: &str) {
        self.out.push(' ');
        self.space();
        self.out.push_str(word);
        self.out.push(' ');
        self.space();
    }

    fn sign(&mut self, sign: &str) {
        self.space();
        self.out.push_str(sign);
        self.space();
    }

    fn said(&mut self, said: &Said) {
        match said {
            Said::Any(parts) => self.joined(parts, "or"),
            Said::All(parts) => self.joined(parts, "and"),
            Said::Not(part) => {
                self.word("not");
                self.part(part);
            }
            Said::Compare(place, sign, constant) => {
                self.place(place);
                self.sign(sign);
                self.constant(constant);
            }
            Said::In(place, list) => {
                self.place(place);
                self.word("in");
                self.out.push('(');
                for (index, constant) in list.iter().enumerate() {
                    self.sign(if index == 0 { "" } else { "," });
                    self.constant(constant);
                }
                self.sign(")");
            }
            Said::StartsWith(place, start) => {
                self.sign("starts_with(");
                self.place(place);
                self.sign(",");
                self.quoted(start);
                self.sign(")");
            }
            Said::Edited => self.word("edited"),
            Said::Deleted => self.word("deleted"),
            Said::Exists(place) => {
                self.sign("exists(");
                self.place(place);
                self.sign(")");
            }
        }
    }

    fn joined(&mut self, parts: &[Said], word: &str) {
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                self.word(word);
            }
            match part {
                Said::All(_) if word == "or" && self.choose(2) == 0 => self.said(part),
                part => self.part(part),
            }
        }
    }

    fn part(&mut self, part: &Said) {
        if matches!(part, Said::Any(_) | Said::All(_)) || self.choose(8) == 0 {
            self.sign("(");
            self.said(part);
            self.sign(")");
        } else {
            self.said(part);
        }
    }

    fn place(&mut self, place: &Place) {
        let bare = |name: &str| ["a", "b", "temp", "ü-1"].contains(&name);
        match place {
            Place::Channel => self.out.push_str("channel"),
            Place::Event => self.out.push_str("event"),
            Place::Key => self.out.push_str("key"),
            Place::Priority => self.out.push_str("priority"),
            Place::Time => self.out.push_str("time"),
            Place::Tag(name) if bare(name) && self.choose(2) == 0 => self.out.push_str(name),
            Place::Tag(name) => {
                self.out.push_str("tags");
                self.step(name);
            }
            Place::Body(names) => {
                self.out.push_str("body");
                names.iter().for_each(|name| self.step(name));
            }
        }
    }

    fn step(&mut self, name: &str) {
        let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "-_".contains(c));
        let number = plain && name.bytes().all(|byte| byte.is_ascii_digit());
        match self.choose(3) {
            0 if plain => {
                self.out.push('.');
                self.out.push_str(name);
            }
            1 if number => {
                self.out.push('[');
                self.sign(name);
                self.out.push(']');
            }
            _ => {
                self.out.push('[');
                self.space();
                self.quoted(name);
                self.space();
                self.out.push(']');
            }
        }
    }

    fn constant(&mut self, constant: &Constant) {
        match constant {
            Constant::Bool(value) => self.out.push_str(&value.to_string()),
            Constant::Number(number) => {
                let text = match self.choose(3) {
                    0 => format!("{number:e}"),
                    1 => format!("{number}"),
                    _ => format!("{number:?}"),
                };
                self.out.push_str(&text);
            }
            Constant::Milliseconds(count) => {
                let text = match self.choose(3) {
                    0 => format!("{count}ms"),
                    1 => format!("{}s{}ms", count / 1000, count % 1000),
                    _ => format!("{}m{}ms", count / 60_000, count % 60_000),
                };
                self.out.push_str(&text);
            }
            Constant::Text(text) => self.quoted(text),
            Constant::Moment(time) => self.quoted(&time.to_string()),
        }
    }

    fn quoted(&mut self, text: &str) {
        let quote = if self.choose(2) == 0 { '"' } else { '\'' };
        self.out.push(quote);
        for c in text.chars() {
            if c == quote || c == '\\' || (matches!(c, '"' | '\'') && self.choose(2) == 0) {
                self.out.push('\\');
            }
            self.out.push(c);
        }
        self.out.push(quote);
    }
}
