//! Bodies of many parts: however they are cut into pieces, the parts are the same, and none is larger than allowed.
#![no_main]

use fanfare_proto::{Part, Parts};
use libfuzzer_sys::fuzz_target;

const MOST: usize = 64;

fn read(content_type: &str, body: &[u8], piece: usize) -> (Vec<Part>, bool) {
    let Some(Ok(mut parts)) = Parts::of(content_type, MOST) else { return (Vec::new(), false) };
    let mut found = Vec::new();
    for piece in body.chunks(piece) {
        parts.add(piece);
        loop {
            match parts.next() {
                Ok(Some(part)) => found.push(part),
                Ok(None) => break,
                Err(_) => return (found, false),
            }
        }
    }
    let end = parts.end().is_ok();
    (found, end)
}

fuzz_target!(|said: (&str, u8, &[u8])| {
    let (boundary, piece, body) = said;
    let content_type = format!("multipart/x-mixed-replace; boundary={boundary}");
    let (whole, ended) = read(&content_type, body, body.len().max(1));
    assert!(whole.iter().all(|part| part.body.len() <= MOST));
    let (pieces, pieces_ended) = read(&content_type, body, usize::from(piece).max(1));
    // What is wrong may be seen earlier in pieces, and then ends the body earlier; what was found before is the same.
    if ended && pieces_ended {
        assert_eq!(whole, pieces);
    }
});
