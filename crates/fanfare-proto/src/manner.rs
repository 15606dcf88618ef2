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

/// The name of a JavaScript function: `onpush`, `parent.onpush`. At most three identifiers: whoever may name more could
/// call what a page of this host has not meant to be called, `parent.document.forms...`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback(Box<str>);

impl Manner {
    /// The parameters that [`Manner::asked`] reads.
    pub const PARAMETERS: &'static [&'static str] = &["callback", "pad"];

    /// What a request asks of a protocol that knows the parameters `known`; `None` if nothing.
    pub fn asked(query: &Query<'_>, known: &[&str]) -> Result<Option<Box<Manner>>, Refusal> {
        for name in Self::PARAMETERS {
            if !known.contains(name) && query.one(name)?.is_some() {
                let detail = format!("{name}: this protocol has none; leave it out, or take `via=pushlet`");
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
        if few && names.all(is_identifier) {
            return Ok(Callback(text.into()));
        }
        let detail = format!(
            "callback: `{}` is not the name of a function such as onpush or parent.onpush: at most {} names of \
             letters, digits, `_` and `$`, and {} bytes",
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

/// Whether a page of another host asks for a script, whose answer its browser would run there whatever
/// [`Origins`] allow: scripts are not asked for their origin. Browsers say it by `Sec-Fetch-Site`.
pub(crate) fn check_script(head: &Head<'_>, origins: &Origins) -> Result<(), Refusal> {
    let elsewhere =
        head.text("sec-fetch-site").is_some_and(|site| matches!(site, "cross-site" | "same-site"));
    let allowed = || {
        let referer = head.text("referer")?;
        let (scheme, rest) = referer.split_once("://")?;
        let host = rest.split(['/', '?', '#']).next()?;
        origins.find(&format!("{scheme}://{host}"))
    };
    if elsewhere && allowed().is_none() {
        let detail = "a page of another origin asks for a script; allow its origin in `origins`, and let it send its \
                      `Referer`";
        return Err(Refusal::new(Code::FORBIDDEN, detail));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callback_is_the_name_of_a_function() {
        for name in ["f", "onpush", "parent.onpush", "_a.$b.c9", &"f".repeat(limits::CALLBACK_BYTES)] {
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
