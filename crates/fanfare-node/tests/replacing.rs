//! Readers of which each message replaces the last see the newest at once, whatever they have missed.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod story;

use fanfare_node::{Opening, Outcome};
use fanfare_proto::{
    Channel, Content, Filter, Form, Framing, Grant, Pace, Pattern, Publish, Query, Selection, Start, Time,
    Wire, protocol,
};
use std::sync::Arc;
use std::time::Duration;
use story::{Story, now, wait};

/// What a viewer has in front of it, part by part: type and bytes.
type Parts = Vec<(String, String)>;

/// Shows an image to browsers: once the head of the next part is complete. A document once the boundary behind it is there.
fn seen(bytes: &[u8]) -> Parts {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let text = text.trim_start_matches('\n');
    let (boundary, mut rest) = text.split_once("\r\n").unwrap();
    let (mut parts, end) = (Parts::new(), format!("\r\n{boundary}\r\n"));
    while let Some((head, body)) = rest.split_once("\r\n\r\n") {
        let media_type = head.strip_prefix("Content-Type: ").unwrap_or_else(|| panic!("{head:?}"));
        let Some((body, after)) = body.split_once(&*end) else { break };
        if !media_type.starts_with("image/") || after.contains("\r\n\r\n") {
            parts.push((media_type.to_owned(), body.to_owned()));
        }
        rest = after;
    }
    parts
}

fn put(story: &Story, to: &str, media_type: &str, body: &str) {
    let content =
        Content { content_type: Some(media_type.into()), body: body.to_owned().into(), ..Content::default() };
    let publish = Publish { channel: Channel::parse(to).unwrap(), id: None, ttl: None, when: None, content };
    wait(story.node.publish(&Grant::open(), vec![publish])).remove(0).unwrap();
}

fn frame(story: &Story, body: &str) {
    put(story, "cam", "image/png", body);
}

fn view(story: &mut Story, via: &str, filter: Option<&str>, rate: Option<&str>) {
    let pattern = Pattern::parse("cam").unwrap();
    let filter = filter.map(|text| Filter::parse(text).unwrap());
    let selection = Selection::filtered(vec![pattern], filter.as_ref());
    let pace =
        rate.map(|rate| Pace::asked(&Query::parse(&format!("rate={rate}")).unwrap()).unwrap().unwrap());
    let wire = Wire {
        protocol: protocol::by_name(via).unwrap(),
        form: Form::Body,
        framing: Framing::Close,
        origin: None,
    };
    let opening = Opening {
        grant: &Arc::new(Grant::open()),
        selection,
        start: Start::Newest,
        latest: false,
        pace,
        wire,
        head: b"\n".to_vec(),
        retry: Duration::from_secs(1),
        manner: Default::default(),
    };
    story.desk.open(0, opening, now()).unwrap();
}

fn bodies(story: &Story) -> Vec<String> {
    seen(&story.socket.heard).into_iter().map(|(_, body)| body).collect()
}

#[test]
fn the_newest_is_there_at_once_and_each_one_when_it_comes() {
    let mut story = Story::new();
    frame(&story, "one");
    frame(&story, "two");
    view(&mut story, "replace", None, None);
    story.settle();
    assert_eq!(bodies(&story), ["two"]);
    for body in ["three", "four"] {
        frame(&story, body);
        story.settle();
        assert_eq!(bodies(&story).last().unwrap(), body, "not one image late");
    }
    assert_eq!(bodies(&story), ["two", "three", "four"]);
}

#[test]
fn whoever_is_slow_skips_to_the_newest() {
    for tail in [3, 1000] {
        let mut story = Story::on(story::memory(), tail);
        frame(&story, "first");
        view(&mut story, "replace", None, None);
        story.settle();
        story.socket.full = true;
        frame(&story, "begun");
        story.turn();
        for number in 0..50 {
            frame(&story, &format!("missed {number}"));
            story.turn();
        }
        frame(&story, "newest");
        story.socket.full = false;
        story.desk.writable(0);
        story.settle();
        assert_eq!(bodies(&story), ["first", "newest"], "a window of {tail}");
        frame(&story, "after");
        story.settle();
        assert_eq!(bodies(&story), ["first", "newest", "after"]);
    }
}

#[test]
fn what_changes_its_type_is_headed_by_its_own() {
    let mut story = Story::new();
    view(&mut story, "replace", None, None);
    story.settle();
    let said = [
        ("image/png", "p1"),
        ("image/svg+xml", "<svg/>"),
        ("image/svg+xml", "<svg />"),
        ("text/html", "<p>"),
        ("text/html", "<b>"),
        ("image/png", "p2"),
        ("image/jpeg", "j1"),
    ];
    for (media_type, body) in said {
        put(&story, "cam", media_type, body);
        story.settle();
        let parts = seen(&story.socket.heard);
        let (shown, bytes) = parts.last().unwrap();
        // Of images made of pixels the bytes say what they are.
        let shown = if body == "j1" { "image/jpeg" } else { shown };
        assert_eq!((shown, &**bytes), (media_type, body));
    }
}

#[test]
fn a_sign_of_life_is_the_newest_once_more() {
    for tail in [2, 1000] {
        let mut story = Story::on(story::memory(), tail);
        view(&mut story, "replace", Some("not exists(key)"), None);
        story.settle();
        story.desk.alive(0);
        story.settle();
        assert!(bodies(&story).is_empty(), "nothing is shown where nothing is");
        frame(&story, "seen");
        for _ in 0..5 {
            put(&story, "elsewhere", "image/png", "no");
        }
        story.settle();
        for times in 2..4 {
            story.desk.alive(0);
            story.settle();
            assert_eq!(bodies(&story), vec!["seen"; times]);
        }
        frame(&story, "next");
        story.settle();
        assert_eq!(bodies(&story).last().unwrap(), "next");
    }
}

#[test]
fn what_has_no_bytes_is_not_shown() {
    let mut story = Story::new();
    frame(&story, "one");
    frame(&story, "");
    view(&mut story, "replace", None, None);
    story.settle();
    assert_eq!(bodies(&story), ["one"]);
    frame(&story, "two");
    frame(&story, "");
    story.settle();
    assert_eq!(bodies(&story), ["one", "two"]);
}

/// Settles, in so many turns at the most: whoever is told the same again and again never comes to rest.
fn settles_within(story: &mut Story, turns: usize) {
    for _ in 0..turns {
        story.turn();
        match story.last {
            Some(Outcome::Waiting) => story.rest(),
            Some(Outcome::Again) => {}
            _ => return,
        }
    }
    panic!("{} writes and no end", story.socket.writes);
}

#[test]
fn the_newest_is_shown_once_however_much_lies_behind_it() {
    let large = "x".repeat(65_536);
    let many: Vec<(&str, usize)> = vec![("cam", 700), ("cams/other", 700)];
    for (to, count) in many {
        for body in ["seen", &large] {
            let mut story = Story::on(story::memory(), 2);
            put(&story, "cam", "image/png", body);
            for _ in 0..count {
                let content =
                    Content { key: Some("k".into()), body: "no".as_bytes().into(), ..Content::default() };
                let channel = Channel::parse(to).unwrap();
                let publish = Publish { channel, id: None, ttl: None, when: None, content };
                wait(story.node.publish(&Grant::open(), vec![publish])).remove(0).unwrap();
            }
            view(&mut story, "replace", Some("not exists(key)"), None);
            settles_within(&mut story, 50);
            assert_eq!(bodies(&story), [body], "{to}");
            story.desk.alive(0);
            settles_within(&mut story, 50);
            assert_eq!(bodies(&story).len(), 2, "{to}");
            story.socket.full = true;
            for number in 0..10 {
                put(&story, to, "image/png", &number.to_string());
                story.turn();
            }
            story.socket.full = false;
            story.desk.writable(0);
            settles_within(&mut story, 50);
            let expected = if to == "cam" { 3 } else { 2 };
            assert_eq!(bodies(&story).len(), expected, "{to}");
        }
    }
}

#[test]
fn nobody_writes_the_parts_of_others() {
    let mut story = Story::new();
    frame(&story, "one");
    view(&mut story, "replace", None, None);
    story.settle();
    let text = String::from_utf8(story.socket.heard.clone()).unwrap();
    let boundary = text.lines().find(|line| line.starts_with("--fanfare")).unwrap().to_owned();
    frame(&story, &format!("\r\n{boundary}\r\nSet-Cookie: a=b\r\n\r\nforged\r\n{boundary}--"));
    story.settle();
    frame(&story, "two");
    story.settle();
    assert_eq!(bodies(&story), ["one", "two"]);
}

#[test]
fn at_a_pace_each_tick_shows_the_newest_alone() {
    let mut story = Story::new();
    frame(&story, "before");
    view(&mut story, "replace", None, Some("1"));
    story.settle();
    assert_eq!(bodies(&story), ["before"]);
    let mut at = Time(now().0 + 5_000);
    for round in 0..3 {
        for number in 0..10 {
            frame(&story, &format!("{round} {number}"));
        }
        story.settle_at(at);
        story.settle_at(story.desk.next_tick().unwrap());
        assert_eq!(bodies(&story).last().unwrap(), &format!("{round} 9"));
        at = Time(at.0 + 5_000);
    }
    assert_eq!(bodies(&story).len(), 4);
}

#[test]
fn programs_get_each_part_twice_with_its_length() {
    let mut story = Story::new();
    view(&mut story, "mjpeg", None, None);
    frame(&story, "one");
    story.settle();
    let text = String::from_utf8(story.socket.heard.clone()).unwrap();
    assert_eq!(
        text.matches("Content-Type: image/png\r\nContent-Length: 3\r\n\r\none\r\n--").count(),
        2,
        "{text}"
    );
}
