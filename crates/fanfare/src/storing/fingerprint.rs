//! What long texts are known by.

use sha1::{Digest, Sha1};
use std::fmt::Write;

/// The same for the same bytes, and for no others.
pub fn fingerprint(bytes: &[u8]) -> String {
    let mut name = String::new();
    for byte in Sha1::digest(bytes) {
        // Writing into a String cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    name
}
