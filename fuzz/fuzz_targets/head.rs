//! Request heads, and where they go: the same answer however the bytes are cut.
#![no_main]

use fanfare_proto::{Head, Origins, route};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let origins = Origins::new(["https://a.example"]);
    match Head::parse(bytes) {
        Ok(Some((head, end))) => {
            assert!(end <= bytes.len());
            for cut in [end / 2, end - 1] {
                assert!(matches!(Head::parse(&bytes[..cut]), Ok(None)), "a part is a head, or wrong");
            }
            if let Err(refusal) = route(&head, &origins) {
                assert!(refusal.code.status >= 400 && !refusal.detail.is_empty());
            }
        }
        Ok(None) => {}
        Err(refusal) => assert!(refusal.code.status >= 400 && !refusal.detail.is_empty()),
    }
});
