//! The signature of a request: who has the secret knows that it came from here, as it is, and when.
//!
//! ```text
//! Fanfare-Signature: t=1790000000,v1=<64 hexadecimal digits>
//! v1 = HMAC-SHA256(secret, "1790000000" "." body)              (RFC 2104, FIPS 180-4)
//! ```

use aws_lc_rs::hmac;
use std::fmt::Write;

/// What the header says about a body that leaves at a second since 1970.
pub(crate) fn sign(secret: &str, seconds: u64, body: &[u8]) -> String {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()));
    context.update(seconds.to_string().as_bytes());
    context.update(b".");
    context.update(body);
    let mut text = format!("t={seconds},v1=");
    for byte in context.sign().as_ref() {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
