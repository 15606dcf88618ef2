//! One body as what has changed since another: the delta format of Fossil (<https://fossil-scm.org/home/doc/trunk/www/delta_format.wiki>),
//! which has a checksum and decoders in many languages. A delta between texts is text.

mod apply;
mod make;

pub use apply::{NotApplied, apply_delta};
pub use make::make_delta;

/// The digits of numbers in a delta, base 64.
const DIGITS: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~";

/// The sum of a body as numbers of 32 bits, the most significant byte first; a rest counts as if zeros followed.
fn checksum(body: &[u8]) -> u32 {
    let (words, rest) = body.as_chunks::<4>();
    let mut last = [0; 4];
    last[..rest.len()].copy_from_slice(rest);
    words.iter().chain([&last]).fold(0, |sum: u32, word| sum.wrapping_add(u32::from_be_bytes(*word)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn changed(base: &[u8], target: &[u8]) -> Vec<u8> {
        let mut delta = Vec::new();
        make_delta(base, target, &mut delta);
        delta
    }

    #[test]
    fn a_delta_is_what_the_format_says() {
        let base = br#"{"symbol":"EURUSD","bid":1.0834,"ask":1.0836}"#;
        let target = br#"{"symbol":"EURUSD","bid":1.0835,"ask":1.0836}"#;
        // 45 bytes: 30 from the beginning, one new, 14 from 31 on.
        assert_eq!(String::from_utf8(changed(base, target)).unwrap(), "i\nU@0,1:5E@V,1fqINh;");
        assert_eq!(apply_delta(base, &changed(base, target), 1000).unwrap(), target);
        assert_eq!(changed(b"", b""), b"0\n0;");
        assert_eq!(changed(b"abc", b"abcd"), b"4\n4:abcd1XObD_;");
    }

    #[test]
    fn what_is_no_delta_of_this_base_says_so() {
        let (base, target) = ([b'x'; 100], [b'x'; 90]);
        let delta = changed(&base, &target);
        assert_eq!(apply_delta(&base[..99], &changed(&base, &base), 1000), Err(NotApplied::OutOfBase));
        assert_eq!(apply_delta(&[b'y'; 100], &delta, 1000), Err(NotApplied::OtherBase));
        assert_eq!(apply_delta(&base, &delta, 89), Err(NotApplied::TooLong));
        for (text, why) in [
            ("", NotApplied::Malformed),
            ("5", NotApplied::Malformed),
            ("5\n", NotApplied::Malformed),
            ("5\n5:abc", NotApplied::Malformed),
            ("5\n5!abcde0;", NotApplied::Malformed),
            ("2\n5:abcde0;", NotApplied::Malformed),
            ("9\n5:abcde0;", NotApplied::Malformed),
            ("~~~~~~~~~~~~\n0;", NotApplied::Malformed),
            ("5\n5@~~~~~,0;", NotApplied::OutOfBase),
        ] {
            assert_eq!(apply_delta(&base, text.as_bytes(), 1000), Err(why), "{text:?}");
        }
    }

    /// A body, and one that was made of it by cutting, moving and writing.
    fn pairs() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
        let piece = prop_oneof![
            "[a-c]{0,40}".prop_map(String::into_bytes),
            "[äöü€😀a]{0,30}".prop_map(String::into_bytes),
            prop::collection::vec(any::<u8>(), 0..40),
            prop::collection::vec(0u8..2, 0..200),
        ];
        let pieces = prop::collection::vec(piece, 0..6);
        (pieces, prop::collection::vec((0usize..8, "[a-zé]{0,5}"), 0..8)).prop_map(|(pieces, order)| {
            let target = order.iter().flat_map(|(index, text)| {
                let piece = pieces.get(*index).cloned().unwrap_or_default();
                piece.into_iter().chain(text.bytes()).collect::<Vec<_>>()
            });
            (pieces.concat(), target.collect())
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(3_000) })]
        #[test]
        fn a_delta_gives_the_body_again((base, target) in pairs()) {
            let delta = changed(&base, &target);
            prop_assert_eq!(apply_delta(&base, &delta, target.len()), Ok(target.clone()));
            prop_assert!(delta.len() <= target.len() + 32, "{} for {}", delta.len(), target.len());
            if std::str::from_utf8(&target).is_ok() {
                prop_assert!(std::str::from_utf8(&delta).is_ok());
            }
        }

        #[test]
        fn nothing_that_comes_is_too_much(base in prop::collection::vec(any::<u8>(), 0..50), delta in "[0-9A-F@:,;\n]{0,30}") {
            if let Ok(body) = apply_delta(&base, delta.as_bytes(), 1000) {
                prop_assert!(body.len() <= 1000);
            }
        }
    }
}
