//! What holds for every protocol of the list, and that readers nobody here wrote for get what was said.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod ears;
mod event_source;
mod words;

use ears::{Heard, hear, hear_answer};
use fanfare_proto::protocol::{ALL, Protocol, Shape, by_name};
use fanfare_proto::{Callback, Event, Form, GapReason, Manner, SessionId};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::time::Duration;
use words::{closing, cursor, gap, message, refusal, said};

fn frame(protocol: &dyn Protocol, event: &Event<'_>, form: Form) -> Vec<u8> {
    let mut out = Vec::new();
    protocol.encode(event, form, &mut out);
    out
}

/// What goes on and can say everything.
fn streams() -> impl Iterator<Item = &'static dyn Protocol> {
    ALL.iter().copied().filter(|protocol| protocol.shape().goes_on() && !forms(*protocol).is_empty())
}

/// The forms in which a protocol can say everything, and not only bodies.
fn forms(protocol: &dyn Protocol) -> Vec<Form> {
    let bare =
        |form: &Form| *form == Form::Body && ["raw", "ws", "replace", "mjpeg"].contains(&protocol.name());
    protocol.forms().iter().copied().filter(|form| !bare(form)).collect()
}

/// A page that has `f` called.
fn called() -> Manner {
    Manner { callback: Some(Callback::parse("f").unwrap()), pad: 0 }
}

fn answers() -> impl Iterator<Item = &'static dyn Protocol> {
    ALL.iter().copied().filter(|protocol| matches!(protocol.shape(), Shape::Answer | Shape::Page))
}

#[test]
fn names_are_unique_and_found() {
    let mut seen = BTreeSet::new();
    for (index, protocol) in ALL.iter().enumerate() {
        assert!(!protocol.about().is_empty() && !protocol.about().contains('\n'), "{}", protocol.name());
        assert!(protocol.media_type().split_once('/').is_some(), "{}", protocol.name());
        for name in [protocol.name()].iter().chain(protocol.also()) {
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{name}");
            assert!(seen.insert(*name), "{name} is there twice");
            assert_eq!(by_name(name).map(|id| usize::from(id.0)), Some(index));
        }
    }
    assert_eq!(by_name("pigeon"), None);
}

#[test]
fn streams_and_pages_have_different_media_types() {
    let chosen = |protocol: &&&dyn Protocol| protocol.shape() == Shape::Stream && !protocol.is_by_name_only();
    let streams = || ALL.iter().filter(chosen);
    let types: BTreeSet<_> = streams().map(|protocol| protocol.media_type()).collect();
    assert_eq!(types.len(), streams().count(), "Accept tells streams apart");
    assert!(answers().all(|protocol| !types.contains(protocol.media_type())));
}

#[test]
fn what_is_not_a_message_never_looks_like_one() {
    let (gap, here) = (gap(GapReason::Trimmed), cursor(9));
    let (refusal, closing) = (refusal(), closing());
    let events = [
        (Event::Gap(&gap, Some(&here)), "gap", true),
        (Event::CaughtUp(&here, None), "caught_up", true),
        (Event::Alive(&here), "", true),
        (Event::Error(&refusal), "error", false),
        (Event::Closing(&closing.0, closing.1), "closing", false),
    ];
    for protocol in streams() {
        for form in forms(protocol) {
            for (event, name, placed) in &events {
                let heard = hear(protocol, &frame(protocol, event, form));
                let [Heard::System { name: heard, cursor, data }] = &heard[..] else {
                    panic!("{} {event:?}: {heard:?}", protocol.name())
                };
                assert_eq!(heard, name, "{}", protocol.name());
                assert_eq!(
                    cursor.as_deref(),
                    placed.then(|| here.to_string()).as_deref(),
                    "{}",
                    protocol.name()
                );
                match event {
                    Event::Gap(gap, _) => {
                        assert_eq!(data["gap"]["from"], gap.from.0);
                        assert_eq!(data["gap"]["to"], gap.to.0);
                        assert_eq!(data["gap"]["reason"], "trimmed");
                    }
                    Event::Error(refusal) => assert_eq!(data["error"]["code"], refusal.code.number),
                    Event::Closing(refusal, retry) => {
                        assert_eq!(data["closing"]["name"], refusal.code.name);
                        assert_eq!(data["closing"]["retry_ms"], retry.as_millis() as u64);
                    }
                    _ => {}
                }
            }
        }
    }
    for protocol in answers() {
        for (event, ..) in &events {
            assert!(frame(protocol, event, Form::Envelope).is_empty(), "{} {event:?}", protocol.name());
        }
    }
}

#[test]
fn a_stream_begins_with_its_place_and_its_name() {
    for protocol in streams() {
        let mut out = Vec::new();
        protocol.greet(&words::greeting(&cursor(7)), protocol.forms()[0], &mut out);
        let heard = hear(protocol, &out);
        let [Heard::System { name, cursor: place, data }] = &heard[..] else { panic!("{heard:?}") };
        assert_eq!((&**name, place), ("session", &Some(cursor(7).to_string())), "{}", protocol.name());
        assert!(SessionId::parse(data["session"].as_str().unwrap()).is_some(), "{data}");
    }
    assert_eq!(event_source::read(b"retry: 2500\nid: x\n\n").retry, Some(2500));
}

#[test]
fn bodies_alone_are_the_bodies_and_nothing_else() {
    let (said, here, gap) = (words::content(b"\x00 any\r\n"), cursor(9), gap(GapReason::Trimmed));
    let (message, place) = message(1, &said);
    for protocol in ["raw", "ws"].map(|name| ALL[usize::from(by_name(name).unwrap().0)]) {
        let body = frame(protocol, &Event::Message(&message, Some(&place)), Form::Body);
        assert_eq!(body, said.body, "{}", protocol.name());
        for event in [Event::Gap(&gap, Some(&here)), Event::Alive(&here), Event::CaughtUp(&here, None)] {
            assert!(frame(protocol, &event, Form::Body).is_empty(), "{}", protocol.name());
        }
    }
}

#[test]
fn gaps_have_every_reason() {
    for reason in [GapReason::Trimmed, GapReason::Purged, GapReason::Epoch, GapReason::WentBack] {
        for protocol in answers() {
            let mut out = Vec::new();
            protocol.answer(
                &mut std::iter::empty(),
                &cursor(3),
                &[gap(reason), gap(GapReason::Trimmed)],
                &called(),
                &mut out,
            );
            let (heard, place, gaps) = hear_answer(protocol, &out);
            assert_eq!((heard.len(), place), (0, cursor(3).to_string()));
            let reasons: Vec<_> = gaps.iter().map(|gap| gap["reason"].clone()).collect();
            assert_eq!(reasons, [reason.name(), "trimmed"]);
        }
    }
}

proptest! {
    /// Frames are made one by one and shared; what a reader gets is their concatenation.
    #[test]
    fn readers_of_streams_hear_what_was_said(said in said()) {
        for protocol in streams() {
            for form in forms(protocol) {
                let mut stream = Vec::new();
                protocol.begin(&called(), Duration::ZERO, &mut stream);
                protocol.greet(&words::greeting(&cursor(0)), form, &mut stream);
                for (index, content) in said.iter().enumerate() {
                    let (message, place) = message(index as u64 + 1, content);
                    let bytes = frame(protocol, &Event::Message(&message, Some(&place)), form);
                    prop_assert_eq!(&bytes, &frame(protocol, &Event::Message(&message, Some(&place)), form));
                    stream.extend_from_slice(&bytes);
                    protocol.encode(&Event::Alive(&place), form, &mut stream);
                }
                let heard = hear(protocol, &stream);
                let messages: Vec<&Heard> = heard.iter().filter(|heard| heard.is_message()).collect();
                prop_assert_eq!(messages.len(), said.len());
                for (index, heard) in messages.into_iter().enumerate() {
                    let (message, place) = message(index as u64 + 1, &said[index]);
                    heard.check(protocol, &message, &place, form);
                }
            }
        }
    }

    #[test]
    fn readers_of_answers_get_what_was_said(said in said()) {
        for protocol in answers() {
            for form in forms(protocol) {
                let frames: Vec<Vec<u8>> = said.iter().enumerate().map(|(index, content)| {
                    let (message, place) = message(index as u64 + 1, content);
                    frame(protocol, &Event::Message(&message, Some(&place)), form)
                }).collect();
                let mut out = Vec::new();
                protocol.answer(&mut frames.iter().map(|frame| &frame[..]), &cursor(99), &[], &called(), &mut out);
                let (heard, place, gaps) = hear_answer(protocol, &out);
                prop_assert_eq!((heard.len(), place, gaps.len()), (said.len(), cursor(99).to_string(), 0));
                for (index, heard) in heard.iter().enumerate() {
                    let (message, place) = message(index as u64 + 1, &said[index]);
                    heard.check(protocol, &message, &place, form);
                }
            }
        }
    }
}
