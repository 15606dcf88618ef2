//! What holds for every filter: it says what a naive reading of it says, is printed in one way, and is refused where it
//! is wrong.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod bodies;
mod chance;
mod document;
mod naive;
mod paths;
mod refusals;

use chance::{messages, said, soup, style};
use fanfare_proto::{Became, BoundFilter, Channel, Content, Fields, Filter, Message, Paths, Position, Time};
use proptest::prelude::*;
use std::collections::HashSet;

/// A message that carries this.
pub(crate) fn message(content: Content) -> Message {
    Message {
        channel: Channel::parse("a/b").unwrap(),
        position: Position(7),
        previous: None,
        time: Time(1_795_428_000_000),
        id: None,
        publisher: None,
        expires: None,
        content,
    }
}

/// Whether a filter alone accepts a message.
pub(crate) fn accepts(filter: &str, message: &Message) -> bool {
    let filter = Filter::parse(filter).unwrap_or_else(|error| panic!("{filter}: {error}"));
    let (mut paths, mut fields) = (Paths::default(), Fields::default());
    let bound = paths.bind(&filter);
    fields.read(&paths, &message.content);
    bound.accepts(message, &fields)
}

/// A filter in some way of writing it; `None` if it is too long in that way, or in full.
fn parsed(said: &naive::Said, style: &[u8]) -> Option<Filter> {
    let text = said.text(style);
    match Filter::parse(&text) {
        Ok(filter) => Some(filter),
        Err(error) if error.wrong.contains("bytes") => None,
        Err(error) => panic!("{text}: {error}"),
    }
}

/// A filter that its paths forgot.
fn unbound(paths: &mut Paths, bound: BoundFilter) -> Filter {
    let filter = bound.filter().clone();
    paths.release(bound);
    filter
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4000) })]

    #[test]
    fn filters_that_share_their_fields_say_what_a_naive_reading_says(
        said in prop::collection::vec((said(), style()), 1..6),
        messages in messages(),
        leaving in prop::collection::vec(any::<prop::sample::Index>(), 3),
    ) {
        let (mut paths, mut fields) = (Paths::default(), Fields::default());
        let mut bound: Vec<(naive::Said, BoundFilter)> = said
            .into_iter()
            .filter_map(|(said, style)| Some((said.clone(), paths.bind(&parsed(&said, &style)?))))
            .collect();
        for message in &messages {
            // Some leave, and come back in another order.
            let leaving = if bound.len() > 1 { &leaving[..] } else { &[] };
            for leaving in leaving {
                let (said, filter) = bound.swap_remove(leaving.index(bound.len()));
                let (other, first) = bound.swap_remove(0);
                let (filter, first) = (unbound(&mut paths, filter), unbound(&mut paths, first));
                bound.push((said, paths.bind(&filter)));
                bound.push((other, paths.bind(&first)));
            }
            fields.read(&paths, &message.content);
            for (said, filter) in &bound {
                let wanted = said.accepts(message);
                prop_assert_eq!(filter.accepts(message, &fields), wanted, "{} of {:?}", filter.filter(), message);
            }
        }
        bound.into_iter().for_each(|(_, filter)| paths.release(filter));
        prop_assert!(paths.is_empty());
    }

    #[test]
    fn what_is_printed_is_read_as_the_same_filter(said in said(), style in style()) {
        if let Some(filter) = parsed(&said, &style) {
            let again = Filter::parse(filter.as_str());
            prop_assert_eq!(again.as_ref(), Ok(&filter));
            prop_assert_eq!(again.unwrap().to_string(), filter.to_string());
        }
    }

    #[test]
    fn however_it_is_written_it_is_the_same_filter(said in said(), one in style(), other in style()) {
        if let (Some(one), Some(other)) = (parsed(&said, &one), parsed(&said, &other)) {
            prop_assert_eq!(&one, &other);
            prop_assert_eq!(HashSet::from([one, other]).len(), 1);
        }
    }

    #[test]
    fn any_text_is_answered(text in prop_oneof![".{0,60}", soup()]) {
        match Filter::parse(&text) {
            Ok(filter) => prop_assert_eq!(Filter::parse(filter.as_str()), Ok(filter)),
            Err(error) => {
                prop_assert!((1..=text.chars().count() + 1).contains(&error.column), "{}", error);
                prop_assert!(!error.wrong.is_empty() && !error.allowed.is_empty(), "{}", error);
            }
        }
    }
}

#[test]
fn a_filter_is_printed_in_full() {
    for (text, printed) in [
        ("room='hall'", "tags.room = \"hall\""),
        (" a <1 ", "tags.a < 1"),
        ("((a=1)) and (b=2 and c=3)", "tags.a = 1 and tags.b = 2 and tags.c = 3"),
        ("(a=1 and b=2) or (c=3 or d=4)", "tags.a = 1 and tags.b = 2 or tags.c = 3 or tags.d = 4"),
        ("(a=1 or b=2) and c=3", "(tags.a = 1 or tags.b = 2) and tags.c = 3"),
        ("not(a=1)", "not tags.a = 1"),
        ("not(deleted)or edited and tags.deleted=1", "not deleted or edited and tags.deleted = 1"),
        ("not not(a=1 or b=2)", "not not (tags.a = 1 or tags.b = 2)"),
        ("tags['a.b']in(1,'x',true)", "tags[\"a.b\"] in (1, \"x\", true)"),
        ("exists( body[0]['x y'].z )", "exists(body.0[\"x y\"].z)"),
        ("starts_with(tags['or'],'\\'\"\\\\')", "starts_with(tags.or, \"'\\\"\\\\\")"),
        ("a=1.50", "tags.a = 1.5"),
        ("a=-0", "tags.a = 0"),
        ("a=1e3", "tags.a = 1000"),
        ("a=1e+15", "tags.a = 1000000000000000"),
        ("a=100000000000000000000", "tags.a = 1e20"),
        ("a=0.00000001", "tags.a = 1e-8"),
        ("a>1h30m", "tags.a > 5400"),
        ("a>1500ms", "tags.a > 1.5"),
        ("time>'2026-11-23T11:00:00+01:00'", "time > \"2026-11-23T10:00:00.000Z\""),
    ] {
        assert_eq!(Filter::parse(text).map(|filter| filter.to_string()).as_deref(), Ok(printed), "{text}");
    }
}

#[test]
fn filters_that_differ_are_not_equal() {
    let texts = ["a = 1", "a = \"1\"", "a = true", "a != 1", "b = 1", "body.a = 1", "not a = 1", "a in (1)"];
    let filters: HashSet<Filter> = texts.iter().map(|text| Filter::parse(text).unwrap()).collect();
    assert_eq!(filters.len(), texts.len());
}

#[test]
fn a_filter_sees_what_became_of_a_message() {
    let became = |became| message(Content { became, body: "x".into(), ..Content::default() });
    let (as_it_was, edited) = (became(None), became(Some(Became::Edited(Position(9)))));
    let deleted = became(Some(Became::Deleted));
    for (filter, wanted) in [
        ("edited", [false, true, false]),
        ("deleted", [false, false, true]),
        ("not deleted", [true, true, false]),
        ("not (edited or deleted)", [true, false, false]),
        ("exists(tags.deleted)", [false, false, false]),
    ] {
        assert_eq!([&as_it_was, &edited, &deleted].map(|one| accepts(filter, one)), wanted, "{filter}");
    }
}

#[test]
fn only_filters_that_look_into_bodies_say_so() {
    for (text, reads) in
        [("a = 1 and exists(key)", false), ("a = 1 or body = 1", true), ("not exists(body.a)", true)]
    {
        assert_eq!(Filter::parse(text).unwrap().reads_body(), reads, "{text}");
    }
}
