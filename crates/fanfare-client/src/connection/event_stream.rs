//! Server-Sent Events (HTML standard, section 9.2), with envelopes as data.

use super::{ITEM_BYTES, Line, Never};
use crate::ear::{Cut, Item};

pub(super) async fn hear(line: &mut Line<'_>) -> Result<Never, Cut> {
    let target = line.wanted.target();
    let start = line.ear.start();
    let target = start.into_iter().fold(target, |target, (name, value)| target.with(name, value));
    let target = target.with("as", line.ear.form());
    let mut response = line.next(line.reach.stream(&target, "text/event-stream")).await??;
    let media_type = response.headers().get("content-type").and_then(|value| value.to_str().ok());
    if !media_type.is_some_and(|media_type| media_type.starts_with("text/event-stream")) {
        return Err(line.lost(format!("{} came, not an event stream", media_type.unwrap_or("nothing"))));
    }
    let mut blocks = Blocks::default();
    loop {
        let chunk = line.next(response.chunk()).await?.map_err(|error| line.reach.unreachable(error))?;
        let Some(chunk) = chunk else { return Err(line.lost("the server closed the event stream")) };
        blocks.push(&chunk);
        while let Some(block) = blocks.next() {
            let block = std::str::from_utf8(block).map_err(|error| line.reach.odd(error))?;
            understand(line, block)?;
        }
        if blocks.left() > ITEM_BYTES {
            return Err(line.reach.odd("an event is longer than any message").into());
        }
    }
}

/// One block: what lies between two empty lines. Of `id` alone, the place; else the object that is its data.
fn understand(line: &mut Line<'_>, block: &str) -> Result<(), Cut> {
    let (mut id, mut data) = (None, None::<String>);
    for field in block.lines() {
        let (name, value) = field.split_once(':').unwrap_or((field, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match (name, &mut data) {
            ("id", _) => id = Some(value),
            ("data", Some(data)) => {
                data.push('\n');
                data.push_str(value);
            }
            ("data", data) => *data = Some(value.to_owned()),
            _ => {}
        }
    }
    if !line.ear.is_open() {
        let at_head = line.ear.begin_at(id);
        line.ear.open()?;
        if at_head {
            line.ear.hear(Item::caught_up(), "")?;
        }
    }
    match (data, id) {
        (Some(data), _) => {
            let item = Item::parse(&data).map_err(|why| line.reach.odd(why))?;
            line.ear.hear(item, &data)
        }
        (None, Some(id)) => line.ear.hear(Item::place(id), ""),
        (None, None) => Ok(()),
    }
}

/// Splits bytes that come in pieces of any size into blocks. Lines end with LF or CR LF; an envelope has no CR inside.
#[derive(Default)]
struct Blocks {
    bytes: Vec<u8>,
    /// Up to here they were answered.
    taken: usize,
    /// Up to here no further block ends.
    seen: usize,
}

impl Blocks {
    fn push(&mut self, chunk: &[u8]) {
        self.bytes.drain(..self.taken);
        (self.seen, self.taken) = (self.seen.saturating_sub(self.taken), 0);
        self.bytes.extend(chunk.iter().filter(|byte| **byte != b'\r'));
    }

    fn next(&mut self) -> Option<&[u8]> {
        let from = self.taken.max(self.seen.saturating_sub(1));
        let Some(end) = self.bytes[from..].windows(2).position(|pair| pair == b"\n\n") else {
            self.seen = self.bytes.len();
            return None;
        };
        let begin = std::mem::replace(&mut self.taken, from + end + 2);
        self.seen = self.taken;
        Some(&self.bytes[begin..self.taken])
    }

    fn left(&self) -> usize {
        self.bytes.len() - self.taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn blocks_are_the_same_however_they_are_cut(sizes in prop::collection::vec(1..9usize, 1..60)) {
            let text = "retry: 1\r\nid: a\r\n\r\nid: b\ndata: x\ndata: y\n\n\n\ndata: z\n\nrest";
            let (mut blocks, mut found, mut rest) = (Blocks::default(), Vec::new(), text.as_bytes());
            for size in sizes.iter().cycle() {
                let (piece, later) = rest.split_at((*size).min(rest.len()));
                blocks.push(piece);
                while let Some(block) = blocks.next() {
                    found.push(std::str::from_utf8(block).unwrap().to_owned());
                }
                rest = later;
                if rest.is_empty() {
                    break;
                }
            }
            let expected = ["retry: 1\nid: a\n\n", "id: b\ndata: x\ndata: y\n\n", "\n\n", "data: z\n\n"];
            prop_assert_eq!(found, expected);
            prop_assert_eq!(blocks.left(), 4);
        }
    }
}
