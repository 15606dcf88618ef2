//! Agreeing on permessage-deflate (RFC 7692 section 7.1).

use super::deflate::WINDOW_BITS;

/// Compression that was agreed on: the server's window, 9 to 15 bits. Neither side keeps a context between messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Compression {
    /// How far back the server's compressor looks.
    pub window_bits: u8,
    /// Whether the client has asked for a small window, so that the answer has to repeat it.
    asked: bool,
}

impl Compression {
    /// The first of a client's offers that can be taken.
    pub fn agree<'a>(offers: impl Iterator<Item = &'a [u8]>) -> Option<Compression> {
        let offers = offers.filter_map(|value| std::str::from_utf8(value).ok());
        offers.flat_map(|value| value.split(',')).find_map(Compression::take)
    }

    fn take(offer: &str) -> Option<Compression> {
        let mut parts = offer.split(';').map(str::trim);
        if !parts.next()?.eq_ignore_ascii_case("permessage-deflate") {
            return None;
        }
        let (mut compression, mut seen) =
            (Compression { window_bits: *WINDOW_BITS.end(), asked: false }, Vec::new());
        for part in parts {
            let (name, value) =
                part.split_once('=').map_or((part, None), |(name, value)| (name, Some(value)));
            let (name, value) = (name.trim().to_ascii_lowercase(), value.map(unquoted));
            match (&*name, value) {
                ("server_no_context_takeover" | "client_no_context_takeover", None) => {}
                ("client_max_window_bits", None) => {}
                ("client_max_window_bits", Some(value)) => drop(bits(value)?),
                ("server_max_window_bits", Some(value)) => {
                    let window_bits = bits(value).filter(|bits| WINDOW_BITS.contains(bits))?;
                    compression = Compression { window_bits, asked: true };
                }
                _ => return None,
            }
            if seen.contains(&name) {
                return None;
            }
            seen.push(name);
        }
        Some(compression)
    }

    /// What the answer's `Sec-WebSocket-Extensions` says.
    pub fn answer(self) -> String {
        let bits =
            if self.asked { format!("; server_max_window_bits={}", self.window_bits) } else { String::new() };
        format!("permessage-deflate; server_no_context_takeover; client_no_context_takeover{bits}")
    }
}

/// A value may be a token or a quoted one.
fn unquoted(value: &str) -> &str {
    let value = value.trim();
    value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)
}

/// 8 to 15, without leading zeros.
fn bits(value: &str) -> Option<u8> {
    let plain = value.bytes().all(|byte| byte.is_ascii_digit()) && !value.starts_with('0');
    value.parse().ok().filter(|bits| plain && (8..=15).contains(bits))
}
