//! Edits and deletes.

use crate::subject::{Kind, Subject, draft, request};
use fanfare_proto::{Amends, Became, Content, Message, Position, Time, View};
use fanfare_store::{Draft, Order, Removal};
use std::sync::Arc;

/// Says something of an earlier message of `a`.
fn amend(subject: &Subject, amends: Amends, body: &str) -> Position {
    let content = Content { amends: Some(amends), body: body.to_owned().into(), ..Content::default() };
    let draft = Draft { content, ..draft("a", "") };
    subject.log().append(vec![draft], Time(5)).unwrap()[0].position
}

/// What a reader after a place is shown: each message's position, and its body or what became of it.
fn shown(subject: &Subject, view: View, from: Position) -> Vec<(u64, String)> {
    let mut read = request(&["a"], from.0, Order::Forward);
    read.selection = read.selection.viewed(Some(view));
    let text = |message: Arc<Message>| {
        let body = String::from_utf8(message.content.body.to_vec()).unwrap();
        let text = match (message.content.amends, message.content.became) {
            (Some(Amends::Deletes(target)), _) => format!("deletes {target}"),
            (_, Some(Became::Deleted)) => "deleted".to_owned(),
            (_, Some(Became::Edited(edit))) => format!("{body} by {edit}"),
            (Some(Amends::Replaces(target)), None) => format!("{body} for {target}"),
            (None, None) => body,
        };
        (message.position.0, text)
    };
    subject.log().read(&read).unwrap().messages.into_iter().map(text).collect()
}

fn lines<const N: usize>(lines: [(Position, String); N]) -> Vec<(u64, String)> {
    lines.into_iter().map(|(position, text)| (position.0, text)).collect()
}

pub fn an_edit_is_folded_into_its_original_and_is_told_to_who_has_heard_it(kind: Kind) {
    let mut subject = Subject::new(kind);
    let first = subject.append(&["a"], 1)[0].position;
    let other = subject.append(&["a"], 2)[0].position;
    let one = amend(&subject, Amends::Replaces(first), "one");
    let two = amend(&subject, Amends::Replaces(first), "two");
    let last = subject.append(&["a"], 6)[0].position;
    for _ in 0..2 {
        let a = || "a".to_owned();
        let events = lines([
            (first, a()),
            (other, a()),
            (one, format!("one for {first}")),
            (two, format!("two for {first}")),
            (last, a()),
        ]);
        assert_eq!(shown(&subject, View::Events, Position::START), events);
        let current = lines([(first, format!("two by {two}")), (other, a()), (last, a())]);
        assert_eq!(shown(&subject, View::Current, Position::START), current);
        let told = lines([(other, a()), (two, format!("two for {first}")), (last, a())]);
        assert_eq!(shown(&subject, View::Current, first), told, "only what is newest");
        subject.check();
        subject.reopen();
    }
}

pub fn a_delete_erases_what_was_said_and_every_edit_of_it(kind: Kind) {
    let mut subject = Subject::new(kind);
    let first = subject.append(&["a"], 1)[0].position;
    let one = amend(&subject, Amends::Replaces(first), "one");
    let two = amend(&subject, Amends::Replaces(first), "two");
    assert_eq!(subject.log().status().bytes, 7);
    let delete = amend(&subject, Amends::Deletes(first), "");
    for _ in 0..2 {
        let events = [first, one, two].map(|position| (position, "deleted".to_owned()));
        let mut events = lines(events);
        events.push((delete.0, format!("deletes {first}")));
        assert_eq!(shown(&subject, View::Events, Position::START), events);
        assert_eq!(shown(&subject, View::Current, Position::START), []);
        assert_eq!(shown(&subject, View::Current, first), lines([(delete, format!("deletes {first}"))]));
        let status = subject.log().status();
        assert_eq!((status.messages, status.bytes), (4, 0), "the places stay, and nothing of what was said");
        subject.check();
        subject.reopen();
    }
    // What rows of channels count already is counted anew, and is so after a crash.
    let later = subject.append(&["a"], 6)[0].position;
    subject.reopen();
    amend(&subject, Amends::Deletes(later), "");
    subject.check();
}

pub fn an_edit_that_is_removed_leaves_the_one_before_it(kind: Kind) {
    let subject = Subject::new(kind);
    let first = subject.append(&["a"], 1)[0].position;
    let edits = ["one", "two", "three"].map(|body| amend(&subject, Amends::Replaces(first), body));
    assert!(subject.log().remove(&Removal::Message(edits[1])).unwrap());
    let newest = |text: String| lines([(first, text)]);
    assert_eq!(shown(&subject, View::Current, Position::START), newest(format!("three by {}", edits[2])));
    assert!(subject.log().remove(&Removal::Message(edits[2])).unwrap());
    assert_eq!(shown(&subject, View::Current, Position::START), newest(format!("one by {}", edits[0])));
    amend(&subject, Amends::Deletes(first), "");
    assert_eq!(subject.log().status().bytes, 0, "what is chained behind what was removed is erased, too");
    subject.check();
}

pub fn what_is_for_a_moment_is_not_kept(kind: Kind) {
    let mut subject = Subject::new(kind);
    let moment = Draft { expires: Some(Time(5)), ..draft("a", "secret") };
    let messages = subject.log().append(vec![moment, draft("a", "kept")], Time(5)).unwrap();
    assert_eq!(&*messages[0].content.body, b"secret", "who is there is given it");
    for _ in 0..2 {
        assert_eq!(subject.bodies(&["a"], 0), ["", "kept"]);
        assert_eq!(subject.log().status().bytes, 4);
        subject.check();
        subject.reopen();
    }
}
