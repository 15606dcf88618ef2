//! Paths that filters share, come and go.

use crate::message;
use fanfare_proto::{Content, Fields, Filter, Paths, limits};

fn filter(text: &str) -> Filter {
    Filter::parse(text).unwrap()
}

#[test]
fn a_path_is_kept_once_and_as_long_as_somebody_asks_for_it() {
    let mut paths = Paths::default();
    assert!(paths.is_empty());
    let one = paths.bind(&filter("body.a.b = 1 or body.a.b = 2"));
    assert_eq!(paths.len(), 2);
    let other = paths.bind(&filter("body.a.c = 1 and body.a = 1"));
    assert_eq!(paths.len(), 3);
    paths.release(one);
    assert_eq!(paths.len(), 2);
    paths.release(other);
    assert!(paths.is_empty());
    let whole = paths.bind(&filter("exists(body)"));
    assert!(!paths.is_empty());
    paths.release(whole);
    assert!(paths.is_empty());
}

#[test]
fn a_filter_that_comes_later_does_not_disturb_the_others() {
    let (mut paths, mut fields) = (Paths::default(), Fields::default());
    let first = paths.bind(&filter("body.a.b = 1"));
    let second = paths.bind(&filter("body.c = 2"));
    paths.release(first);
    let third = paths.bind(&filter("body.d = 3 and body.e = 4"));
    let message =
        message(Content { body: r#"{"a":{"b":1},"c":2,"d":3,"e":4}"#.into(), ..Content::default() });
    fields.read(&paths, &message.content);
    assert!(second.accepts(&message, &fields) && third.accepts(&message, &fields));
    // Read before it was bound: not seen, and nothing worse.
    let fourth = paths.bind(&filter("exists(body.f.g)"));
    assert!(!fourth.accepts(&message, &fields));
}

#[test]
fn names_are_limited_and_room_that_is_given_back_is_room() {
    let mut paths = Paths::default();
    let mut bound = Vec::new();
    for number in 0.. {
        let path = format!("body{} = 1", format!(".n{number}").repeat(limits::FILTER_DEPTH));
        let filter = filter(&path);
        if !paths.have_room([&filter].into_iter()) {
            break;
        }
        bound.push(paths.bind(&filter));
    }
    assert_eq!(paths.len(), limits::FILTER_NAMES);
    let has_room = |text: &str| paths.have_room([&filter(text)].into_iter());
    assert!(has_room("key = \"a\""), "it asks for nothing in a body");
    assert!(!has_room("body.n = 1"));
    paths.release(bound.pop().unwrap());
    assert!(paths.have_room([&filter("body.n = 1")].into_iter()));
}
