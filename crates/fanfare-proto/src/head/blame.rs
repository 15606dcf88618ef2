//! What is wrong with a head that the parser refused, and where: the parser itself does not say.

use super::find::is_token;
use crate::{Code, Refusal, limits};

pub(super) fn refusal(error: httparse::Error, head: &[u8]) -> Refusal {
    if error == httparse::Error::TooManyHeaders {
        let detail = format!("the request has more than {} header lines", limits::HEADERS);
        return Refusal::new(Code::HEAD_TOO_LARGE, detail);
    }
    let mut lines = head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let first = lines.next().unwrap_or_default();
    if error == httparse::Error::Version
        && let Some(version) = other_version(first)
    {
        let detail = format!("{version} is not spoken here; HTTP/1.1 and HTTP/1.0 are");
        return Refusal::new(Code::VERSION, detail);
    }
    let found = lines.enumerate().find_map(|(index, line)| Some((index + 2, wrong(line)?)));
    let detail = match found {
        Some((line, what)) if !in_request_line(error) => format!("line {line} of the request head: {what}"),
        _ => "the first line is not `METHOD target HTTP/1.1`, single spaces between".to_owned(),
    };
    Refusal::new(Code::BAD_REQUEST, detail)
}

fn in_request_line(error: httparse::Error) -> bool {
    matches!(error, httparse::Error::Token | httparse::Error::Version)
}

/// A well-formed version that is not ours, in a first line that has nothing else wrong.
fn other_version(line: &[u8]) -> Option<&str> {
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    let (_, Some(_), Some(version), None) = (words.next(), words.next(), words.next(), words.next()) else {
        return None;
    };
    let digits = version.strip_prefix("HTTP/")?.as_bytes();
    matches!(digits, [major, b'.', minor] if major.is_ascii_digit() && minor.is_ascii_digit())
        .then_some(version)
}

/// The rule that a header line breaks (RFC 9112 section 5).
fn wrong(line: &[u8]) -> Option<String> {
    let (&first, _) = line.split_first()?;
    if matches!(first, b' ' | b'\t') {
        return Some("it begins with white space; folded header lines are not accepted".into());
    }
    let Some(colon) = line.iter().position(|byte| *byte == b':') else {
        return Some("it has no colon".into());
    };
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    if name.ends_with(b" ") || name.ends_with(b"\t") {
        return Some("there is white space before the colon".into());
    }
    if name.is_empty() {
        return Some("it has no name before the colon".into());
    }
    if let Some(at) = name.iter().position(|byte| !is_token(*byte)) {
        return Some(format!("byte {at} is {:#04x}, which a header name may not contain", name[at]));
    }
    let control = |byte: &u8| (*byte < b' ' && *byte != b'\t') || *byte == 0x7f;
    let at = value.iter().position(control)?;
    Some(format!("byte {} is {:#04x}, which a header value may not contain", colon + 1 + at, value[at]))
}
