//! A message as the body of a request, with its fields in headers and query parameters.

use super::fields::{self, bad};
use super::tags;
use crate::head::bit;
use crate::{Channel, Content, Publish, Query, Refusal};
use bytes::Bytes;

/// A field, or a member of a notice.
struct Named {
    name: &'static str,
    /// The first of these that says something.
    headers: &'static [&'static str],
    /// The bits of these headers: nearly all of them are nearly always absent.
    bits: u64,
}

const fn named(name: &'static str, headers: &'static [&'static str]) -> Named {
    let (mut bits, mut at) = (0, 0);
    while at < headers.len() {
        bits |= bit(headers[at]);
        at += 1;
    }
    Named { name, headers, bits }
}

/// Each field by its query parameter, with its headers. Those with `x-` are what clients of ntfy send.
static FIELDS: &[Named] = &[
    named("at", &["at", "x-at"]),
    named("content_type", &["content-type"]),
    named("delay", &["delay", "x-delay"]),
    named("deletes", &["deletes"]),
    named("event", &["event"]),
    named("id", &["idempotency-key"]),
    named("key", &["key"]),
    named("notice", &["notice"]),
    named("priority", &["priority", "x-priority"]),
    named("replaces", &["replaces"]),
    named("tags", &["tags", "x-tags"]),
    named("ttl", &["ttl"]),
];
/// Members of a notice, and the headers in which clients of ntfy send them one by one.
static MEMBERS: &[Named] = &[
    named("actions", &["actions", "x-actions"]),
    named("attach", &["attach", "x-attach"]),
    named("click", &["click", "x-click"]),
    named("icon", &["icon", "x-icon"]),
    named("title", &["title", "x-title"]),
];

/// The query parameters that [`read_bare`] reads.
pub const BARE_PARAMETERS: &[&str] = &[
    "at",
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

/// Reads what a request publishes: `body` exactly as it is, and each field from its query parameter, else from its
/// header. `headers` answers the values of a header by its lower-case name; two of them are refused. Query parameters that are
/// not fields are refused. Where nobody says `notice`, headers of its members make one.
pub fn read_bare<'h, V: Iterator<Item = &'h [u8]>>(
    channel: Channel,
    query: &Query<'_>,
    headers: impl Fn(&'static str) -> V,
    body: Bytes,
) -> Result<Publish, Refusal> {
    read_headed(channel, query, u64::MAX, headers, body)
}

/// The same, where only headers of some bits can be there.
pub(crate) fn read_headed<'h, V: Iterator<Item = &'h [u8]>>(
    channel: Channel,
    query: &Query<'_>,
    there: u64,
    headers: impl Fn(&'static str) -> V,
    body: Bytes,
) -> Result<Publish, Refusal> {
    query.only(BARE_PARAMETERS, &[])?;
    let content = Content { body, ..Content::default() };
    let mut publish = Publish { channel, id: None, ttl: None, when: None, content };
    for field in FIELDS {
        let said = match query.one(field.name)? {
            Some(value) => Some(value),
            None => field.said(there, &headers)?,
        };
        match (field.name, said) {
            (_, None) => {}
            ("tags", Some(value)) => publish.content.tags = tags::parse(value)?,
            (field, Some(value)) => fields::set_text(&mut publish, field, value)?,
        }
    }
    if publish.content.notice.is_none() {
        publish.content.notice = notice(there, &headers)?;
    }
    publish.check_amends()?;
    if publish.content.body.is_empty() {
        publish.check_emptying()?;
    }
    Ok(publish)
}

/// A notice of the members that are given.
fn notice<'h, V: Iterator<Item = &'h [u8]>>(
    there: u64,
    headers: impl Fn(&'static str) -> V,
) -> Result<Option<Box<str>>, Refusal> {
    let mut members = serde_json::Map::new();
    for member in MEMBERS {
        if let Some(text) = member.said(there, &headers)?.filter(|text| !text.is_empty()) {
            members.insert(member.name.to_owned(), text.into());
        }
    }
    if members.is_empty() {
        return Ok(None);
    }
    fields::notice(&serde_json::Value::Object(members).to_string()).map(Some)
}

impl Named {
    /// What is said of it in a header.
    fn said<'h, V: Iterator<Item = &'h [u8]>>(
        &self,
        there: u64,
        headers: impl Fn(&'static str) -> V,
    ) -> Result<Option<&'h str>, Refusal> {
        if self.bits & there == 0 {
            return Ok(None);
        }
        for name in self.headers {
            if let Some(value) = from_header(name, headers(name))? {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }
}

/// The one value of a header, without those that clients send without having been told to.
fn from_header<'h>(name: &str, values: impl Iterator<Item = &'h [u8]>) -> Result<Option<&'h str>, Refusal> {
    let mut said = None;
    for value in values {
        let value = std::str::from_utf8(value).map_err(|_| bad(name, "the header is not UTF-8"))?.trim();
        let unsaid = match name {
            "content-type" => value.is_empty() || is_form(value),
            "priority" => is_http_priority(value),
            _ => false,
        };
        let value = if name == "idempotency-key" { unquoted(value) } else { value };
        if !unsaid && said.replace(value).is_some() {
            return Err(bad(name, "the header is there more than once; send one"));
        }
    }
    Ok(said)
}

/// What `curl -d` says about every body.
pub(super) fn is_form(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// `u=1, i`: how urgent the response is, sent by browsers with every request (RFC 9218 section 4). It says nothing
/// about the message.
fn is_http_priority(value: &str) -> bool {
    value.is_empty()
        || value.split(',').map(|member| member.split(';').next().unwrap_or_default().trim()).all(|member| {
            let (name, _) = member.split_once('=').unwrap_or((member, ""));
            matches!(name, "u" | "i")
        })
}

/// The draft of the Idempotency-Key header writes its value in quotes; most clients do not.
fn unquoted(value: &str) -> &str {
    let inner = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.filter(|inner| !inner.contains(['"', '\\'])).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_parameters_is_the_list_of_fields() {
        assert!(FIELDS.iter().map(|field| &field.name).eq(BARE_PARAMETERS));
    }
}
