//! The opening handshake (RFC 6455 section 4.2).

use super::Compression;
use crate::{Code, Head, Origins, Refusal, Version, quote};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};
use std::io::Write;

/// What every server adds to the client's key (RFC 6455 section 1.3).
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// Bytes of the answer to a key: twenty in base64.
const ACCEPT: usize = 28;

/// The name of the native protocol, for clients that ask for a subprotocol.
pub const SUBPROTOCOL: &str = "fanfare.json";

/// A handshake that can be accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handshake {
    accept: [u8; ACCEPT],
    /// The client has asked for [`SUBPROTOCOL`].
    named: bool,
    /// What was agreed on.
    pub compression: Option<Compression>,
}

impl Handshake {
    /// Reads what a client asks. A page may ask if it comes from this host, or from one of the allowed origins:
    /// browsers let every page open a WebSocket to anywhere, and tell where it comes from.
    pub fn read(head: &Head<'_>, origins: &Origins) -> Result<Handshake, Refusal> {
        let bad = |detail: &str| Refusal::new(Code::BAD_REQUEST, detail);
        if head.version != Version::Http11 {
            return Err(bad("a WebSocket begins with HTTP/1.1"));
        }
        if !head.lists("connection", "upgrade") {
            return Err(bad("a WebSocket begins with `Connection: Upgrade`; does a proxy take it out?"));
        }
        if head.get("sec-websocket-version") != Some(b"13") {
            return Err(Refusal::new(Code::UPGRADE, "Sec-WebSocket-Version is not 13"));
        }
        check_origin(head, origins)?;
        let accept =
            accept(head).ok_or_else(|| bad("Sec-WebSocket-Key is not one key of 16 bytes in base64"))?;
        let named = head.lists("sec-websocket-protocol", SUBPROTOCOL);
        let compression = Compression::agree(head.all("sec-websocket-extensions"));
        Ok(Handshake { accept, named, compression })
    }

    /// Appends the head that switches protocols.
    pub fn answer(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
        );
        out.extend_from_slice(b"Sec-WebSocket-Accept: ");
        out.extend_from_slice(&self.accept);
        out.extend_from_slice(b"\r\n");
        if self.named {
            let _ = write!(out, "Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n");
        }
        if let Some(compression) = self.compression {
            let _ = write!(out, "Sec-WebSocket-Extensions: {}\r\n", compression.answer());
        }
        out.extend_from_slice(b"\r\n");
    }
}

fn accept(head: &Head<'_>) -> Option<[u8; ACCEPT]> {
    let mut keys = head.all("sec-websocket-key");
    let (key, None) = (keys.next()?, keys.next()) else { return None };
    if STANDARD.decode(key).ok()?.len() != 16 {
        return None;
    }
    let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    let mut accept = [0; ACCEPT];
    STANDARD.encode_slice(digest, &mut accept).ok()?;
    Some(accept)
}

fn check_origin(head: &Head<'_>, origins: &Origins) -> Result<(), Refusal> {
    let Some(origin) = head.get("origin") else { return Ok(()) };
    let origin = String::from_utf8_lossy(origin);
    let host = origin.split_once("://").map_or("", |(_, host)| host);
    let same = head.text("host").is_some_and(|ours| !ours.is_empty() && ours.eq_ignore_ascii_case(host));
    if same || origins.find(&origin).is_some() {
        return Ok(());
    }
    let detail = format!(
        "pages of `{}` may not open a WebSocket here; the configuration's `origins` lists who may",
        quote::shown(&origin)
    );
    Err(Refusal::new(Code::FORBIDDEN, detail))
}
