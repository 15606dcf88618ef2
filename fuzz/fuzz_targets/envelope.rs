//! Envelopes: what is published can be shown, as JSON, on one line.
#![no_main]

use fanfare_proto::{Batch, Channel, Form, Message, Position, Publish, Time, envelope, read_batch};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let found = match read_batch(None, body) {
        Ok(Batch::One(publish)) => vec![publish],
        Ok(Batch::Many(publishes)) => publishes,
        Err(_) => return,
    };
    for Publish { channel, id, content, .. } in found.into_iter().flatten() {
        assert!(Channel::parse(channel.as_str()).is_ok());
        let message = Message {
            channel,
            position: Position(2),
            previous: Some(Position(1)),
            time: Time(0),
            id,
            publisher: None,
            expires: None,
            content,
        };
        for form in [Form::Envelope, Form::Body] {
            let mut out = Vec::new();
            envelope(&message, None, form, &mut out);
            assert!(out.starts_with(b"{") && out.ends_with(b"}") && !out.contains(&b'\n'));
            assert!(std::str::from_utf8(&out).is_ok());
        }
    }
});
