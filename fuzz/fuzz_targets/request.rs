//! The native protocol: every text is answered, with JSON.
#![no_main]

use fanfare_proto::{Reply, Request};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let request = Request::read(text);
    if let Err(refusal) = &request.command {
        let mut out = Vec::new();
        Reply::Refused(refusal).write(request.id.as_ref(), &mut out);
        assert!(out.starts_with(b"{\"reply\":") && out.ends_with(b"}"));
        assert!(std::str::from_utf8(&out).is_ok());
    }
});
