//! What each field of a message may be, however it came.

use crate::{Amends, Code, Publish, Refusal, Time, When, amend, json, limits, parse_duration, quote};
use std::time::Duration;

/// Names of priorities, least first.
const PRIORITIES: [&str; 5] = ["min", "low", "default", "high", "max"];

/// A refusal of one field's value.
pub(crate) fn bad(field: &str, why: impl std::fmt::Display) -> Refusal {
    Refusal::new(Code::BAD_FIELD, format!("{field}: {why}"))
}

/// Sets one of the fields that are text in every form of a publish.
pub(super) fn set_text(publish: &mut Publish, field: &str, value: &str) -> Result<(), Refusal> {
    let content = &mut publish.content;
    match field {
        "id" => publish.id = Some(short(field, value)?),
        "key" => content.key = Some(short(field, value)?),
        "event" => content.event = Some(event(value)?),
        "content_type" => content.content_type = Some(content_type(value)?),
        "ttl" => publish.ttl = Some(ttl(value)?),
        "at" | "delay" => set_when(publish, field, value)?,
        "priority" => content.priority = Some(priority(value)?),
        "notice" => content.notice = Some(notice(value)?),
        "replaces" => set_amends(publish, Amends::Replaces(amend::target(field, value)?))?,
        "deletes" => set_amends(publish, Amends::Deletes(amend::target(field, value)?))?,
        _ => return Err(bad(field, "this is not a field of text")),
    }
    Ok(())
}

/// Text of 1 to [`limits::FIELD_BYTES`] bytes without control characters.
pub(crate) fn short(field: &str, value: &str) -> Result<Box<str>, Refusal> {
    if value.is_empty() {
        return Err(bad(field, "it is empty; leave it out instead"));
    }
    if value.len() > limits::FIELD_BYTES {
        let why = format!("it has {} bytes; at most {} are allowed", value.len(), limits::FIELD_BYTES);
        return Err(bad(field, why));
    }
    if value.contains(char::is_control) {
        return Err(bad(field, "it has a control character"));
    }
    Ok(value.into())
}

/// Names that begin with `$` are the server's own.
fn event(value: &str) -> Result<Box<str>, Refusal> {
    if value.starts_with('$') {
        return Err(bad("event", "names that begin with `$` are the server's own"));
    }
    short("event", value)
}

/// A media type, since it is given to readers as a header (RFC 9110 section 8.3).
pub(super) fn content_type(value: &str) -> Result<Box<str>, Refusal> {
    let essence = value.split(';').next().unwrap_or_default().trim();
    let token = |text: &str| !text.is_empty() && text.bytes().all(crate::head::is_token);
    let named = essence.split_once('/').is_some_and(|(main, sub)| token(main) && token(sub));
    if named && value.is_ascii() {
        return short("content_type", value);
    }
    Err(bad("content_type", format!("`{}` is not a media type such as text/plain", quote::shown(value))))
}

fn ttl(value: &str) -> Result<Duration, Refusal> {
    let ttl = parse_duration(value).map_err(|why| bad("ttl", why))?;
    if ttl <= limits::TTL {
        return Ok(ttl);
    }
    Err(bad("ttl", format!("at most {} seconds are allowed", limits::TTL.as_secs())))
}

/// Whether the moment is within [`limits::SCHEDULE_TIME`], whoever knows the time says.
fn set_when(publish: &mut Publish, field: &str, value: &str) -> Result<(), Refusal> {
    let when = match field {
        "at" => When::At(Time::parse(value).map_err(|why| bad(field, why))?),
        _ => When::In(parse_duration(value).map_err(|why| bad(field, why))?),
    };
    match publish.when.replace(when) {
        None => Ok(()),
        Some(_) => Err(bad(field, "give `at` or `delay`, not both")),
    }
}

fn set_amends(publish: &mut Publish, amends: Amends) -> Result<(), Refusal> {
    match publish.content.amends.replace(amends) {
        None => Ok(()),
        Some(_) => Err(bad(amends.field(), "give `replaces` or `deletes`, not both")),
    }
}

fn priority(value: &str) -> Result<u8, Refusal> {
    let named = PRIORITIES.iter().position(|name| value.eq_ignore_ascii_case(name)).map(|index| index + 1);
    let number = value.parse::<usize>().ok().filter(|number| (1..=PRIORITIES.len()).contains(number));
    // At most five.
    named.or(number).map(|priority| priority as u8).ok_or_else(|| {
        let names = PRIORITIES.join(", ");
        bad("priority", format!("`{}` is neither 1 to 5 nor one of {names}", quote::shown(value)))
    })
}

/// A JSON object, kept as it came.
pub(super) fn notice(value: &str) -> Result<Box<str>, Refusal> {
    if value.len() > limits::NOTICE_BYTES {
        let why = format!("it has {} bytes; at most {} are allowed", value.len(), limits::NOTICE_BYTES);
        return Err(bad("notice", why));
    }
    let value = value.trim();
    if value.starts_with('{') && json::is_sound(value.as_bytes()) {
        return Ok(value.into());
    }
    Err(bad("notice", r#"it is not a JSON object such as {"title":"Done"}"#))
}
