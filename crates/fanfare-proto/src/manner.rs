//! How one session wants its protocol spoken, where that is not the same for all: `callback`, `pad`.

use crate::{Code, Head, Origins, Query, Refusal, limits, quote};
use std::fmt;

/// What of a protocol belongs to one session alone. It is said before streams and around answers, never in frames,
/// which are shared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Manner {
    /// What a page calls for each message.
    pub callback: Option<Callback>,
    /// Bytes before the first message, for what holds the first bytes back: at most [`limits::PAD`].
    pub pad: u16,
}

/// The name of a JavaScript function: `onpush`, `parent.onpush`, `parent.app.onpush`. Whoever may name more, or other windows,
/// could have called what a page of this host has not meant to be called, `opener.send.click`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback(Box<str>);

impl Manner {
    /// The parameters that [`Manner::asked`] reads.
    pub const PARAMETERS: &'static [&'static str] = &["callback", "pad"];

    /// What a request asks of a protocol that knows the parameters `known`; `None` if nothing.
    pub fn asked(query: &Query<'_>, known: &[&str]) -> Result<Option<Box<Manner>>, Refusal> {
        if !query.names().any(|name| Self::PARAMETERS.contains(&name)) {
            return Ok(None);
        }
        for name in Self::PARAMETERS {
            if !known.contains(name) && query.one(name)?.is_some() {
                let detail = format!(
                    "{name}: this protocol has none; leave it out, or take `via=pushlet` or `via=jsonp`"
                );
                return Err(Refusal::new(Code::BAD_FIELD, detail));
            }
        }
        let callback = query.one("callback")?.map(Callback::parse).transpose()?;
        let pad = query.one("pad")?.map(pad).transpose()?.unwrap_or_default();
        let manner = Manner { callback, pad };
        Ok((manner != Manner::default()).then(|| Box::new(manner)))
    }
}

impl Callback {
    /// Reads a name.
    pub fn parse(text: &str) -> Result<Callback, Refusal> {
        let mut names = text.split('.');
        let few = names.clone().count() <= limits::CALLBACK_NAMES && text.len() <= limits::CALLBACK_BYTES;
        let own = text.split('.').enumerate().all(|(at, name)| {
            !WINDOWS.contains(&name)
                && (name != "parent" || at == 0)
                && (at < 2 || text.starts_with("parent."))
        });
        if few && own && names.all(is_identifier) {
            return Ok(Callback(text.into()));
        }
        let detail = format!(
            "callback: `{}` is not the name of a function such as onpush, app.onpush or parent.app.onpush: at most {} \
             names of letters, digits, `_` and `$`, {} bytes, and none of other windows",
            quote::shown(text),
            limits::CALLBACK_NAMES,
            limits::CALLBACK_BYTES
        );
        Err(Refusal::new(Code::BAD_FIELD, detail))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What leads from a window to others, or to what is in it.
const WINDOWS: &[&str] = &["document", "frames", "location", "opener", "self", "top", "window"];

fn is_identifier(name: &str) -> bool {
    let first = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'$');
    name.bytes().next().is_some_and(|byte| first(&byte))
        && name.bytes().all(|byte| first(&byte) || byte.is_ascii_digit())
}

fn pad(text: &str) -> Result<u16, Refusal> {
    let bytes = text.parse::<u16>().ok().filter(|bytes| *bytes <= limits::PAD);
    bytes.ok_or_else(|| {
        let detail = format!("pad: `{}` is not a number from 0 to {}", quote::shown(text), limits::PAD);
        Refusal::new(Code::BAD_FIELD, detail)
    })
}

/// Refuses a script to pages of other origins, whatever [`Origins`] allow for the rest: a browser runs it there without
/// asking. What it says of the page that asks is `Sec-Fetch-Site`, if this host is one that it trusts (Fetch Metadata
/// section 2.3), and `Referer`. Who says neither could be anybody's page.
pub(crate) fn check_script(head: &Head<'_>, origins: &Origins) -> Result<(), Refusal> {
    let referer = head.text("referer").and_then(|referer| {
        let (scheme, rest) = referer.split_once("://")?;
        Some((scheme, rest.split(['/', '?', '#']).next()?))
    });
    let own = match (head.text("sec-fetch-site"), referer) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some((_, host))) => head.text("host").is_some_and(|own| own.eq_ignore_ascii_case(host)),
        (None, None) => false,
    };
    let allowed = || referer.and_then(|(scheme, host)| origins.find(&format!("{scheme}://{host}"))).is_some();
    if own || allowed() {
        return Ok(());
    }
    let detail = "a script is for pages of this host, and of those whose origin is among the allowed `origins` and that \
                  send their `Referer`; others take a long poll (`wait=30`)";
    Err(Refusal::new(Code::FORBIDDEN, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callback_is_the_name_of_a_function() {
        for name in
            ["f", "onpush", "parent.onpush", "parent.$b.c9", "_a.b", &"f".repeat(limits::CALLBACK_BYTES)]
        {
            assert_eq!(Callback::parse(name).unwrap().as_str(), name);
        }
        let long = "f".repeat(limits::CALLBACK_BYTES + 1);
        for name in [
            "",
            ".",
            "a.",
            ".a",
            "a..b",
            "9a",
            "a b",
            "a;alert(1)",
            "a[0]",
            "a()",
            "caf\u{e9}",
            "a\n",
            "a-b",
            "a.b.c.d",
            "</script>",
            "a.b.c",
            "opener.a",
            "top.a",
            "parent.parent.a",
            "parent.document.write",
            "parent.location.assign",
            "window.a",
            "\u{2028}",
            &long,
        ] {
            let refusal = Callback::parse(name).expect_err(name);
            assert!(refusal.code == Code::BAD_FIELD && refusal.detail.starts_with("callback: "), "{refusal}");
        }
    }

    #[test]
    fn what_a_protocol_does_not_know_is_refused() {
        let asked = |query: &str, known: &[&str]| Manner::asked(&Query::parse(query).unwrap(), known);
        assert_eq!(asked("via=sse", &[]), Ok(None));
        assert!(asked("callback=f", &[]).unwrap_err().detail.contains("via=pushlet"));
        let manner = asked("callback=f&pad=2048", Manner::PARAMETERS).unwrap().unwrap();
        assert_eq!((manner.callback.unwrap().as_str(), manner.pad), ("f", 2048));
        for pad in ["", "-1", "x", "65537"] {
            assert!(
                asked(&format!("pad={pad}"), Manner::PARAMETERS).unwrap_err().detail.contains("0 to"),
                "{pad}"
            );
        }
    }
}
