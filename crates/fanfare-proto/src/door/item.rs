//! One envelope: a JSON object of a message's fields.

use super::fields::{self, bad};
use super::tags;
use crate::{Channel, Code, Content, Publish, Refusal, json, media, quote, unknown_field};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use serde_json::value::RawValue;

/// The fields that can be published.
pub(crate) const FIELDS: &[&str] = &[
    "at",
    "body",
    "body_base64",
    "channel",
    "content_type",
    "delay",
    "deletes",
    "event",
    "id",
    "key",
    "notice",
    "priority",
    "replaces",
    "tags",
    "ttl",
];
/// What an envelope that was received has, too.
const SERVERS: &[&str] = &["cursor", "deleted", "edited", "expires", "position", "previous", "time"];

/// What a message can say; one that has none of these says nothing.
const SAYS: &[&str] = &["body", "body_base64", "deletes", "event", "key", "notice", "tags"];

/// Base64 of RFC 4648 section 4, with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Reads an envelope. A field that is `null` is not given. One that says nothing is refused: programs leave out what they
/// failed to set, and nobody would notice.
pub(crate) fn read(value: &RawValue) -> Result<Publish, Refusal> {
    let object = members(value.get())?;
    if let Some((name, _)) = object.iter().find(|(name, _)| !FIELDS.contains(&&**name)) {
        return Err(unknown(name, FIELDS));
    }
    say(&object)
}

/// What fields, all of them of [`FIELDS`], say for later, if they say something.
pub(crate) fn said(object: &[(String, &RawValue)]) -> Result<Publish, Refusal> {
    let publish = say(object)?;
    publish.content.check_original()?;
    Ok(publish)
}

fn say(object: &[(String, &RawValue)]) -> Result<Publish, Refusal> {
    let publish = build(object)?;
    let says = |(name, value): &(String, &RawValue)| {
        // A JSON body may be null.
        SAYS.contains(&&**name)
            && (value.get() != "null" || name == "body" && !publish.content.body.is_empty())
    };
    if object.iter().any(says) {
        return Ok(publish);
    }
    let rest =
        r#"`"body":""` is an empty message, and a message of `key`, `event`, `tags` or `notice` needs none"#;
    Err(bad("body", format!("it is missing; {rest}")))
}

/// The fields of an envelope, whatever they are.
pub(crate) fn members(text: &str) -> Result<Vec<(String, &RawValue)>, Refusal> {
    members_of("a message", text)
}

/// The fields of the object that something is, whatever they are.
pub(crate) fn members_of<'a>(kind: &str, text: &'a str) -> Result<Vec<(String, &'a RawValue)>, Refusal> {
    let wrong = |detail| Err(Refusal::new(Code::BAD_JSON, detail));
    match text.trim_start().as_bytes().first() {
        None => wrong(format!("the body is empty; it is a JSON object of {kind}'s fields")),
        Some(b'{') => json::members(text)
            .or_else(|error| wrong(format!("this is not a JSON object of {kind}'s fields: {error}"))),
        Some(_) => wrong(format!(
            "this is not a JSON object of {kind}'s fields: it begins with `{}` and not with `{{`",
            quote::shown(&text.trim_start().chars().take(1).collect::<String>())
        )),
    }
}

/// What fields, all of them of [`FIELDS`], say.
pub(crate) fn build(object: &[(String, &RawValue)]) -> Result<Publish, Refusal> {
    let channel = object.iter().find(|(name, value)| name == "channel" && value.get() != "null");
    let Some((_, channel)) = channel else {
        return Err(bad("channel", "it is missing"));
    };
    let channel = text("channel", channel)?;
    let channel = Channel::parse(&channel)
        .map_err(|error| Refusal::new(Code::BAD_NAME, format!("`{}`: {error}", quote::shown(&channel))))?;
    let mut publish = Publish { channel, id: None, ttl: None, when: None, content: Content::default() };
    let (mut body, mut bytes) = (None, None);
    for (name, value) in object {
        match (&**name, value.get()) {
            // A JSON body may be null; whether it is one, the content type says.
            ("body", _) => body = Some(*value),
            ("channel", _) => {}
            (_, "null") => {}
            ("body_base64", _) => bytes = Some(decoded(value)?),
            ("tags", _) => publish.content.tags = tags::parse_json(value)?,
            ("notice", json) => publish.content.notice = Some(fields::notice(json)?),
            ("at" | "delay" | "deletes" | "priority" | "replaces" | "ttl", number)
                if number.starts_with(|c: char| c.is_ascii_digit()) =>
            {
                fields::set_text(&mut publish, name, number)?;
            }
            (name, _) => fields::set_text(&mut publish, name, &text(name, value)?)?,
        }
    }
    let is_bodiless = body.is_none_or(|body| body.get() == "null") && bytes.is_none();
    set_body(&mut publish.content, body, bytes)?;
    publish.check_amends()?;
    if is_bodiless {
        publish.check_emptying()?;
    }
    Ok(publish)
}

/// The refusal of a field that is none of these.
pub(crate) fn unknown(name: &str, known: &[&str]) -> Refusal {
    if SERVERS.contains(&name) {
        let detail = format!("the field `{name}` is given by the server and cannot be published");
        return Refusal::new(Code::UNKNOWN_FIELD, detail);
    }
    unknown_field("field", name, known)
}

/// Text stays text, unless the content type says that the body is JSON; every other value is JSON.
fn set_body(content: &mut Content, body: Option<&RawValue>, bytes: Option<Bytes>) -> Result<(), Refusal> {
    let said_json = content.content_type.as_deref().map(media::is_json);
    let body = body.filter(|body| body.get() != "null" || said_json == Some(true));
    let Some(body) = body else {
        content.body = bytes.unwrap_or_default();
        return Ok(());
    };
    if bytes.is_some() {
        return Err(bad("body", "give `body` or `body_base64`, not both"));
    }
    if body.get().starts_with('"') && said_json != Some(true) {
        content.body = text("body", body)?.into();
        return Ok(());
    }
    if said_json == Some(false) {
        return Err(bad("body", "it is JSON, and content_type says something else; give it as text"));
    }
    if !json::is_sound(body.get().as_bytes()) {
        return Err(Refusal::new(Code::BAD_JSON, format!("body: {}", json::UNSOUND)));
    }
    content.content_type.get_or_insert_with(|| "application/json".into());
    content.body = Bytes::copy_from_slice(body.get().as_bytes());
    Ok(())
}

/// A field that is text.
pub(crate) fn text(field: &str, value: &RawValue) -> Result<String, Refusal> {
    serde_json::from_str(value.get()).map_err(|_| bad(field, "it is not text in quotes"))
}

fn decoded(value: &RawValue) -> Result<Bytes, Refusal> {
    let text = text("body_base64", value)?;
    BASE64
        .decode(text)
        .map(Bytes::from)
        .map_err(|error| bad("body_base64", format!("it is not base64: {error}")))
}
