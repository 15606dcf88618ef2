//! Cursors: what is read is written as it was, and one damaged byte makes it no cursor.
#![no_main]

use fanfare_proto::Cursor;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(cursor) = Cursor::parse(text) else { return };
    let written = cursor.to_string();
    assert_eq!(Cursor::parse(&written), Ok(cursor));
});
