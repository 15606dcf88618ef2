//! WebSocket frames with compression: the same however the bytes are cut, and never more than is allowed.
#![no_main]

use fanfare_proto::websocket::{Decoder, Deflater, Inflater, Received};
use libfuzzer_sys::fuzz_target;

const MOST: usize = 10_000;

/// What was received, by kind and contents; a violation by its code.
fn read(bytes: &[u8], piece: usize) -> Vec<(u8, Vec<u8>)> {
    let (mut decoder, mut inflater) = (Decoder::new(MOST, true), Inflater::default());
    let mut heard = Vec::new();
    for piece in bytes.chunks(piece) {
        let mut at = 0;
        while at < piece.len() {
            match decoder.read(&piece[at..], &mut inflater) {
                Ok((taken, received)) => {
                    at += taken;
                    heard.extend(received.map(|received| match received {
                        Received::Text(text) => (1, text.as_bytes().to_vec()),
                        Received::Binary(bytes) => (2, bytes.to_vec()),
                        Received::Ping(bytes) => (3, bytes.to_vec()),
                        Received::Pong(bytes) => (4, bytes.to_vec()),
                        Received::Close(said) => (5, said.map_or(Vec::new(), |(_, why)| why.into())),
                    }));
                }
                Err(violation) => {
                    heard.push((6, violation.code.0.to_be_bytes().to_vec()));
                    return heard;
                }
            }
            assert!(decoder.held() <= 4 * MOST, "{}", decoder.held());
        }
    }
    heard
}

fuzz_target!(|said: (u8, &[u8])| {
    let (piece, bytes) = said;
    let whole = read(bytes, usize::MAX);
    assert!(whole.iter().all(|(_, contents)| contents.len() <= MOST));
    assert_eq!(read(bytes, usize::from(piece) + 1), whole);
    let mut deflater = Deflater::default();
    for bits in [9, 15] {
        if let Some(deflated) = deflater.deflate(bytes, bits) {
            assert!(deflated.len() < bytes.len());
        }
    }
});
