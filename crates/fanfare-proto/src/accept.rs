//! What representations a request accepts (RFC 9110 section 12.5.1).

use crate::{Code, Refusal, quote};

/// The media ranges of a request; none means everything.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Accept<'a> {
    ranges: Vec<Range<'a>>,
}

#[derive(Debug, Clone, PartialEq)]
struct Range<'a> {
    main: &'a str,
    sub: &'a str,
    /// Thousandths of the weight.
    weight: u16,
}

/// How much a media type is wanted: more is better. First the weight, then how exactly it was named, then how early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted {
    weight: u16,
    exactness: u8,
    order: std::cmp::Reverse<usize>,
}

impl<'a> Accept<'a> {
    /// Reads the values of all `Accept` lines. Parameters other than `q` are read over: a request for
    /// `application/json;profile=x` gets JSON.
    pub fn parse(values: impl IntoIterator<Item = &'a [u8]>) -> Result<Accept<'a>, Refusal> {
        let mut ranges = Vec::new();
        for value in values {
            let Ok(text) = std::str::from_utf8(value) else { return Err(malformed("it is not text")) };
            for member in split(text, ',').map(str::trim).filter(|member| !member.is_empty()) {
                ranges.push(range(member).ok_or_else(|| malformed(&format!("`{}`", quote::shown(member))))?);
            }
        }
        Ok(Accept { ranges })
    }

    /// How much a media type (`text/html`, without parameters) is wanted; `None` if it is not acceptable. Of the
    /// ranges that match, the most exact one speaks.
    pub fn wanted(&self, media_type: &str) -> Option<Wanted> {
        if self.ranges.is_empty() {
            return Some(Wanted { weight: 1000, exactness: 0, order: std::cmp::Reverse(0) });
        }
        let (main, sub) = media_type.split_once('/')?;
        if let [range] = &self.ranges[..] {
            let (exactness, order) = (range.exactness(main, sub)?, std::cmp::Reverse(0));
            return (range.weight > 0).then_some(Wanted { weight: range.weight, exactness, order });
        }
        let matching = self.ranges.iter().enumerate().filter_map(|(order, range)| {
            let exactness = range.exactness(main, sub)?;
            Some((exactness, Wanted { weight: range.weight, exactness, order: std::cmp::Reverse(order) }))
        });
        // Equally exact ranges: the first speaks.
        let speaking = matching.rev().max_by_key(|(exactness, _)| *exactness).map(|(_, wanted)| wanted);
        speaking.filter(|wanted| wanted.weight > 0)
    }
}

impl Range<'_> {
    fn exactness(&self, main: &str, sub: &str) -> Option<u8> {
        match (self.main.eq_ignore_ascii_case(main), self.sub.eq_ignore_ascii_case(sub)) {
            (true, true) => Some(2),
            (true, _) if self.sub == "*" => Some(1),
            _ if self.main == "*" => Some(0),
            _ => None,
        }
    }
}

fn range(member: &str) -> Option<Range<'_>> {
    let mut parts = split(member, ';').map(str::trim);
    let (main, sub) = match parts.next()? {
        // Old Java runtimes say this.
        "*" => ("*", "*"),
        range => range.split_once('/')?,
    };
    let named = is_token(main) && is_token(sub) && (main != "*" || sub == "*");
    let mut weight = 1000;
    for parameter in parts.filter(|part| !part.is_empty()) {
        let (name, value) = parameter.split_once('=')?;
        if name.trim().eq_ignore_ascii_case("q") {
            weight = thousandths(value.trim())?;
        }
    }
    named.then_some(Range { main, sub, weight })
}

/// A weight between 0 and 1 with at most three decimals (RFC 9110 section 12.4.2); `.2` is read too.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = decimals.bytes().all(|byte| byte.is_ascii_digit()) && decimals.len() <= 3;
    if !digits || !matches!(whole, "" | "0" | "1") || text.is_empty() {
        return None;
    }
    let part: u16 = format!("{decimals:0<3}").parse().ok()?;
    let weight = if whole == "1" { 1000 + part } else { part };
    (weight <= 1000).then_some(weight)
}

/// Splits where the mark stands outside of quoted text.
fn split(text: &str, mark: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |c| {
        let literal = std::mem::take(&mut escaped);
        match c {
            '\\' if quoted && !literal => escaped = true,
            '"' if !literal => quoted = !quoted,
            _ => {}
        }
        c == mark && !quoted
    })
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(crate::head::is_token)
}

fn malformed(what: &str) -> Refusal {
    let detail =
        format!("the Accept header is malformed: {what}; it is a list such as text/event-stream, */*;q=0.5");
    Refusal::new(Code::BAD_REQUEST, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(text: &str) -> Accept<'_> {
        Accept::parse([text.as_bytes()]).unwrap()
    }

    #[test]
    fn the_most_exact_range_speaks() {
        let accept = accept("text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, */*;q=0.5, a/b; q=0");
        let weight = |media_type| accept.wanted(media_type).map(|wanted| wanted.weight);
        assert_eq!(weight("text/plain"), Some(700));
        assert_eq!(weight("text/html"), Some(300));
        assert_eq!(weight("image/jpeg"), Some(500));
        assert_eq!(weight("A/B"), None);
    }

    #[test]
    fn ties_go_to_the_more_exact_and_then_to_the_earlier() {
        let wanted = |text: &str, media_type: &str| accept(text).wanted(media_type).unwrap();
        let text = "*/*, a/b, c/d";
        assert!(wanted(text, "a/b") > wanted(text, "x/y"));
        assert!(wanted(text, "a/b") > wanted(text, "c/d"));
        assert!(wanted("a/b;q=0.5, */*", "x/y") > wanted("a/b;q=0.5, */*", "a/b"));
    }

    #[test]
    fn forms_of_the_header() {
        for text in
            ["", " , ", "*/*", "*", "*; q=.2, */*; q=.2", "a/b;q=1.000", "a/b;x=\",;q=0\"", "a/b ; Q=0.001"]
        {
            assert!(Accept::parse([text.as_bytes()]).is_ok(), "{text}");
            assert!(accept(text).wanted("a/b").is_some(), "{text}");
        }
        assert_eq!(accept("a/b;x=\"q=0;\\\",\", c/d").ranges.len(), 2);
        for text in [
            "text",
            "/",
            "a/",
            "*/b",
            "a/b/c",
            "a/b;q=2",
            "a/b;q=1.1",
            "a/b;q=",
            "a/b;q=0.1234",
            "a/b;q=-1",
            "a b/c",
            "a/b;q=nan",
            "a/b;q",
        ] {
            let refusal = Accept::parse([text.as_bytes()]).expect_err(text);
            assert_eq!(refusal.code.status, 400, "{text}");
        }
        assert!(Accept::parse([&b"\xff/\xff"[..]]).is_err());
        assert!(Accept::parse([]).unwrap().wanted("x/y").is_some());
    }
}
