//! An answer in chunks (RFC 9112 section 7.1) or in one piece without end, and in it events (HTML standard, section 9.2.6) or JSON lines.

use super::{Event, Hear};
use crate::outcome::Result;
use memchr::{memchr, memmem};

/// How much of an answer was taken.
#[derive(Debug)]
pub struct Chunks {
    unit: Unit,
    place: Place,
    /// A head or an event whose end was not read yet.
    cut: Vec<u8>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    #[default]
    Head,
    /// In a chunk's size, of which this was read.
    Size(usize),
    /// Behind the CR of a chunk's size.
    SizeEnd(usize),
    /// In a chunk, of which so many bytes are to come.
    Data(usize),
    /// Behind a chunk, then behind its CR.
    DataEnd,
    DataEndCr,
}

/// What chunks are full of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Events,
    Lines,
}

impl Unit {
    /// What ends one.
    fn end(self) -> &'static [u8] {
        match self {
            Unit::Events => b"\n\n",
            Unit::Lines => b"\n",
        }
    }

    fn tell(self, text: &[u8], hear: Hear<'_>) -> Result<()> {
        match self {
            Unit::Events => tell(text, hear),
            // A greeting, or a cursor alone.
            Unit::Lines if memmem::find(text, b"\"channel\":").is_none() => Ok(()),
            Unit::Lines => hear(&Event { name: b"", data: text }),
        }
    }
}

impl Chunks {
    pub fn new(unit: Unit) -> Chunks {
        Chunks { unit, place: Place::Head, cut: Vec::new() }
    }

    /// Whether the head was read.
    pub fn is_open(&self) -> bool {
        self.place != Place::Head
    }

    /// Takes what was read.
    pub fn take(&mut self, mut bytes: &[u8], hear: Hear<'_>) -> Result<()> {
        while let Some(first) = bytes.first().copied() {
            if self.place == Place::Head {
                bytes = self.take_head(bytes)?;
                continue;
            }
            if let Place::Data(left) = self.place {
                let (data, rest) = bytes.split_at(left.min(bytes.len()));
                self.take_events(data, hear)?;
                let left = left - data.len();
                self.place = if left == 0 { Place::DataEnd } else { Place::Data(left) };
                bytes = rest;
                continue;
            }
            self.place = after(self.place, first)?;
            bytes = &bytes[1..];
        }
        Ok(())
    }

    fn take_head<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8]> {
        let before = self.cut.len();
        self.cut.extend_from_slice(bytes);
        let Some(end) = memmem::find(&self.cut, b"\r\n\r\n").map(|end| end + 4) else { return Ok(&[]) };
        let head = String::from_utf8_lossy(&self.cut[..end]).to_lowercase();
        if !head.starts_with("http/1.1 200 ") {
            return Err(
                format!("an event stream was answered:\n{}", String::from_utf8_lossy(&self.cut)).into()
            );
        }
        self.cut = Vec::new();
        // Without chunks a stream ends with its connection.
        let chunked = head.contains("\r\ntransfer-encoding: chunked\r\n");
        self.place = if chunked { Place::Size(0) } else { Place::Data(usize::MAX) };
        Ok(&bytes[end - before..])
    }

    fn take_events(&mut self, mut data: &[u8], hear: Hear<'_>) -> Result<()> {
        let unit = self.unit;
        while !self.cut.is_empty() {
            let Some(line) = memchr(b'\n', data) else { break };
            self.cut.extend_from_slice(&data[..=line]);
            data = &data[line + 1..];
            if self.cut.ends_with(unit.end()) {
                unit.tell(&self.cut, hear)?;
                self.cut = Vec::new();
            }
        }
        while let Some(end) = memmem::find(data, unit.end()).filter(|_| self.cut.is_empty()) {
            let (text, rest) = data.split_at(end + unit.end().len());
            unit.tell(text, hear)?;
            data = rest;
        }
        self.cut.extend_from_slice(data);
        Ok(())
    }
}

/// Where framing goes on with this byte.
fn after(place: Place, byte: u8) -> Result<Place> {
    Ok(match (place, byte) {
        (Place::Size(size), b'\r') => Place::SizeEnd(size),
        (Place::Size(size), _) => {
            let digit = char::from(byte).to_digit(16).ok_or("a chunk has no size")?;
            Place::Size(size * 16 + digit as usize)
        }
        (Place::SizeEnd(0), _) => return Err("the server ended an event stream".into()),
        (Place::SizeEnd(size), b'\n') => Place::Data(size),
        (Place::DataEnd, b'\r') => Place::DataEndCr,
        (Place::DataEndCr, b'\n') => Place::Size(0),
        _ => return Err(format!("byte {byte} does not belong between chunks").into()),
    })
}

/// Hands an event on if it has data.
fn tell(text: &[u8], hear: Hear<'_>) -> Result<()> {
    let mut event = Event::default();
    let mut rest = text;
    while let Some(end) = memchr(b'\n', rest) {
        let line = &rest[..end];
        if let Some(name) = line.strip_prefix(b"event: ") {
            event.name = name;
        } else if let Some(data) = line.strip_prefix(b"data: ")
            && event.data.is_empty()
        {
            event.data = data;
        }
        rest = &rest[end + 1..];
    }
    // Its own name is no news to a reader.
    if event.data.is_empty() || event.name == b"$session" { Ok(()) } else { hear(&event) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ears::{Ear, heard_however_cut};

    const HEAD: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

    fn chunked(text: &str) -> String {
        let (first, second) = text.split_at(31);
        let chunk = |data: &str| format!("{:x}\r\n{data}\r\n", data.len());
        format!("{HEAD}{}{}", chunk(first), chunk(second))
    }

    #[test]
    fn events_are_found_wherever_reads_and_chunks_cut_them() {
        let text = chunked("id: a\nretry: 7\n\nid: b\ndata: one\n\nid: c\n\nevent: $gap\ndata: {}\n\n");
        let expected = [(String::new(), "one".to_owned()), ("$gap".to_owned(), "{}".to_owned())];
        assert_eq!(heard_however_cut(Ear::event_stream, text.as_bytes()).0, expected);
    }

    #[test]
    fn lines_are_found_wherever_reads_and_chunks_cut_them() {
        let message = "{\"channel\":\"a\",\"body\":\"x\"}\n";
        let text = chunked(&format!("{{\"session\":\"s\"}}\n{message}{message}"));
        let expected = (String::new(), message.to_owned());
        assert_eq!(heard_however_cut(Ear::lines, text.as_bytes()).0, [expected.clone(), expected]);
    }

    #[test]
    fn refusals_and_ends_are_errors() {
        let take = |text: String| Chunks::new(Unit::Events).take(text.as_bytes(), &mut |_| Ok(()));
        assert!(take("HTTP/1.1 503 No\r\n\r\n".to_owned()).is_err());
        assert!(take(format!("{HEAD}0\r\n\r\n")).is_err());
        assert!(take(format!("{HEAD}zz\r\n")).is_err());
        assert!(take(format!("{HEAD}1\r\nabc")).is_err());
    }
}
