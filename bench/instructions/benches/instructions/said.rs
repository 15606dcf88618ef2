//! A message as it is said to readers, one protocol each.

use fanfare_proto::{
    Channel, Content, Cursor, CursorPart, Encoder, Epoch, Event, Framing, LogId, Message, Position, Time,
    Wire, protocol,
};

/// What a worker keeps for encoding, and where it encodes to.
pub struct Said {
    encoder: Encoder,
    cursor: Cursor,
    out: Vec<u8>,
}

impl Said {
    pub fn encode(&mut self, wire: Wire, message: &Message) {
        self.encoder.event(wire, &Event::Message(message, Some(&self.cursor)), &mut self.out);
    }
}

/// 128 bytes, said as envelopes but for event streams and bodies. The encoder has said something before.
pub fn to(name: &str, framing: Framing) -> (Wire, Message, Said) {
    let protocol = protocol::by_name(name).unwrap();
    let form = protocol::ALL[usize::from(protocol.0)].forms()[0];
    let wire = Wire { protocol, form, framing, origin: None };
    let message = message();
    let part = CursorPart { log: LogId::KEPT, epoch: Epoch(7), position: message.position };
    let mut said = Said { encoder: Encoder::default(), cursor: Cursor::new([part]), out: Vec::new() };
    said.encode(wire, &message);
    said.out.clear();
    (wire, message, said)
}

fn message() -> Message {
    let body = format!("{:-<128}", "EUR/USD 1.0842 +0.12 % ");
    Message {
        channel: Channel::parse("markets/eurusd").unwrap(),
        position: Position(123_456),
        previous: Some(Position(123_400)),
        time: Time(1_790_000_000_000),
        id: None,
        publisher: None,
        expires: None,
        content: Content { key: Some("eurusd".into()), body: body.into(), ..Content::default() },
    }
}
