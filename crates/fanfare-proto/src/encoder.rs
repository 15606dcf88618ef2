//! From events to the bytes that a session is sent: what the protocol says, delimited as the wire asks.

use crate::put::hex;
use crate::websocket::{CloseCode, Deflater, Opcode, close_frame, frame};
use crate::{Event, Framing, Greeting, Manner, Refusal, Retry, Wire};
use std::time::Duration;

/// Makes frames. One for each worker: it keeps what compressing needs, and a buffer.
#[derive(Default)]
pub struct Encoder {
    payload: Vec<u8>,
    deflater: Deflater,
}

impl Encoder {
    /// Appends an event's frame; for a response that is one body, what the body is made of. An event that the protocol
    /// cannot say appends nothing.
    pub fn event(&mut self, wire: Wire, event: &Event<'_>, out: &mut Vec<u8>) {
        let protocol = wire.protocol();
        if !protocol.shape().goes_on() {
            return protocol.encode(event, wire.form, out);
        }
        self.payload.clear();
        protocol.encode(event, wire.form, &mut self.payload);
        self.delimit(wire, protocol.is_text(event, wire.form), out);
        if let (Framing::WebSocket(_), Event::Alive(_)) = (wire.framing, event) {
            frame(Opcode::Ping, &[], None, &mut self.deflater, out);
        }
    }

    /// Appends what a stream begins with, before its events.
    pub fn begin(&mut self, wire: Wire, manner: &Manner, retry: Duration, out: &mut Vec<u8>) {
        self.payload.clear();
        wire.protocol().begin(manner, retry, &mut self.payload);
        self.delimit(wire, true, out);
    }

    /// Appends the first words of a stream.
    pub fn greet(&mut self, wire: Wire, greeting: &Greeting<'_>, out: &mut Vec<u8>) {
        self.payload.clear();
        wire.protocol().greet(greeting, wire.form, &mut self.payload);
        self.delimit(wire, true, out);
    }

    /// Appends what is said to this session alone, as text.
    pub fn say(&mut self, wire: Wire, text: &[u8], out: &mut Vec<u8>) {
        self.payload.clear();
        self.payload.extend_from_slice(text);
        self.delimit(wire, true, out);
    }

    /// Appends the last words of a stream, and its end.
    pub fn close(&mut self, wire: Wire, why: &Refusal, retry: Duration, out: &mut Vec<u8>) {
        self.event(wire, &Event::Closing(why, retry), out);
        match wire.framing {
            Framing::WebSocket(_) => close_frame(close_code(why), &why.to_string(), out),
            Framing::Chunked => out.extend_from_slice(b"0\r\n\r\n"),
            Framing::Close | Framing::Length | Framing::LengthClose => {}
        }
    }

    /// Appends the payload (RFC 9112 section 7.1, RFC 6455 section 5.2). An empty one appends nothing: an empty chunk
    /// would end the response.
    fn delimit(&mut self, wire: Wire, text: bool, out: &mut Vec<u8>) {
        let payload = &self.payload[..];
        if payload.is_empty() {
            return;
        }
        match wire.framing {
            Framing::Chunked => {
                hex(payload.len() as u64, out);
                out.extend_from_slice(b"\r\n");
                out.extend_from_slice(payload);
                out.extend_from_slice(b"\r\n");
            }
            Framing::WebSocket(bits) => {
                let opcode = if text { Opcode::Text } else { Opcode::Binary };
                frame(opcode, payload, bits, &mut self.deflater, out);
            }
            Framing::Close | Framing::Length | Framing::LengthClose => out.extend_from_slice(payload),
        }
        // One large message is no reason to keep as much for ever.
        self.payload.shrink_to(64 * 1024);
    }
}

fn close_code(why: &Refusal) -> CloseCode {
    match why.code.retry() {
        Retry::Now => CloseCode::RESTART,
        Retry::Later => CloseCode::TRY_AGAIN_LATER,
        Retry::Never => CloseCode::POLICY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Channel, Code, Content, Cursor, Form, Message, Position, Time, protocol};

    fn message(body: &[u8]) -> Message {
        Message {
            channel: Channel::parse("a").unwrap(),
            position: Position(1),
            previous: None,
            time: Time(0),
            id: None,
            publisher: None,
            expires: None,
            content: Content { body: body.to_vec().into(), ..Content::default() },
        }
    }

    fn framed(name: &str, framing: Framing, event: &Event<'_>) -> Vec<u8> {
        let wire =
            Wire { protocol: protocol::by_name(name).unwrap(), form: Form::Body, framing, origin: None };
        let mut out = Vec::new();
        Encoder::default().event(wire, event, &mut out);
        out
    }

    #[test]
    fn an_empty_frame_does_not_end_a_stream_of_chunks() {
        let said = message(b"hello, chunked\n\n");
        assert_eq!(
            framed("raw", Framing::Chunked, &Event::Message(&said, None)),
            b"10\r\nhello, chunked\n\n\r\n"
        );
        assert_eq!(framed("raw", Framing::Chunked, &Event::Message(&message(b""), None)), b"");
        assert_eq!(framed("raw", Framing::Close, &Event::Message(&said, None)), b"hello, chunked\n\n");
    }

    #[test]
    fn bodies_are_text_or_bytes_and_signs_of_life_are_pings() {
        let framing = Framing::WebSocket(Some(15));
        assert_eq!(framed("ws", framing, &Event::Message(&message(b"hi"), None)), b"\x81\x02hi");
        assert_eq!(framed("ws", framing, &Event::Message(&message(b"\xff"), None)), b"\x82\x01\xff");
        assert_eq!(framed("ws", framing, &Event::Alive(&Cursor::default())), b"\x89\x00");
        let long = framed("ws", framing, &Event::Message(&message(&[b'a'; 1000]), None));
        assert!(long[0] == 0xc1 && long.len() < 100, "{long:?}");
    }

    #[test]
    fn a_stream_says_its_end() {
        let end = |framing| {
            let protocol = protocol::by_name("ws").unwrap();
            let wire = Wire { protocol, form: Form::Body, framing, origin: None };
            let mut out = Vec::new();
            let why = Refusal::new(Code::DRAINING, "why");
            Encoder::default().close(wire, &why, Duration::from_secs(1), &mut out);
            out
        };
        assert_eq!(end(Framing::Chunked), b"0\r\n\r\n");
        assert_eq!(end(Framing::Close), b"");
        // 1012: service restart.
        assert_eq!(end(Framing::WebSocket(None)), b"\x88\x15\x03\xf4why (1001 draining)");
    }
}
