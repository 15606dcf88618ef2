//! NATS: lines of text, and a body after `MSG`. A `PING` is answered; the `PONG` to our own says that all was accepted.

use super::{Cut, Event, Hear};
use crate::outcome::Result;
use memchr::memmem;

/// How much was taken.
#[derive(Debug, Default)]
pub struct Nats {
    open: bool,
    cut: Cut,
}

impl Nats {
    /// Whether the subscription was accepted.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Takes what was read.
    pub fn take(&mut self, bytes: &[u8], hear: Hear<'_>, answer: &mut Vec<u8>) -> Result<()> {
        let open = &mut self.open;
        self.cut.join(bytes, |bytes| {
            let mut rest = bytes;
            while let Some(end) = memmem::find(rest, b"\r\n") {
                let (line, mut after) = (&rest[..end], &rest[end + 2..]);
                if line.starts_with(b"MSG ") {
                    let length = line.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
                    let length: usize = std::str::from_utf8(length)?.parse()?;
                    let Some(body) = after.get(..length + 2) else { break };
                    hear(&Event { name: b"", data: &body[..length] })?;
                    after = &after[length + 2..];
                } else {
                    match line {
                        b"PONG" => *open = true,
                        b"PING" => answer.extend_from_slice(b"PONG\r\n"),
                        _ if line.starts_with(b"INFO ") => {}
                        _ => return Err(format!("NATS said {:?}", String::from_utf8_lossy(line)).into()),
                    }
                }
                rest = after;
            }
            Ok(bytes.len() - rest.len())
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::ears::{Ear, heard_however_cut};

    #[test]
    fn messages_are_found_wherever_reads_cut_them() {
        let text = "INFO {}\r\nPONG\r\nMSG a 1 4\r\n\r\nhi\r\nPING\r\nMSG a 1 0\r\n\r\n";
        let (heard, answer) = heard_however_cut(Ear::nats, text.as_bytes());
        assert_eq!(heard, [(String::new(), "\r\nhi".to_owned()), (String::new(), String::new())]);
        assert_eq!(answer, b"PONG\r\n");
        assert!(Ear::nats().take(b"-ERR 'x'\r\n", &mut |_| Ok(()), &mut Vec::new()).is_err());
    }
}
