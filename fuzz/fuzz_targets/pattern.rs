//! Patterns and channels: what covers, overlaps and matches agree with one another.
#![no_main]

use fanfare_proto::{Channel, Pattern};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|texts: (&str, &str, &str)| {
    let (Ok(one), Ok(other)) = (Pattern::parse(texts.0), Pattern::parse(texts.1)) else { return };
    assert_eq!(Pattern::parse(one.as_str()).as_ref(), Ok(&one));
    assert!(one.covers(&one) && one.overlaps(&one));
    assert_eq!(one.overlaps(&other), other.overlaps(&one));
    let Ok(channel) = Channel::parse(texts.2) else { return };
    let matched = (one.matches(channel.as_str()), other.matches(channel.as_str()));
    assert!(!one.covers(&other) || !matched.1 || matched.0, "{one} covers {other}, which matches {channel}");
    assert!(matched != (true, true) || one.overlaps(&other), "{one} and {other} match {channel}");
});
