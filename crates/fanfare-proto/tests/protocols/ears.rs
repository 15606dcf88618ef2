//! Readers of each media type, who know no more than its specification and docs/wire.md.

use crate::event_source;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fanfare_proto::protocol::Protocol;
use fanfare_proto::{Cursor, Form, Message, TagValue};
use serde_json::{Value, json};

/// What a reader understood.
#[derive(Debug, PartialEq)]
pub enum Heard {
    /// A bare body, and the name of its event.
    Body { event: Option<String>, cursor: String, body: String },
    /// An envelope, or body and cursor of one.
    Envelope { event: Option<String>, value: Value },
    /// Anything else; a sign of life has no name.
    System { name: String, cursor: Option<String>, data: Value },
}

/// What the reader of a whole stream understood.
pub fn hear(protocol: &dyn Protocol, bytes: &[u8]) -> Vec<Heard> {
    match protocol.media_type() {
        "text/event-stream" => hear_events(bytes),
        "application/x-ndjson" => hear_lines(bytes),
        "application/json" => hear_objects(bytes),
        "text/html" => hear_scripts(bytes),
        other => panic!("no ears for {other} yet: write them"),
    }
}

/// Messages, cursor and gaps of an answer.
pub fn hear_answer(protocol: &dyn Protocol, bytes: &[u8]) -> (Vec<Heard>, String, Vec<Value>) {
    let called = match protocol.media_type() {
        "text/javascript" => {
            let text = std::str::from_utf8(bytes).unwrap();
            let call = text.strip_prefix("/**/f(JSON.parse(").unwrap().strip_suffix("));\n").unwrap();
            unquote(call)
        }
        _ => String::from_utf8(bytes.to_vec()).unwrap(),
    };
    let page: Value = serde_json::from_str(&called).unwrap_or_else(|error| panic!("{error}: {called}"));
    let all = page["gaps"].as_array().cloned();
    assert_eq!(page.as_object().unwrap().len(), if all.is_some() { 4 } else { 3 }, "{page}");
    let first: Vec<Value> = Some(page["gap"].clone()).into_iter().filter(|gap| !gap.is_null()).collect();
    assert!(all.iter().all(|all| all.len() > 1 && all.starts_with(&first)), "{page}");
    let envelope = |value: &Value| Heard::Envelope { event: None, value: value.clone() };
    let messages = page["messages"].as_array().unwrap().iter().map(envelope).collect();
    (messages, page["cursor"].as_str().unwrap().to_owned(), all.unwrap_or(first))
}

fn hear_events(bytes: &[u8]) -> Vec<Heard> {
    let stream = event_source::read(bytes);
    let silent = stream.silent_ids.into_iter().map(|id| Heard::System {
        name: String::new(),
        cursor: Some(id),
        data: Value::Null,
    });
    let events = stream.events.into_iter().map(|event| {
        let id = Some(event.last_event_id.clone()).filter(|id| !id.is_empty());
        match &*event.event {
            "$envelope" => Heard::Envelope {
                event: Some("$envelope".into()),
                value: serde_json::from_str(&event.data).unwrap(),
            },
            name if name.starts_with('$') => Heard::System {
                name: name[1..].replace('-', "_"),
                cursor: id,
                data: serde_json::from_str(&event.data).unwrap(),
            },
            name => Heard::Body {
                event: (name != "message").then(|| name.to_owned()),
                cursor: id.unwrap(),
                body: event.data,
            },
        }
    });
    events.chain(silent).collect()
}

fn hear_lines(bytes: &[u8]) -> Vec<Heard> {
    let text = std::str::from_utf8(bytes).expect("lines are UTF-8");
    assert!(text.is_empty() || text.ends_with('\n'), "cut: {text:?}");
    let values =
        text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")));
    values.map(hear_line).collect()
}

/// What the scripts of a page call `fanfare` with, as a browser reads it: a script ends where `</script` is, whatever is
/// around it.
fn hear_scripts(bytes: &[u8]) -> Vec<Heard> {
    let text = std::str::from_utf8(bytes).expect("a page is UTF-8");
    let body = text.split_once("<body>\n").map_or(text, |(_, body)| body);
    let mut rest = body;
    std::iter::from_fn(|| {
        let script = rest.strip_prefix("<script>").or_else(|| panic_unless_empty(rest))?;
        let end = script.to_ascii_lowercase().find("</script").expect("it ends");
        let (called, after) = script.split_at(end);
        assert!(!called.contains('<'), "{called}");
        rest = after.strip_prefix("</script>\n").expect("nothing else is in it");
        let arguments = called.strip_prefix("fanfare(").unwrap().strip_suffix(')').unwrap();
        let said = arguments.strip_suffix(",1").unwrap_or(arguments);
        let heard = hear_line(serde_json::from_str(&unquote(said)).unwrap());
        let quiet = matches!(&heard, Heard::System { name, .. } if name.is_empty());
        assert_eq!(quiet, said.len() < arguments.len(), "a sign of life is for nobody's ears");
        Some(heard)
    })
    .collect()
}

fn panic_unless_empty(rest: &str) -> Option<&str> {
    assert!(rest.is_empty(), "{rest}");
    None
}

/// What a string of JavaScript in single quotes says (ECMA-262 section 12.9.4).
fn unquote(literal: &str) -> String {
    let inner = literal.strip_prefix('\'').unwrap().strip_suffix('\'').unwrap();
    let (mut units, mut rest) = (Vec::new(), inner.chars());
    while let Some(c) = rest.next() {
        assert!(
            !matches!(c, '\'' | '\n' | '\r' | '\u{2028}' | '\u{2029}'),
            "the string would end: {literal}"
        );
        let digits = |rest: &mut std::str::Chars<'_>, count| {
            u16::from_str_radix(&rest.take(count).collect::<String>(), 16).unwrap()
        };
        match c {
            '\\' => match rest.next().unwrap() {
                '\\' => units.push(u16::from(b'\\')),
                'x' => units.push(digits(&mut rest, 2)),
                'u' => units.push(digits(&mut rest, 4)),
                other => panic!("\\{other} is not written here"),
            },
            c => units.extend_from_slice(c.encode_utf16(&mut [0; 2])),
        }
    }
    String::from_utf16(&units).unwrap()
}

/// Each of these travels in a message of its own.
fn hear_objects(bytes: &[u8]) -> Vec<Heard> {
    let values = serde_json::Deserializer::from_slice(bytes).into_iter::<Value>();
    values.map(|value| hear_line(value.unwrap())).collect()
}

/// A message has a body; of the rest, the first field that is not the cursor is its name.
fn hear_line(value: Value) -> Heard {
    let object = value.as_object().unwrap();
    if ["body", "body_base64", "body_json"].iter().any(|name| object.contains_key(*name)) {
        return Heard::Envelope { event: None, value };
    }
    let names: Vec<&String> = object.keys().filter(|name| *name != "cursor").collect();
    assert!(names.len() <= 1, "{value}");
    Heard::System {
        name: names.first().map_or(String::new(), |name| name.to_string()),
        cursor: value["cursor"].as_str().map(str::to_owned),
        data: value,
    }
}

impl Heard {
    pub fn is_message(&self) -> bool {
        !matches!(self, Heard::System { .. })
    }

    /// Checks that this is the message, as its form asks.
    pub fn check(&self, protocol: &dyn Protocol, message: &Message, place: &Cursor, form: Form) {
        let content = &message.content;
        match self {
            Heard::Body { event, cursor, body } => {
                assert_eq!(event.as_deref(), content.event.as_deref());
                assert_eq!(cursor, &place.to_string());
                match form {
                    Form::Body => {
                        let text = std::str::from_utf8(&content.body).unwrap();
                        assert_eq!(body, &text.replace("\r\n", "\n").replace('\r', "\n"));
                    }
                    Form::Envelope => check_envelope(&serde_json::from_str(body).unwrap(), message, place),
                    Form::Delta => {
                        let value = whole(serde_json::from_str(body).unwrap(), message);
                        check_envelope(&value, message, place);
                    }
                }
            }
            Heard::Envelope { event: Some(_), value } => {
                assert!(
                    std::str::from_utf8(&content.body).is_err() && form == Form::Body,
                    "{}",
                    protocol.name()
                );
                check_envelope(value, message, place);
            }
            Heard::Envelope { event: None, value } => match form {
                Form::Envelope => check_envelope(value, message, place),
                Form::Delta => check_envelope(&whole(value.clone(), message), message, place),
                Form::Body => {
                    assert_eq!(value.as_object().unwrap().len(), 2, "{value}");
                    check_body(value, message);
                    assert_eq!(value["cursor"], place.to_string());
                }
            },
            Heard::System { .. } => panic!("{self:?} is not a message"),
        }
    }
}

/// JSON that is told as text is exactly what was published; with its value in its place, the envelope is like any other.
fn whole(mut value: Value, message: &Message) -> Value {
    if let Some(text) = value.as_object_mut().unwrap().remove("body_json") {
        assert_eq!(text.as_str().unwrap().as_bytes(), &message.content.body[..]);
        value["body"] = serde_json::from_str(text.as_str().unwrap()).unwrap();
    }
    value
}

/// Every field is there, and none that the message has not.
fn check_envelope(value: &Value, message: &Message, place: &Cursor) {
    let content = &message.content;
    check_body(value, message);
    let mut rest = value.as_object().unwrap().clone();
    rest.retain(|name, _| name != "body" && name != "body_base64");
    let tags = content.tags.iter().map(|(name, value)| {
        let value = match value {
            TagValue::Text(text) => json!(text),
            TagValue::Number(number) => json!(number),
            TagValue::Bool(value) => json!(value),
        };
        (name.to_string(), value)
    });
    let notice = content.notice.as_deref().map(|notice| serde_json::from_str::<Value>(notice).unwrap());
    let mut expected = json!({
        "channel": message.channel.as_str(),
        "position": message.position.0,
        "previous": message.previous.map(|previous| previous.0),
        "time": message.time.to_string(),
        "id": message.shown_id(),
        "key": content.key,
        "priority": content.priority,
        "expires": message.expires.map(|expires| expires.to_string()),
        "tags": (!content.tags.is_empty()).then(|| Value::Object(tags.collect())),
        "event": content.event,
        "content_type": content.content_type,
        "notice": notice,
        "cursor": place.to_string(),
    });
    expected.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    assert_eq!(Value::Object(rest), expected);
}

fn check_body(value: &Value, message: &Message) {
    let content = &message.content;
    let said = content.content_type.as_deref().unwrap_or_default();
    if let Some(encoded) = value.get("body_base64") {
        assert_eq!(value.get("body"), None);
        assert_eq!(STANDARD.decode(encoded.as_str().unwrap()).unwrap(), content.body);
        assert!(std::str::from_utf8(&content.body).is_err() || said.starts_with("image/"));
        return;
    }
    let json = serde_json::from_slice::<Value>(&content.body).ok().filter(|_| said.ends_with("json"));
    let expected = json.unwrap_or_else(|| std::str::from_utf8(&content.body).unwrap().into());
    assert_eq!(value["body"], expected);
}
