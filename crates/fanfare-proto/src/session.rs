//! Names of sessions: which worker has it, where, and a secret, since whoever knows the name may change what the
//! session hears.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fmt;

/// Bytes of the secret.
const SECRET: usize = 16;
const BYTES: usize = 2 + 4 + SECRET;

/// The name of one held-open session.
#[derive(Clone, Copy)]
pub struct SessionId {
    /// Which worker's desk has it.
    pub desk: u16,
    /// Its place there.
    pub key: u32,
    /// What nobody else can guess.
    pub secret: [u8; SECRET],
}

impl SessionId {
    /// Reads the text form.
    pub fn parse(text: &str) -> Option<SessionId> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() == BYTES)?;
        let (desk, rest) = bytes.split_first_chunk()?;
        let (key, secret) = rest.split_first_chunk()?;
        let secret = secret.try_into().ok()?;
        Some(SessionId { desk: u16::from_le_bytes(*desk), key: u32::from_le_bytes(*key), secret })
    }

    /// Whether both are the same. Takes as long whatever differs.
    pub fn is(&self, other: &SessionId) -> bool {
        let differs = self.secret.iter().zip(&other.secret).fold(0, |differs, (a, b)| differs | (a ^ b));
        differs == 0 && (self.desk, self.key) == (other.desk, other.key)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0; BYTES];
        bytes[..2].copy_from_slice(&self.desk.to_le_bytes());
        bytes[2..6].copy_from_slice(&self.key.to_le_bytes());
        bytes[6..].copy_from_slice(&self.secret);
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

/// Secrets stay out of logs.
impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({}, {}, ...)", self.desk, self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_was_written() {
        let id = SessionId { desk: 3, key: 70_000, secret: [9; SECRET] };
        let read = SessionId::parse(&id.to_string()).unwrap();
        assert!(read.is(&id) && !read.is(&SessionId { secret: [8; SECRET], ..id }));
        assert!(!read.is(&SessionId { key: 1, ..id }));
        for text in ["", "AAAA", &format!("{id}A"), &id.to_string()[1..], "%%%"] {
            assert!(SessionId::parse(text).is_none(), "{text}");
        }
        assert!(!format!("{id:?}").contains(&id.to_string()[8..]));
    }
}
