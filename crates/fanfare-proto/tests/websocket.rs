//! The framer (RFC 6455) and its compression (RFC 7692), through its own doors.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use fanfare_proto::websocket::{
    CloseCode, Compression, Decoder, Deflater, Inflater, Opcode, Received, Violation, close_frame, frame,
};
use proptest::prelude::*;

const MOST: usize = 100_000;

/// What was received, to keep.
#[derive(Debug, Clone, PartialEq)]
enum Kept {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<(u16, String)>),
    Violation(u16),
}

fn keep(received: Received<'_>) -> Kept {
    match received {
        Received::Text(text) => Kept::Text(text.to_owned()),
        Received::Binary(bytes) => Kept::Binary(bytes.to_vec()),
        Received::Ping(bytes) => Kept::Ping(bytes.to_vec()),
        Received::Pong(bytes) => Kept::Pong(bytes.to_vec()),
        Received::Close(said) => Kept::Close(said.map(|(code, reason)| (code.0, reason.to_owned()))),
    }
}

/// Reads everything, in pieces of at most so many bytes.
fn read(bytes: &[u8], deflate: bool, piece: usize) -> Vec<Kept> {
    let (mut decoder, mut inflater, mut kept) =
        (Decoder::new(MOST, deflate), Inflater::default(), Vec::new());
    for piece in bytes.chunks(piece) {
        let mut at = 0;
        while at < piece.len() {
            match decoder.read(&piece[at..], &mut inflater) {
                Ok((taken, received)) => {
                    assert!(taken > 0 || received.is_some(), "no way on");
                    at += taken;
                    kept.extend(received.map(keep));
                }
                Err(Violation { code, reason }) => {
                    assert!(reason.len() <= 123, "{reason}");
                    kept.push(Kept::Violation(code.0));
                    return kept;
                }
            }
        }
    }
    kept
}

/// A frame as a client sends it.
fn masked(first: u8, payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
    let mut out = vec![first];
    match payload.len() {
        short @ 0..126 => out.push(0x80 | short as u8),
        middle @ 126..65_536 => {
            out.push(0x80 | 126);
            out.extend_from_slice(&(middle as u16).to_be_bytes());
        }
        long => {
            out.push(0x80 | 127);
            out.extend_from_slice(&(long as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(&mask);
    out.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key));
    out
}

fn plain(first: u8, payload: &[u8]) -> Vec<u8> {
    masked(first, payload, [1, 2, 3, 4])
}

#[test]
fn what_breaks_the_rules_ends_the_conversation_with_its_code() {
    let long_ping = plain(0x89, &[0; 126]);
    let unmasked = b"\x81\x02hi".to_vec();
    let close = |code: u16| plain(0x88, &code.to_be_bytes());
    let announced = |length: u64| {
        let mut out = vec![0x82, 0xff];
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(&[0; 4]);
        out
    };
    for (bytes, code) in [
        (unmasked, 1002),
        (plain(0xa1, b"x"), 1002),
        (plain(0x91, b"x"), 1002),
        (plain(0xc1, b"x"), 1002),
        (plain(0x83, b"x"), 1002),
        (plain(0x8b, b"x"), 1002),
        (plain(0x09, b"x"), 1002),
        (long_ping, 1002),
        (plain(0x80, b"x"), 1002),
        ([plain(0x01, b"x"), plain(0x81, b"y")].concat(), 1002),
        (vec![0x81, 0xfe, 0, 5, 0, 0, 0, 0], 1002),
        (announced(5), 1002),
        (announced(1 << 63), 1002),
        (announced(1 << 30), 1009),
        (plain(0x81, b"\xff"), 1007),
        ([plain(0x01, b"\xc3"), plain(0x80, b"(")].concat(), 1007),
        (plain(0x81, b"\xc3"), 1007),
        (plain(0x88, b"\x03"), 1002),
        (close(999), 1002),
        (close(1004), 1002),
        (close(1005), 1002),
        (close(1006), 1002),
        (close(1015), 1002),
        (close(2999), 1002),
        (close(5000), 1002),
        (plain(0x88, b"\x03\xe8\xff"), 1007),
    ] {
        for piece in [1, 3, usize::MAX] {
            assert_eq!(read(&bytes, false, piece), [Kept::Violation(code)], "{bytes:x?}");
        }
    }
}

#[test]
fn text_that_can_never_be_is_refused_at_once() {
    // The rest of the frame, and of the message, is still to come.
    let bytes = plain(0x01, &[b"fine \xf4\x90", &[b'x'; 50][..]].concat());
    assert_eq!(read(&bytes[..14], false, usize::MAX), [Kept::Violation(1007)]);
}

#[test]
fn messages_in_pieces_with_control_frames_between() {
    let bytes = [
        plain(0x01, "na\u{ef}".as_bytes().split_at(3).0),
        plain(0x89, b"p"),
        plain(0x00, b""),
        plain(0x8a, b""),
        plain(0x80, &[&"\u{ef}".as_bytes()[1..], b"ve"].concat()),
        plain(0x82, b""),
        plain(0x88, b"\x03\xe9bye"),
        plain(0x81, b"nobody hears this"),
    ]
    .concat();
    let wanted = [
        Kept::Ping(b"p".to_vec()),
        Kept::Pong(Vec::new()),
        Kept::Text("na\u{ef}ve".into()),
        Kept::Binary(Vec::new()),
        Kept::Close(Some((1001, "bye".into()))),
    ];
    for piece in 1..9 {
        assert_eq!(read(&bytes, false, piece), wanted);
    }
    assert_eq!(read(&plain(0x88, b""), false, 1), [Kept::Close(None)]);
    for code in [1000, 1003, 1007, 1014, 3000, 4999] {
        let said = read(&plain(0x88, &u16::to_be_bytes(code)), false, 2);
        assert_eq!(said, [Kept::Close(Some((code, String::new())))]);
    }
}

#[test]
fn nothing_unfinished_holds_no_memory() {
    let (mut decoder, mut inflater) = (Decoder::new(MOST, false), Inflater::default());
    let bytes = [plain(0x82, &[7; 5000]), plain(0x89, b"x"), plain(0x01, b"be")].concat();
    let mut at = 0;
    for held in [true, true, false] {
        let (taken, received) = decoder.read(&bytes[at..], &mut inflater).unwrap();
        assert_eq!(received.is_some(), held);
        at += taken;
        assert!(decoder.is_amid() || at < bytes.len());
    }
    assert!(decoder.is_amid() && (1..100).contains(&decoder.held()), "{}", decoder.held());
}

#[test]
fn a_bomb_stops_at_the_limit() {
    let mut deflater = Deflater::default();
    let bomb = deflater.deflate(&vec![0; 50 * MOST], 15).unwrap();
    assert!(bomb.len() < MOST / 2);
    assert_eq!(read(&plain(0xc2, &bomb), true, usize::MAX), [Kept::Violation(1009)]);
    let most = deflater.deflate(&vec![0; MOST], 15).unwrap();
    assert_eq!(read(&plain(0xc2, &most), true, usize::MAX), [Kept::Binary(vec![0; MOST])]);
    let over = deflater.deflate(&vec![0; MOST + 1], 15).unwrap();
    assert_eq!(read(&plain(0xc2, &over), true, usize::MAX), [Kept::Violation(1009)]);
}

#[test]
fn compressed_messages_of_other_makers_are_read() {
    // RFC 7692 section 7.2.3: one block, two blocks, stored, with BFINAL, two of these in fragments.
    let hello = Kept::Text("Hello".into());
    for payload in [
        &b"\xf2\x48\xcd\xc9\xc9\x07\x00"[..],
        b"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00",
        b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00",
        b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00",
    ] {
        assert_eq!(read(&plain(0xc1, payload), true, 3), std::slice::from_ref(&hello), "{payload:x?}");
        let (begun, rest) = payload.split_at(3);
        let bytes = [plain(0x41, begun), plain(0x89, b""), plain(0x80, rest)].concat();
        assert_eq!(read(&bytes, true, 2), [Kept::Ping(Vec::new()), hello.clone()]);
    }
    for damaged in [&b"\xff\xff\xff"[..], b"\x06"] {
        let said = read(&plain(0xc1, damaged), true, 3);
        assert!(matches!(said[..], [Kept::Violation(1007)]), "{damaged:x?}: {said:?}");
    }
    assert_eq!(read(&plain(0xc1, b"\xf2\x48\xcd\xc9\xc9\x07\x00"), false, 3), [Kept::Violation(1002)]);
}

/// A compressor that runs out of room keeps something of it, and panics when that has come together often.
#[test]
fn what_cannot_become_shorter_does_no_harm() {
    let (mut deflater, mut state) = (Deflater::default(), 7u32);
    let mut random = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 24
    };
    for _ in 0..3_000 {
        let mut level = 128u32;
        let walk: Vec<u8> = (0..256)
            .map(|_| {
                level = level.wrapping_add(random() % 41).wrapping_sub(20);
                level as u8
            })
            .collect();
        if let Some(deflated) = deflater.deflate(&walk, 15) {
            assert_eq!(read(&plain(0xc2, &deflated), true, usize::MAX), [Kept::Binary(walk)]);
        }
    }
}

#[test]
fn compression_is_agreed_on_as_far_as_it_can_be() {
    let agree = |offers: &[&str]| Compression::agree(offers.iter().map(|offer| offer.as_bytes()));
    let both = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    for (offer, bits, more) in [
        ("permessage-deflate", 15, ""),
        ("permessage-deflate; client_max_window_bits", 15, ""),
        ("x-webkit-deflate-frame, Permessage-Deflate; server_no_context_takeover", 15, ""),
        ("permessage-deflate;client_max_window_bits=\"10\"", 15, ""),
        ("permessage-deflate; server_max_window_bits=10", 10, "; server_max_window_bits=10"),
        ("permessage-deflate; server_max_window_bits=8, permessage-deflate", 15, ""),
    ] {
        let agreed = agree(&[offer]).expect(offer);
        assert_eq!((agreed.window_bits, agreed.answer()), (bits, format!("{both}{more}")), "{offer}");
    }
    for offer in [
        "",
        "permessage-bzip2",
        "permessage-deflate; server_max_window_bits=8",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=09",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        "permessage-deflate; other",
        "permessage-deflate; client_max_window_bits=7",
    ] {
        assert_eq!(agree(&[offer]), None, "{offer}");
    }
    assert!(agree(&["other", "permessage-deflate"]).is_some());
}

#[test]
fn close_frames_are_cut_to_what_fits() {
    let mut out = Vec::new();
    close_frame(CloseCode::POLICY, &"\u{e9}".repeat(100), &mut out);
    assert_eq!((out[0], out[1], &out[2..4]), (0x88, 124, &1008u16.to_be_bytes()[..]));
    assert!(std::str::from_utf8(&out[4..]).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn what_is_said_is_heard_however_it_is_cut(
        said in prop::collection::vec((any::<bool>(), "[a-z\u{e9}\u{1f600}]{0,300}", any::<[u8; 4]>(), 1usize..200), 1..6),
        piece in 1usize..400,
        bits in prop::option::of(9u8..16),
    ) {
        let (mut bytes, mut wanted, mut deflater) = (Vec::new(), Vec::new(), Deflater::default());
        for (text, body, mask, cut) in said {
            let opcode = if text { 0x01 } else { 0x02 };
            let deflated = bits.and_then(|bits| deflater.deflate(body.as_bytes(), bits));
            let rsv = if deflated.is_some() { 0x40 } else { 0 };
            let payload = deflated.as_deref().unwrap_or(body.as_bytes());
            let parts: Vec<&[u8]> = payload.chunks(cut).collect();
            for (index, part) in parts.iter().enumerate() {
                let fin = if index + 1 == parts.len() { 0x80 } else { 0 };
                bytes.extend(masked(fin | if index == 0 { opcode | rsv } else { 0 }, part, mask));
            }
            if parts.is_empty() {
                bytes.extend(masked(0x80 | opcode, b"", mask));
            }
            wanted.push(if text { Kept::Text(body) } else { Kept::Binary(body.into_bytes()) });
        }
        prop_assert_eq!(read(&bytes, bits.is_some(), piece), wanted);
    }

    /// One compressor serves message after message, whatever they are: also what does not become shorter.
    #[test]
    fn a_compressor_is_used_again(
        said in prop::collection::vec((any::<u64>(), 0usize..3, 64usize..3_000), 1..30),
        bits in 9u8..16,
    ) {
        let (mut deflater, mut inflater, mut decoder) =
            (Deflater::default(), Inflater::default(), Decoder::new(MOST, true));
        for (seed, kind, length) in said {
            let mut state = seed | 1;
            let mut random = || {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state as u8
            };
            // Noise, text, and little of each.
            let payload: Vec<u8> = (0..length).map(|_| match kind {
                0 => random(),
                1 => b'a' + random() % 16,
                _ => random() % 2,
            }).collect();
            if let Some(deflated) = deflater.deflate(&payload, bits) {
                prop_assert!(deflated.len() < payload.len());
                let bytes = plain(0xc2, &deflated);
                let (taken, received) = decoder.read(&bytes, &mut inflater).unwrap();
                prop_assert_eq!((taken, received), (bytes.len(), Some(Received::Binary(&payload))));
            }
        }
    }

    #[test]
    fn cuts_change_nothing(bytes in prop::collection::vec(any::<u8>(), 0..60), first in 0x80u8..=0x8a, piece in 1usize..9) {
        let bytes = [vec![first], bytes].concat();
        prop_assert_eq!(read(&bytes, true, piece), read(&bytes, true, usize::MAX));
    }

    /// What the server sends, with a mask put on, is what was meant: and shorter if it was compressed.
    #[test]
    fn frames_are_well_formed(payload in prop_oneof![
        prop::collection::vec(any::<u8>(), 0..300),
        (0usize..70_000).prop_map(|length| vec![b'a'; length]),
    ], bits in prop::option::of(9u8..16)) {
        let mut out = Vec::new();
        frame(Opcode::Binary, &payload, bits, &mut Deflater::default(), &mut out);
        let (length, at) = match out[1] {
            126 => (usize::from(u16::from_be_bytes([out[2], out[3]])), 4),
            127 => (u64::from_be_bytes(out[2..10].try_into().unwrap()) as usize, 10),
            short => (usize::from(short), 2),
        };
        prop_assert_eq!(out.len(), at + length);
        prop_assert!(length <= payload.len());
        prop_assert_eq!(read(&plain(out[0], &out[at..]), true, usize::MAX), vec![Kept::Binary(payload)]);
    }
}
