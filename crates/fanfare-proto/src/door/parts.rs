//! Bodies of `multipart/x-mixed-replace`, as webcams and ffmpeg send them: parts without end, of which each is a message as
//! soon as it is whole. What such senders do is broader than RFC 2046 section 5.1: line ends without CR, boundaries that are
//! declared with their two hyphens.

use super::fields;
use crate::{Code, Refusal, limits, media};
use bytes::{Buf, Bytes, BytesMut};
use memchr::memmem;

/// One part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its type, if it says one.
    pub content_type: Option<Box<str>>,
    /// Its bytes.
    pub body: Bytes,
}

/// Takes the bytes of a body as they come, and gives its parts.
#[derive(Debug)]
pub struct Parts {
    /// With its two hyphens.
    boundary: Vec<u8>,
    /// What it is if it was declared with them, until one of both was seen.
    careless: Option<Vec<u8>>,
    /// Bytes of a part's body at the most.
    most: usize,
    held: BytesMut,
    /// Of what is held, so much has no boundary in it.
    searched: usize,
    place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// Before the first boundary.
    Before,
    /// Behind a boundary: the rest of its line, then a head.
    Head,
    /// In a body, whose length may be known.
    Body(Option<Box<str>>, Option<usize>),
    /// Behind the last boundary.
    After,
}

impl Parts {
    /// The parts of a body of this content type, each of at most `most` bytes; `None` if the type is another one.
    pub fn of(content_type: &str, most: usize) -> Option<Result<Parts, Refusal>> {
        if !media::is(content_type, "multipart/x-mixed-replace") {
            return None;
        }
        let Some(boundary) = media::parameter(content_type, "boundary") else {
            return Some(Err(bad("Content-Type: it has no `boundary`")));
        };
        if boundary.trim_start_matches('-').is_empty() || boundary.len() > limits::BOUNDARY_BYTES {
            let detail = format!("Content-Type: `boundary` has 1 to {} bytes", limits::BOUNDARY_BYTES);
            return Some(Err(bad(&detail)));
        }
        let careless = boundary.starts_with("--").then(|| boundary.as_bytes().to_vec());
        let boundary = [b"--", boundary.as_bytes()].concat();
        Some(Ok(Parts { boundary, careless, most, held: BytesMut::new(), searched: 0, place: Place::Before }))
    }

    /// Takes more bytes. What is whole is to be taken by [`Parts::next`] first: no more than one part and these bytes are held.
    pub fn add(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// Bytes that are held.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// The next part that is whole.
    #[expect(clippy::should_implement_trait, reason = "what is there now ends, and goes on with more bytes")]
    pub fn next(&mut self) -> Result<Option<Part>, Refusal> {
        loop {
            match self.place.clone() {
                Place::Before => {
                    let Some((_, end)) = self.first() else {
                        return self.bounded(limits::PART_HEAD_BYTES, "no boundary begins it").map(|()| None);
                    };
                    self.leave(end, Place::Head);
                }
                Place::Head => {
                    let Some((head, end)) = self.head()? else { return Ok(None) };
                    self.leave(end, head);
                }
                Place::Body(content_type, length) => {
                    let Some((end, next)) = self.body(length)? else { return Ok(None) };
                    let body = self.held.split_to(end).freeze();
                    self.leave(next - end, Place::Head);
                    if !body.is_empty() {
                        // Copied, so that a message kept for long does not keep what came with it.
                        let body = Bytes::copy_from_slice(&body);
                        return Ok(Some(Part { content_type, body }));
                    }
                }
                Place::After => {
                    self.held.clear();
                    return Ok(None);
                }
            }
        }
    }

    /// No more bytes come.
    pub fn end(&self) -> Result<(), Refusal> {
        match self.place {
            Place::Body(..) => Err(bad("it ends within a part, which is not published")),
            Place::Before => Err(bad("there is no part in it: it never says its boundary")),
            Place::Head | Place::After => Ok(()),
        }
    }

    fn leave(&mut self, bytes: usize, place: Place) {
        self.held.advance(bytes);
        (self.place, self.searched) = (place, 0);
    }

    fn bounded(&self, most: usize, why: &str) -> Result<(), Refusal> {
        if self.held.len() > most { Err(bad(&format!("within {most} bytes {why}"))) } else { Ok(()) }
    }

    /// The first boundary, which shows how it is written.
    fn first(&mut self) -> Option<(usize, usize)> {
        let found = self.find(false);
        let Some(careless) = self.careless.take() else { return found };
        if found.is_some() {
            return found;
        }
        let declared = std::mem::replace(&mut self.boundary, careless);
        self.searched = 0;
        // It may be the beginning of the other, which is longer.
        let line = |held: &[u8], end: usize| {
            held.get(end..).is_some_and(|rest| memchr::memchr(b'\n', rest).is_some())
        };
        let found = self.find(false).filter(|(_, end)| line(&self.held, *end));
        if found.is_none() {
            self.careless = Some(std::mem::replace(&mut self.boundary, declared));
            self.searched = 0;
        }
        found
    }

    /// Where what precedes the next boundary ends, and where the boundary does. It stands at the beginning of a line.
    fn find(&mut self, in_body: bool) -> Option<(usize, usize)> {
        let overlap = self.boundary.len() + 2;
        let from = self.searched.saturating_sub(overlap);
        for at in memmem::find_iter(self.held.get(from..)?, &self.boundary).map(|at| from + at) {
            let before = match &self.held[..at] {
                [.., b'\r', b'\n'] => at - 2,
                [.., b'\n'] => at - 1,
                [] if !in_body => 0,
                _ => continue,
            };
            return Some((before, at + self.boundary.len()));
        }
        self.searched = self.held.len();
        None
    }

    /// What follows a boundary, once it is whole: two more hyphens and the end, or a head.
    fn head(&self) -> Result<Option<(Place, usize)>, Refusal> {
        if self.held.starts_with(b"--") {
            return Ok(Some((Place::After, 2)));
        }
        let (mut content_type, mut length, mut at, mut first) = (None, None, 0, true);
        while let Some(end) = memchr::memchr(b'\n', &self.held[at..]).map(|end| at + end) {
            let line = self.held[at..end].strip_suffix(b"\r").unwrap_or(&self.held[at..end]);
            at = end + 1;
            if std::mem::take(&mut first) {
                if !line.trim_ascii().is_empty() {
                    return Err(bad("behind a boundary there is more than the end of its line"));
                }
            } else if line.is_empty() {
                return Ok(Some((Place::Body(content_type, length), at)));
            } else {
                self.field(line, &mut content_type, &mut length)?;
            }
        }
        self.bounded(limits::PART_HEAD_BYTES, "the head of a part does not end").map(|()| None)
    }

    fn field(
        &self,
        line: &[u8],
        content_type: &mut Option<Box<str>>,
        length: &mut Option<usize>,
    ) -> Result<(), Refusal> {
        let line = std::str::from_utf8(line).map_err(|_| bad("the head of a part is not text"))?;
        let Some((name, value)) = line.split_once(':') else {
            return Err(bad("a line in the head of a part is no header: it has no colon"));
        };
        match &*name.trim().to_ascii_lowercase() {
            "content-type" => *content_type = Some(fields::content_type(value.trim())?),
            "content-length" => {
                let bytes = value.trim().parse::<usize>();
                let bytes = bytes.map_err(|_| bad("the Content-Length of a part is not a number"))?;
                if bytes > self.most {
                    return Err(self.too_large());
                }
                *length = Some(bytes);
            }
            _ => {}
        }
        Ok(())
    }

    /// Where a body that is whole ends, and where the boundary behind it does.
    fn body(&mut self, length: Option<usize>) -> Result<Option<(usize, usize)>, Refusal> {
        let Some(length) = length else {
            return match self.find(true) {
                Some((end, _)) if end > self.most => Err(self.too_large()),
                Some(found) => Ok(Some(found)),
                None if self.held.len() > self.most + self.boundary.len() + 4 => Err(self.too_large()),
                None => Ok(None),
            };
        };
        // Some senders end the boundary's line before, some end the part's last line.
        let Some(rest) = self.held.get(length..) else { return Ok(None) };
        let breaks =
            [&b"\r\n"[..], b"\n", b""].into_iter().find(|end| rest.starts_with(end)).unwrap_or_default();
        match rest.get(breaks.len()..breaks.len() + self.boundary.len()) {
            Some(found) if found == self.boundary => {
                Ok(Some((length, length + breaks.len() + self.boundary.len())))
            }
            Some(_) => Err(bad("a part is longer than its Content-Length")),
            None => Ok(None),
        }
    }

    fn too_large(&self) -> Refusal {
        Refusal::new(Code::TOO_LARGE, format!("a part is larger than the {} bytes allowed here", self.most))
    }
}

fn bad(why: &str) -> Refusal {
    Refusal::new(Code::BAD_REQUEST, format!("multipart/x-mixed-replace: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The parts of a body that comes in pieces, and what is said of its end.
    fn read(content_type: &str, pieces: &[&[u8]], most: usize) -> (Vec<Part>, Result<(), Refusal>) {
        let mut parts = Parts::of(content_type, most).unwrap().unwrap();
        let mut found = Vec::new();
        for piece in pieces {
            parts.add(piece);
            loop {
                match parts.next() {
                    Ok(Some(part)) => found.push(part),
                    Ok(None) => break,
                    Err(refusal) => return (found, Err(refusal)),
                }
            }
        }
        let end = parts.end();
        (found, end)
    }

    fn part(content_type: &str, body: &[u8]) -> Part {
        let content_type = Some(content_type).filter(|said| !said.is_empty()).map(Box::from);
        Part { content_type, body: Bytes::copy_from_slice(body) }
    }

    const FFMPEG: &str = "multipart/x-mixed-replace;boundary=ffmpeg";

    #[test]
    fn what_cameras_and_ffmpeg_send_is_read() {
        let ffmpeg =
            b"--ffmpeg\r\nContent-type: image/jpeg\r\nContent-length: 4\r\n\r\n\xff\n--\r\n--ffmpeg\r\n";
        assert_eq!(read(FFMPEG, &[ffmpeg], 9), (vec![part("image/jpeg", b"\xff\n--")], Ok(())));
        let axis = b"\r\n--cam\nContent-Type: image/png\n\none\n--cam\n\ntwo\r\n--cam--\r\nepilogue";
        for declared in [
            "boundary=cam",
            "boundary=--cam",
            "boundary=\"--cam\"",
            "charset=x; Boundary=\"cam\"",
            "boundary = cam ; x=y",
        ] {
            let content_type = format!("Multipart/X-Mixed-Replace; {declared}");
            let expected = vec![part("image/png", b"one"), part("", b"two")];
            assert_eq!(read(&content_type, &[axis], 9), (expected, Ok(())), "{declared}");
        }
        let curl = b"----X\r\n\r\none\r\n----X\r\n\r\ntwo\r\n----X--\r\n";
        let found = read("multipart/x-mixed-replace; boundary=--X", &[&curl[..3], &curl[3..]], 9);
        assert_eq!(found, (vec![part("", b"one"), part("", b"two")], Ok(())));
        let ours = b"--b\r\nContent-Type: image/png\r\n\r\none\r\n--b\r\nContent-Type: image/png\r\n\r\n";
        let (found, end) = read("multipart/x-mixed-replace; boundary=b", &[ours], 9);
        assert_eq!(found, [part("image/png", b"one")]);
        assert!(end.unwrap_err().detail.contains("ends within a part"));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let head = |head: &str| format!("--ffmpeg\r\n{head}\r\n\r\nx\r\n--ffmpeg--").into_bytes();
        let long = vec![b'x'; limits::PART_HEAD_BYTES + 1];
        for (body, why) in [
            (&b"nothing"[..], "never says its boundary"),
            (&long, "no boundary begins it"),
            (&[b"--ffmpeg\r\n", &long[..]].concat(), "does not end"),
            (b"--ffmpegs\r\n\r\nx", "more than the end of its line"),
            (&head("no colon"), "no colon"),
            (&head("Content-Type: no type"), "not a media type"),
            (&head("Content-Length: many"), "not a number"),
            (&head("Content-Length: 10"), "larger than the 9 bytes"),
            (&head("Content-Length: 0"), "longer than its Content-Length"),
            (b"--ffmpeg\r\n\r\n0123456789\r\n--ffmpeg\r\n", "larger than the 9 bytes"),
            (b"--ffmpeg\r\n\r\n01234567890123456789012345", "larger than the 9 bytes"),
            (b"--ffmpeg\r\n\xff: x\r\n\r\n", "not text"),
        ] {
            let (found, end) = read(FFMPEG, &[body], 9);
            let refusal = end.expect_err(why);
            assert!(found.is_empty() && refusal.detail.contains(why), "{why}: {refusal}");
        }
        assert!(Parts::of("multipart/form-data; boundary=x", 9).is_none());
        for content_type in ["multipart/x-mixed-replace", "multipart/x-mixed-replace; boundary=--"] {
            assert!(Parts::of(content_type, 9).unwrap().is_err(), "{content_type}");
        }
    }

    proptest! {
        /// However a body is cut into pieces, its parts are the same, with lengths and without.
        #[test]
        fn parts_are_what_was_sent(
            bodies in prop::collection::vec("[-\r\nabf]{1,12}".prop_filter("no boundary", |body| !body.contains("--ab")), 0..5),
            lengths: bool,
            cuts in prop::collection::vec(1usize..9, 0..60),
        ) {
            let mut sent = b"preamble\r\n--ab\r\n".to_vec();
            for body in &bodies {
                if lengths {
                    sent.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
                }
                sent.extend_from_slice(format!("\r\n{body}\r\n--ab\r\n").as_bytes());
            }
            let (mut pieces, mut rest) = (Vec::new(), &sent[..]);
            for cut in cuts {
                let (piece, more) = rest.split_at(cut.min(rest.len()));
                pieces.push(piece);
                rest = more;
            }
            pieces.push(rest);
            let (found, end) = read("multipart/x-mixed-replace; boundary=ab", &pieces, 20);
            let found: Vec<&[u8]> = found.iter().map(|part| &part.body[..]).collect();
            prop_assert_eq!(found, bodies.iter().map(String::as_bytes).collect::<Vec<_>>());
            prop_assert!(end.is_ok());
        }

        #[test]
        fn any_bytes_are_answered(bytes: Vec<u8>) {
            let sent = [b"--ffmpeg\r\n\r\n", &bytes[..]].concat();
            let _ = read(FFMPEG, &[&sent], 50);
        }
    }
}
