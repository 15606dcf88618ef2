//! A message as the body of a request, with its fields in headers and query parameters.

use super::fields::{self, LATER_FIELDS, bad, not_yet};
use super::tags;
use crate::{Channel, Content, Publish, Query, Refusal};
use bytes::Bytes;

/// Each field: its query parameter, and its header.
const FIELDS: &[(&str, &str)] = &[
    ("content_type", "content-type"),
    ("event", "event"),
    ("id", "idempotency-key"),
    ("key", "key"),
    ("notice", "notice"),
    ("priority", "priority"),
    ("tags", "tags"),
    ("ttl", "ttl"),
];

/// The query parameters that [`read_bare`] reads.
pub const BARE_PARAMETERS: &[&str] =
    &["content_type", "event", "id", "key", "notice", "priority", "tags", "ttl"];

/// Reads what a request publishes: `body` exactly as it is, and each field from its query parameter, else from its
/// header. `header` answers the value of a header by its lower-case name. Query parameters that are not fields are
/// refused.
pub fn read_bare<'h>(
    channel: Channel,
    query: &Query<'_>,
    header: impl Fn(&str) -> Option<&'h [u8]>,
    body: Bytes,
) -> Result<Publish, Refusal> {
    query.only(BARE_PARAMETERS, LATER_FIELDS)?;
    if let Some(field) = LATER_FIELDS.iter().find(|field| header(field).is_some()) {
        return Err(not_yet(field));
    }
    let content = Content { body, ..Content::default() };
    let mut publish = Publish { channel, id: None, ttl: None, content };
    for (field, name) in FIELDS {
        let said = match query.one(field)? {
            Some(value) => Some(value),
            None => from_header(name, &header)?,
        };
        match (*field, said) {
            (_, None) => {}
            ("tags", Some(value)) => publish.content.tags = tags::parse(value)?,
            (field, Some(value)) => fields::set_text(&mut publish, field, value)?,
        }
    }
    Ok(publish)
}

/// The value of a header, unless it is one that clients send without having been told to.
fn from_header<'h>(
    name: &str,
    header: impl Fn(&str) -> Option<&'h [u8]>,
) -> Result<Option<&'h str>, Refusal> {
    let Some(value) = header(name) else { return Ok(None) };
    let value = std::str::from_utf8(value).map_err(|_| bad(name, "the header is not UTF-8"))?.trim();
    let unsaid = match name {
        "content-type" => value.is_empty() || is_form(value),
        "priority" => is_http_priority(value),
        _ => false,
    };
    let value = if name == "idempotency-key" { unquoted(value) } else { value };
    Ok((!unsaid).then_some(value))
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
        assert!(FIELDS.iter().map(|(field, _)| field).eq(BARE_PARAMETERS));
    }
}
