//! Fields: which there are, how they are named, and what a mistaken name was probably meant to be.

use super::FilterError;
use super::scan::{Scanner, WORDS};
use super::tree::{Fate, Field, Path};
use crate::{limits, quote};

/// Names that are no tags where they stand alone.
const FIELDS: [&str; 7] = ["body", "channel", "event", "key", "priority", "tags", "time"];
/// What messages have, too, and filters do not see. So these names can become fields without changing a filter.
const OTHERS: [&str; 13] = [
    "at",
    "body_base64",
    "content_type",
    "cursor",
    "deletes",
    "expires",
    "id",
    "notice",
    "position",
    "previous",
    "publisher",
    "replaces",
    "ttl",
];

/// Reads a field. A path into the body is added to `paths`.
pub(super) fn read(
    scan: &mut Scanner<'_>,
    paths: &mut Vec<Path>,
    allowed: &str,
) -> Result<Field, FilterError> {
    let at = scan.place();
    let name = scan.word();
    if !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        let number = name.starts_with(|c: char| c.is_ascii_digit() || c == '-');
        let literal = number || matches!(scan.peek(), Some('"' | '\''));
        let first = if literal { "; the field stands first, as in `temp > 20`" } else { "" };
        return Err(scan.unexpected(&format!("{allowed}{first}")));
    }
    let small = name.to_ascii_lowercase();
    if Fate::ALL.iter().any(|(word, _)| *word == name) {
        return Err(alone(scan, at, name));
    }
    if WORDS.contains(&&*small) {
        return Err(scan.unexpected(allowed));
    }
    scan.take_word();
    let field = match name {
        "channel" => Field::Channel,
        "event" => Field::Event,
        "key" => Field::Key,
        "priority" => Field::Priority,
        "time" => Field::Time,
        "tags" => return tag(scan, at),
        "body" => {
            paths.push(path(scan)?);
            return Ok(Field::Body(paths.len() - 1));
        }
        name => bare(scan, at, name, &small)?,
    };
    if matches!(scan.peek(), Some('.' | '[')) {
        let wrong = match field {
            Field::Tag(_) => format!("`{}` is no field that has parts", quote::shown(name)),
            _ => format!("`{name}` has no parts"),
        };
        return Err(scan.error(at, wrong, "`body.` and names lead into a body, `tags.` and a name to a tag"));
    }
    Ok(field)
}

/// What became of a message is true or not, and nothing to compare or to look into.
pub(super) fn alone(scan: &Scanner<'_>, at: usize, word: &str) -> FilterError {
    let allowed = format!("write `{word}` or `not {word}`; a tag of this name is `tags.{word}`");
    scan.error(at, format!("`{word}` stands alone"), allowed)
}

/// A name alone is a tag's, unless a slip of the keyboard explains it.
fn bare(scan: &Scanner<'_>, at: usize, name: &str, small: &str) -> Result<Field, FilterError> {
    let shown = quote::shown(name);
    let tag = format!("a tag of this name is `tags.{shown}`");
    if OTHERS.contains(&name) {
        return Err(scan.error(at, format!("filters do not see `{shown}`"), tag));
    }
    // The distance is quadratic in the length, and no field is as long as this.
    let near = |field: &&&str| small.len() < 16 && strsim::damerau_levenshtein(small, field) <= 1;
    match FIELDS.iter().find(near) {
        None => Ok(Field::Tag(name.into())),
        Some(meant) => {
            let wrong = format!("`{shown}` is no field but `{meant}` is");
            Err(scan.error(at, wrong, tag))
        }
    }
}

fn tag(scan: &mut Scanner<'_>, at: usize) -> Result<Field, FilterError> {
    let Some(name) = segment(scan)? else {
        return Err(scan.error(
            at,
            "`tags` alone is nothing to compare",
            "a tag is `tags.room` or `tags[\"a room\"]`",
        ));
    };
    if matches!(scan.peek(), Some('.' | '[')) {
        let wrong = format!("the tag `{}` has no parts", quote::shown(&name));
        return Err(scan.error(at, wrong, "a tag whose name has a dot is `tags[\"a.b\"]`"));
    }
    Ok(Field::Tag(name))
}

fn path(scan: &mut Scanner<'_>) -> Result<Path, FilterError> {
    let mut names = Vec::new();
    loop {
        let at = scan.here();
        let Some(name) = segment(scan)? else { return Ok(names.into()) };
        if names.len() == limits::FILTER_DEPTH {
            let allowed = format!("at most {} are allowed", limits::FILTER_DEPTH);
            return Err(scan.error(at, "the path has too many names", allowed));
        }
        names.push(name);
    }
}

/// Reads `.name`, `["any name"]` or `[0]`, if it comes next. An element of an array is named by its number.
fn segment(scan: &mut Scanner<'_>) -> Result<Option<Box<str>>, FilterError> {
    if scan.take(".") {
        return match scan.word() {
            "" => {
                Err(scan
                    .unexpected("letters, digits, `_` and `-`; other names are quoted: `body[\"a name\"]`"))
            }
            _ => Ok(Some(scan.take_word().into())),
        };
    }
    if !scan.take("[") {
        return Ok(None);
    }
    scan.place();
    let name = match scan.peek() {
        Some('"' | '\'') => scan.quoted()?,
        Some('0'..='9') if scan.word().bytes().all(|byte| byte.is_ascii_digit()) => scan.take_word().into(),
        _ => return Err(scan.unexpected("a name in quotes, or the number of an element")),
    };
    scan.place();
    if scan.take("]") { Ok(Some(name)) } else { Err(scan.unexpected("`]`")) }
}
