//! Chunked bodies: where they end, what is refused, and that cuts change nothing.

use fanfare_proto::{Chunks, limits};
use proptest::prelude::*;

/// Where the request ends and how much data it had, or the status and words of the refusal.
type Read = Result<(Option<usize>, u64), (u16, String)>;

/// Reads in pieces of at most so many bytes.
fn read(bytes: &[u8], piece: usize) -> Read {
    let mut chunks = Chunks::new();
    let mut before = 0;
    for piece in bytes.chunks(piece) {
        match chunks.read(piece) {
            Ok(Some(end)) => return Ok((Some(before + end), chunks.data_bytes())),
            Ok(None) => before += piece.len(),
            Err(refusal) => return Err((refusal.code.status, refusal.detail)),
        }
    }
    Ok((None, chunks.data_bytes()))
}

#[test]
fn the_end_of_the_request_is_found() {
    for (body, data) in [
        ("0\r\n\r\n", 0),
        ("5\r\nhello\r\n0\r\n\r\n", 5),
        ("00A;name=\"va lue\";x\r\n0123456789\r\n1\r\n\n\r\n000\r\n\r\n", 11),
        ("3\r\na\r\n\r\n0\r\n\r\n", 3),
        ("0\r\nTrailer: value\r\nOther:\t\u{e9}\r\n\r\n", 0),
    ] {
        let text = format!("{body}GET / HTTP/1.1\r\n");
        for piece in 1..text.len() {
            assert_eq!(read(text.as_bytes(), piece), Ok((Some(body.len()), data)), "{body:?} by {piece}");
        }
        assert_eq!(read(&body.as_bytes()[..body.len() - 1], 100), Ok((None, data)), "{body:?} cut");
    }
}

#[test]
fn what_is_refused_and_why() {
    let long = "a".repeat(limits::CHUNK_BESIDE_BYTES);
    for (body, status, why) in [
        ("0x2\r\nab\r\n".to_owned(), 400, "0x78 in the size"),
        ("\r\n".into(), 400, "0x0d in the size"),
        (";a\r\n".into(), 400, "0x3b in the size"),
        ("-1\r\n".into(), 400, "0x2d in the size"),
        (" 1\r\n".into(), 400, "0x20 in the size"),
        ("1 \r\na\r\n".into(), 400, "0x20 in the size"),
        ("2\nab\r\n".into(), 400, "LF alone"),
        ("2;a\nab\r\n".into(), 400, "LF alone"),
        ("2;a\rb".into(), 400, "0x62 does not belong"),
        ("2;\0\r\n".into(), 400, "0x00 does not belong"),
        ("2\r\nabc\r\n".into(), 400, "longer or shorter"),
        ("2\r\na\r\n".into(), 400, "longer or shorter"),
        ("2\r\nab\n".into(), 400, "longer or shorter"),
        ("FFFFFFFFFFFFFFFF\r\n".into(), 400, "15 digits"),
        ("10000000000000000\r\n".into(), 400, "15 digits"),
        ("0000000000000000\r\n".into(), 400, "15 digits"),
        ("0\r\n\n".into(), 400, "LF alone"),
        ("0\r\n\rX".into(), 400, "0x58 does not belong"),
        ("0\r\n: v\r\n".into(), 400, "0x3a does not belong"),
        ("0\r\n folded\r\n".into(), 400, "0x20 does not belong"),
        ("0\r\na b: c\r\n".into(), 400, "0x20 does not belong"),
        ("0\r\na: c\n".into(), 400, "LF alone"),
        (format!("1;{long}a\r\n"), 431, "8192 bytes"),
        (format!("0\r\na{long}: b\r\n"), 431, "8192 bytes"),
        (format!("0\r\n{}", "a:b\r\n".repeat(limits::CHUNK_BESIDE_BYTES)), 431, "8192 bytes"),
        ("1;a\r\nx\r\n".repeat(limits::CHUNK_BESIDE_BYTES + 1), 431, "8192 bytes"),
    ] {
        let refused = read(body.as_bytes(), usize::MAX).expect_err(&body[..body.len().min(80)]);
        assert_eq!(refused.0, status, "{refused:?}");
        assert!(refused.1.contains(why), "{refused:?}");
        assert_eq!(read(body.as_bytes(), 1), Err(refused));
    }
}

#[test]
fn a_size_of_fifteen_digits_does_not_overflow() {
    let body = b"FFFFFFFFFFFFFFF\r\nabc";
    assert_eq!(read(body, 1), Ok((None, 3)));
}

proptest! {
    #[test]
    fn what_is_encoded_is_found(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..6),
                                after in prop::collection::vec(any::<u8>(), 0..20), piece in 1usize..50) {
        let mut bytes = Vec::new();
        for part in &parts {
            bytes.extend_from_slice(format!("{:x}\r\n", part.len()).as_bytes());
            bytes.extend_from_slice(part);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"0\r\n\r\n");
        let (end, data) = (bytes.len(), parts.concat().len() as u64);
        bytes.extend_from_slice(&after);
        prop_assert_eq!(read(&bytes, piece), Ok((Some(end), data)));
    }

    #[test]
    fn cuts_change_nothing(bytes in "([0-9a-f;:\r\n x]|\r\n|1\r\na\r\n|0\r\n\r\n|0\r\n){0,30}", piece in 1usize..9) {
        prop_assert_eq!(read(bytes.as_bytes(), piece), read(bytes.as_bytes(), usize::MAX));
    }

    #[test]
    fn random_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200), piece in 1usize..9) {
        prop_assert_eq!(read(&bytes, piece), read(&bytes, usize::MAX));
    }
}
