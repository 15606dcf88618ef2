//! Redis pub/sub: arrays of bulk strings (RESP 2). What is heard is `message`, the channel and the body.

use super::{Cut, Event, Hear};
use crate::outcome::Result;
use memchr::memmem;

/// How much was taken.
#[derive(Debug, Default)]
pub struct Resp {
    open: bool,
    cut: Cut,
}

impl Resp {
    /// Whether the subscription was confirmed.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Takes what was read.
    pub fn take(&mut self, bytes: &[u8], hear: Hear<'_>) -> Result<()> {
        let open = &mut self.open;
        self.cut.join(bytes, |bytes| {
            let mut rest = bytes;
            while let Some((kind, body, after)) = array(rest)? {
                match kind {
                    b"subscribe" => *open = true,
                    b"message" => hear(&Event { name: b"", data: body })?,
                    _ => return Err(format!("Redis said {:?}", String::from_utf8_lossy(rest)).into()),
                }
                rest = after;
            }
            Ok(bytes.len() - rest.len())
        })
    }
}

/// The first array, if it is whole: its first and third element, and what follows.
type Array<'a> = Option<(&'a [u8], &'a [u8], &'a [u8])>;

fn array(bytes: &[u8]) -> Result<Array<'_>> {
    let Some((line, rest)) = line(bytes) else { return Ok(None) };
    if line != b"*3" {
        return Err(format!("Redis said {:?}", String::from_utf8_lossy(line)).into());
    }
    let Some((kind, rest)) = element(rest)? else { return Ok(None) };
    let Some((_, rest)) = element(rest)? else { return Ok(None) };
    Ok(element(rest)?.map(|(body, rest)| (kind, body, rest)))
}

fn element(bytes: &[u8]) -> Result<Option<(&[u8], &[u8])>> {
    let Some((line, rest)) = line(bytes) else { return Ok(None) };
    if line.starts_with(b":") {
        return Ok(Some((line, rest)));
    }
    let length: usize = std::str::from_utf8(line.strip_prefix(b"$").ok_or("not a bulk string")?)?.parse()?;
    let Some((text, rest)) = rest.split_at_checked(length) else { return Ok(None) };
    Ok(rest.split_at_checked(2).map(|(_, rest)| (text, rest)))
}

fn line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memmem::find(bytes, b"\r\n")?;
    Some((&bytes[..end], &bytes[end + 2..]))
}

#[cfg(test)]
mod tests {
    use crate::ears::{Ear, heard_however_cut};

    #[test]
    fn messages_are_found_wherever_reads_cut_them() {
        let text =
            "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$4\r\n\r\nhi\r\n";
        let heard = heard_however_cut(Ear::resp, text.as_bytes()).0;
        assert_eq!(heard, [(String::new(), "\r\nhi".to_owned())]);
        assert!(Ear::resp().take(b"-ERR no\r\n", &mut |_| Ok(()), &mut Vec::new()).is_err());
    }
}
