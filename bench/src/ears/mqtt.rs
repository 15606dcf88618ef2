//! MQTT 3.1.1 at QoS 0: packets with a length of up to four bytes; `SUBACK` says that the subscription was accepted.

use super::{Cut, Event, Hear};
use crate::outcome::Result;

/// How much was taken.
#[derive(Debug, Default)]
pub struct Mqtt {
    open: bool,
    cut: Cut,
}

impl Mqtt {
    /// Whether the subscription was accepted.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Takes what was read.
    pub fn take(&mut self, bytes: &[u8], hear: Hear<'_>) -> Result<()> {
        let open = &mut self.open;
        self.cut.join(bytes, |bytes| {
            let mut rest = bytes;
            while let Some((kind, content, after)) = packet(rest) {
                match kind >> 4 {
                    2 if content == [0, 0] => {}
                    9 if content.last() == Some(&0) => *open = true,
                    3 => hear(&Event { name: b"", data: body(content)? })?,
                    _ => return Err(format!("MQTT packet {kind:#x} {content:?}").into()),
                }
                rest = after;
            }
            Ok(bytes.len() - rest.len())
        })
    }
}

/// What follows the topic: at QoS 0 there is no packet identifier.
fn body(content: &[u8]) -> Result<&[u8]> {
    let (length, rest) = content.split_first_chunk::<2>().ok_or("a publication without a topic")?;
    Ok(rest.get(usize::from(u16::from_be_bytes(*length))..).ok_or("a topic without an end")?)
}

/// The first packet, if it is whole: its first byte, its content, and what follows.
fn packet(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (kind, mut rest) = bytes.split_first()?;
    let (mut length, mut shift) = (0, 0);
    loop {
        let (digit, after) = rest.split_first()?;
        rest = after;
        length |= usize::from(digit & 0x7f) << shift;
        shift += 7;
        if digit & 0x80 == 0 || shift > 21 {
            break;
        }
    }
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*kind, content, rest))
}

#[cfg(test)]
mod tests {
    use crate::ears::{Ear, heard_however_cut};

    #[test]
    fn messages_are_found_wherever_reads_cut_them() {
        let long = [&[0x30, 0x83, 1, 0, 1, b'a'][..], &[b'x'; 128]].concat();
        let bytes = [&[0x20, 2, 0, 0, 0x90, 3, 0, 1, 0][..], &long, &[0x30, 4, 0, 1, b'a', b'y']].concat();
        let heard = heard_however_cut(Ear::mqtt, &bytes).0;
        assert_eq!(heard.iter().map(|(_, data)| data.len()).collect::<Vec<_>>(), [128, 1]);
        assert!(Ear::mqtt().take(&[0x20, 2, 0, 5], &mut |_| Ok(()), &mut Vec::new()).is_err());
    }
}
