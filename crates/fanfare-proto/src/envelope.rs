//! Messages as JSON: the envelope of every JSON protocol, and the body as a JSON value.

use crate::put::Shown;
use crate::{Became, Content, Cursor, Delta, Form, Gap, Message, TagValue, Tags, Time, json, media};
use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;

/// Appends a message as a JSON object on one line: with every field it has, or with its body alone, and the cursor
/// of a reader that has heard it, if there is one to tell. Fields that are absent are left out.
pub fn envelope(message: &Message, cursor: Option<&Cursor>, form: Form, out: &mut Vec<u8>) {
    out.push(b'{');
    if form != Form::Body {
        fields(message, out);
    }
    amended(&message.content, out);
    match (form, shape(&message.content)) {
        _ if message.content.is_erased() => {}
        (Form::Delta, Shape::Json(text)) => json::string("body_json", text, out),
        (_, shape) => shaped(&shape, &message.content, out),
    }
    if let Some(cursor) = cursor {
        json::quoted("cursor", cursor, out);
    }
    out.push(b'}');
}

/// Appends a message with every field, but of its body only what has changed since another one.
pub(crate) fn changed(message: &Message, delta: &Delta, cursor: &Cursor, out: &mut Vec<u8>) {
    out.push(b'{');
    fields(message, out);
    json::name("delta", out);
    out.push(b'{');
    json::plain("base", delta.base, out);
    match std::str::from_utf8(&delta.change) {
        Ok(text) => json::string("text", text, out),
        Err(_) => json::quoted("base64", Shown(Base64Display::new(&delta.change, &STANDARD)), out),
    }
    let gives = match shape(&message.content) {
        Shape::Json(_) => "body_json",
        Shape::Text(_) => "body",
        Shape::Bytes => "body_base64",
    };
    json::string("gives", gives, out);
    out.push(b'}');
    json::quoted("cursor", cursor, out);
    out.push(b'}');
}

/// Appends a message as an acked reader is given it: with the number of the attempt.
pub(crate) fn handed(message: &Message, cursor: &Cursor, attempt: u32, form: Form, out: &mut Vec<u8>) {
    envelope(message, Some(cursor), form, out);
    out.pop();
    json::plain("attempt", attempt, out);
    out.push(b'}');
}

fn fields(message: &Message, out: &mut Vec<u8>) {
    place(message, out);
    json::string("id", &message.shown_id(), out);
    details(&message.content, message.expires, out);
}

/// Appends where and when.
pub(crate) fn place(message: &Message, out: &mut Vec<u8>) {
    json::string("channel", message.channel.as_str(), out);
    json::plain("position", message.position, out);
    if let Some(previous) = message.previous {
        json::plain("previous", previous, out);
    }
    json::quoted("time", message.time, out);
}

/// Appends everything but place, id and body.
pub(crate) fn details(content: &Content, expires: Option<Time>, out: &mut Vec<u8>) {
    if let Some(key) = &content.key {
        json::string("key", key, out);
    }
    if let Some(priority) = content.priority {
        json::plain("priority", priority, out);
    }
    if let Some(expires) = expires {
        json::quoted("expires", expires, out);
    }
    if !content.tags.is_empty() {
        tags(&content.tags, out);
    }
    if let Some(event) = &content.event {
        json::string("event", event, out);
    }
    if let Some(content_type) = &content.content_type {
        json::string("content_type", content_type, out);
    }
    if let Some(notice) = content.notice.as_deref().filter(|notice| json::is_sound(notice.as_bytes())) {
        json::name("notice", out);
        one_line(notice.as_bytes(), out);
    }
}

/// Appends what a message does to an earlier one, and what became of it.
fn amended(content: &Content, out: &mut Vec<u8>) {
    if let Some(amends) = content.amends {
        json::plain(amends.field(), amends.target(), out);
    }
    match content.became {
        Some(Became::Deleted) => json::plain("deleted", true, out),
        Some(Became::Edited(edit)) => json::plain("edited", edit, out),
        None => {}
    }
}

fn tags(tags: &Tags, out: &mut Vec<u8>) {
    json::name("tags", out);
    out.push(b'{');
    for (name, value) in tags {
        json::separator(out);
        json::text(name, out);
        out.push(b':');
        match value {
            TagValue::Text(text) => json::text(text, out),
            TagValue::Number(number) => json::number(*number, out),
            TagValue::Bool(bool) => out.extend_from_slice(if *bool { b"true" } else { b"false" }),
        }
    }
    out.push(b'}');
}

/// Appends `body` as a JSON value or text, or `body_base64`.
pub(crate) fn body(content: &Content, out: &mut Vec<u8>) {
    shaped(&shape(content), content, out);
}

fn shaped(shape: &Shape<'_>, content: &Content, out: &mut Vec<u8>) {
    match shape {
        Shape::Json(text) => {
            json::name("body", out);
            one_line(text.as_bytes(), out);
        }
        Shape::Text(text) => json::string("body", text, out),
        Shape::Bytes => base64(content, out),
    }
}

/// Appends `body_base64`.
pub(crate) fn base64(content: &Content, out: &mut Vec<u8>) {
    json::quoted("body_base64", Shown(Base64Display::new(&content.body, &STANDARD)), out);
}

/// Appends what was lost: `{"from":...,"to":...,"reason":"..."}`.
pub(crate) fn gap(gap: &Gap, out: &mut Vec<u8>) {
    out.push(b'{');
    json::plain("from", gap.from, out);
    json::plain("to", gap.to, out);
    json::string("reason", gap.reason.name(), out);
    out.push(b'}');
}

/// How a body is shown in JSON.
enum Shape<'a> {
    Json(&'a str),
    Text(&'a str),
    Bytes,
}

fn shape(content: &Content) -> Shape<'_> {
    let said = content.content_type.as_deref();
    let text = std::str::from_utf8(&content.body);
    match text {
        Ok(text) if said.is_some_and(media::is_json) && json::is_sound_text(text) => Shape::Json(text),
        Ok(text) if said.is_none_or(media::is_text) => Shape::Text(text),
        _ => Shape::Bytes,
    }
}

/// Whether a body is text or JSON, and not bytes.
pub(crate) fn is_text(content: &Content) -> bool {
    !matches!(shape(content), Shape::Bytes)
}

/// Appends JSON text without line ends: in valid JSON they are white space only, since strings escape them.
fn one_line(json: &[u8], out: &mut Vec<u8>) {
    out.extend(json.iter().map(|byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { *byte }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Channel, Content, CursorPart, Epoch, LogId, Position, Time};
    use serde_json::{Value, json};

    fn shown(content_type: Option<&str>, body: &[u8]) -> Value {
        let content = Content {
            key: Some("k\"1".into()),
            tags: [("n".into(), TagValue::Number(1.5)), ("t".into(), TagValue::Text("x".into()))].into(),
            content_type: content_type.map(Into::into),
            notice: Some("{\n\"title\":\"t\"}".into()),
            body: body.to_vec().into(),
            ..Content::default()
        };
        let message = Message {
            channel: Channel::parse("a/b").unwrap(),
            position: Position(5),
            previous: Some(Position(3)),
            time: Time(1_700_000_000_123),
            id: None,
            publisher: Some("p".into()),
            expires: None,
            content,
        };
        let cursor = Cursor::new([CursorPart { log: LogId::KEPT, epoch: Epoch(1), position: Position(5) }]);
        let mut out = Vec::new();
        envelope(&message, Some(&cursor), Form::Envelope, &mut out);
        assert!(!out.contains(&b'\n'));
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn an_envelope_has_the_fields_of_its_message() {
        let value = shown(None, b"hello\n");
        let cursor = value["cursor"].as_str().unwrap().to_owned();
        let wanted = json!({
            "channel": "a/b", "position": 5, "previous": 3, "time": "2023-11-14T22:13:20.123Z",
            "id": "18bcfe5687b-5", "key": "k\"1", "tags": {"n": 1.5, "t": "x"}, "notice": {"title": "t"},
            "body": "hello\n", "cursor": cursor,
        });
        assert_eq!(value, wanted);
        assert!(Cursor::parse(&cursor).is_ok());
    }

    #[test]
    fn a_body_is_json_text_or_base64() {
        for (content_type, body, name, wanted) in [
            (Some("application/json"), &b"{\"a\":\r\n[1,\"\xc3\xa9\"]}"[..], "body", json!({"a": [1, "é"]})),
            (Some("application/geo+json; x=y"), b"1e2", "body", json!(1e2)),
            (Some("application/json"), b"{oops", "body", json!("{oops")),
            (Some("text/plain"), b"x", "body", json!("x")),
            (Some("image/png"), b"x", "body_base64", json!("eA==")),
            (None, b"\xff", "body_base64", json!("/w==")),
            (None, b"", "body", json!("")),
        ] {
            assert_eq!(shown(content_type, body)[name], wanted, "{content_type:?} {body:?}");
        }
    }
}
