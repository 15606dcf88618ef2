//! Long polls on one connection: an answer with a length, and at once the next request, made from what the answer says.

use super::{Cut, Event, Hear};
use crate::outcome::Result;
use memchr::memmem;

/// The next request, made from the head and the body of an answer.
pub type Again = fn(&str, &[u8]) -> Result<Vec<u8>>;

/// Where a poll is.
#[derive(Debug)]
pub struct Poll {
    again: Again,
    /// An answer whose end was not read yet.
    cut: Cut,
}

impl Poll {
    pub fn new(again: Again) -> Poll {
        Poll { again, cut: Cut::default() }
    }

    /// Takes what was read. Each message of an answer is an event: its number stands behind `number`.
    pub fn take(&mut self, bytes: &[u8], hear: Hear<'_>, answer: &mut Vec<u8>) -> Result<()> {
        let again = self.again;
        self.cut.join(bytes, |bytes| {
            let Some(end) = memmem::find(bytes, b"\r\n\r\n").map(|end| end + 4) else { return Ok(0) };
            let head = std::str::from_utf8(&bytes[..end])?;
            let length: usize = field(head, "content-length").ok_or("an answer has no length")?.parse()?;
            let Some(body) = bytes.get(end..end + length) else { return Ok(0) };
            if !head.starts_with("HTTP/1.1 200 ") {
                return Err(format!("a poll was answered:\n{}", String::from_utf8_lossy(bytes)).into());
            }
            let starts: Vec<usize> = memmem::find_iter(body, b"number ").collect();
            let ends = starts.iter().skip(1).copied().chain([body.len()]);
            for (start, end) in starts.iter().zip(ends) {
                hear(&Event { name: b"", data: &body[*start..end] })?;
            }
            answer.extend(again(head, body)?);
            Ok(end + length)
        })
    }
}

/// The value of a field of a head.
pub fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use crate::ears::{Ear, heard_however_cut};

    #[test]
    fn an_answer_has_several_messages_and_is_followed_by_the_next_request() {
        let ear = || Ear::long_poll(|head, body| Ok([head.as_bytes(), b"|", &body[..4]].concat()));
        let text = b"HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\nab: number 1 c number 2 de;";
        let (heard, answer) = heard_however_cut(ear, &text[..text.len() - 2]);
        let data: Vec<&str> = heard.iter().map(|(_, data)| &**data).collect();
        assert_eq!(data, ["number 1 c ", "number 2 d"]);
        assert_eq!(answer, b"HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n|ab: ");
        let mut ear = ear();
        let refused = b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n";
        assert!(ear.take(refused, &mut |_| Ok(()), &mut Vec::new()).is_err());
    }
}
