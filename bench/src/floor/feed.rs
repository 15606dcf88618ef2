//! Every message in the bytes of one form, one after the other: what all readers of the form are given.

/// How readers are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    WebSocket,
    EventStream,
    Lines,
}

/// Forms, and so feeds.
pub const FORMS: usize = 3;

/// Bytes that are kept for those who come back.
const KEPT_BYTES: usize = 1024 * 1024;

/// The bytes of one form. Places count bytes from the beginning of time.
pub struct Feed {
    form: Form,
    /// The place of the first byte.
    start: u64,
    bytes: Vec<u8>,
    /// Where each message begins that is kept.
    starts: Vec<u64>,
    /// Messages so far.
    count: usize,
}

impl Feed {
    pub fn new(form: Form) -> Feed {
        Feed { form, start: 0, bytes: Vec::new(), starts: Vec::new(), count: 0 }
    }

    /// The answer to a reader.
    pub fn head(&self) -> &'static [u8] {
        match self.form {
            Form::WebSocket => {
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                  Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
            }
            Form::Lines => {
                b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
            }
            Form::EventStream => {
                b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
            }
        }
    }

    /// Adds a message.
    pub fn add(&mut self, body: &[u8]) {
        self.starts.push(self.end());
        self.count += 1;
        match (self.form, body.len()) {
            (Form::WebSocket, length @ ..126) => self.bytes.extend_from_slice(&[0x81, length as u8]),
            (Form::WebSocket, length) => {
                self.bytes.extend_from_slice(&[0x81, 126]);
                self.bytes.extend_from_slice(&(length as u16).to_be_bytes());
            }
            (Form::EventStream, _) => return self.chunk(&[b"data: ", body, b"\n\n"]),
            (Form::Lines, _) => {
                return self.chunk(&[b"{\"channel\":\"live/all\",\"body\":\"", body, b"\"}\n"]);
            }
        }
        self.bytes.extend_from_slice(body);
    }

    fn chunk(&mut self, parts: &[&[u8]]) {
        let length = parts.iter().map(|part| part.len()).sum::<usize>();
        self.bytes.extend_from_slice(format!("{length:x}\r\n").as_bytes());
        parts.iter().for_each(|part| self.bytes.extend_from_slice(part));
        self.bytes.extend_from_slice(b"\r\n");
    }

    /// The place after the last message.
    pub fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }

    /// What a publisher is answered: how many messages there are.
    pub fn created(&self) -> String {
        let body = format!("{{\"cursor\":\"{}\"}}", self.count);
        format!("HTTP/1.1 201 Created\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    }

    /// The place of a reader that has heard so many messages.
    pub fn after(&self, heard: usize) -> u64 {
        let gone = self.count - self.starts.len();
        self.starts.get(heard.saturating_sub(gone)).copied().unwrap_or_else(|| self.end())
    }

    /// How many messages there were.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The bytes of `most` messages from a place on.
    pub fn from(&self, place: u64, most: usize) -> &[u8] {
        let rest = &self.bytes[(place - self.start) as usize..];
        if most == usize::MAX {
            return rest;
        }
        let next = self.starts.partition_point(|start| *start <= place);
        let end = self.starts.get(next + most - 1).copied().unwrap_or_else(|| self.end());
        &rest[..(end - place) as usize]
    }

    /// Whether there is more than is kept for those who come back.
    pub fn is_long(&self) -> bool {
        self.bytes.len() > 2 * KEPT_BYTES
    }

    /// Forgets what no reader is before, but for the newest.
    pub fn forget(&mut self, slowest: Option<u64>) {
        let wanted = self.end() - KEPT_BYTES.min(self.bytes.len()) as u64;
        let place = slowest.map_or(wanted, |slowest| slowest.min(wanted));
        let gone = self.starts.partition_point(|start| *start <= place).saturating_sub(1);
        let place = self.starts.get(gone).copied().unwrap_or(place);
        self.starts.drain(..gone);
        self.bytes.drain(..(place - self.start) as usize);
        self.start = place;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_stay_right_while_old_messages_go() {
        let mut feed = Feed::new(Form::WebSocket);
        let body = [b'x'; 1000];
        let mut places = Vec::new();
        for _ in 0..5000 {
            places.push(feed.end());
            feed.add(&body);
            if feed.is_long() {
                feed.forget(Some(places[places.len() - 700]));
            }
        }
        assert!(feed.bytes.len() < 2 * KEPT_BYTES + 2000, "{}", feed.bytes.len());
        assert_eq!(feed.from(places[4990], usize::MAX).len(), 10 * 1004);
        assert_eq!(feed.from(places[4990], 3).len(), 3 * 1004);
        assert_eq!((feed.after(4990), feed.count()), (places[4990], 5000));
        assert_eq!(feed.from(feed.end(), usize::MAX), b"");
    }
}
