//! Edits and deletes.

use crate::subject::{EVERYTHING, Kind, Subject, channel, draft, request};
use fanfare_proto::{Amends, Became, Channel, Content, Message, Pattern, Position, Retention, Time, View};
use fanfare_store::{Draft, Order, Read, Removal};
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
    let mut drafts = vec![moment.clone(), draft("a", "kept"), moment.clone()];
    drafts.push(Draft { channel: channel("typing"), ..moment.clone() });
    let messages = subject.log().append(drafts, Time(5)).unwrap();
    assert_eq!(&*messages[0].content.body, b"secret", "who is there is given it");
    for _ in 0..2 {
        assert_eq!(subject.bodies(&["**"], 0), ["kept"]);
        let status = subject.log().status();
        assert_eq!((status.head, status.messages, status.bytes), (messages[3].position, 1, 4));
        let infos = subject.log().channels(&Pattern::everything(), "", 9).unwrap();
        let counts: Vec<_> = infos.iter().map(|info| (info.head, info.published, info.messages)).collect();
        assert_eq!(counts, [(messages[1].position, 1, 1)]);
        subject.check();
        subject.reopen();
    }
    // Its position is used, whatever comes next, and it is nobody's message before.
    let next = subject.log().append(vec![draft("a", "next")], Time(4)).unwrap();
    assert_eq!((next[0].previous, next[0].time), (Some(messages[1].position), Time(5)));
    assert!(next[0].position > messages[3].position);
}

pub fn what_is_for_a_moment_takes_no_room_from_what_is_kept(kind: Kind) {
    let few = Retention { messages: 3, ..EVERYTHING };
    let mut subject = Subject::with_rules(kind, &[("a", few)]);
    let first = subject.append(&["a", "a", "a"], 1);
    let moment = Draft { expires: Some(Time(2)), ..draft("a", "x") };
    for _ in 0..10 {
        subject.log().append(vec![moment.clone(); 100], Time(2)).unwrap();
        assert_eq!(subject.trim(2), 0);
        subject.reopen();
    }
    let page = subject.read(&["a"], 0);
    assert_eq!((page.messages, page.gap), (first, None));
    assert_eq!(subject.rows("message"), if kind == Kind::Memory { 0 } else { 3 });
    subject.check();
}

pub fn an_edit_of_what_is_not_kept_is_not_told(kind: Kind) {
    let few = Retention { messages: 3, ..EVERYTHING };
    let subject = Subject::with_rules(kind, &[("a", few)]);
    let [first, second] = [1, 2].map(|now| subject.append(&["a"], now)[0].position);
    amend(&subject, Amends::Replaces(first), "one");
    let edit = amend(&subject, Amends::Replaces(second), "two");
    assert_eq!(subject.trim(5), 1);
    // Wherever a page begins.
    assert_eq!(shown(&subject, View::Current, first), lines([(second, format!("two by {edit}"))]));
    assert_eq!(shown(&subject, View::Current, second), lines([(edit, format!("two for {second}"))]));
}

pub fn who_was_not_shown_a_message_is_not_told_what_became_of_it(kind: Kind) {
    let subject = Subject::new(kind);
    let [first, second, third] = [1, 2, 3].map(|now| subject.append(&["a"], now)[0].position);
    let edits = [first, second].map(|target| amend(&subject, Amends::Replaces(target), "edited"));
    let delete = amend(&subject, Amends::Deletes(third), "");
    let told = |began| {
        let read = Read { began, ..request(&["a"], third.0, Order::Forward) };
        let read = Read { selection: read.selection.viewed(Some(View::Current)), ..read };
        let page = subject.log().read(&read).unwrap();
        page.messages.iter().map(|message| message.position).collect::<Vec<_>>()
    };
    assert_eq!(told(Position::START), [edits[0], edits[1], delete]);
    assert_eq!(told(first), [edits[1], delete]);
    assert_eq!(told(third), []);
}

pub fn an_original_is_found_as_its_newest_edit_lets_it_last(kind: Kind) {
    let subject = Subject::new(kind);
    let lasting = |expires, content| Draft { expires, content, ..draft("a", "") };
    let say = |draft| subject.log().append(vec![draft], Time(5)).unwrap()[0].position;
    let first = say(lasting(Some(Time(50)), Content::default()));
    let found = |channel: &str, position| {
        let found = subject.log().original(&Channel::parse(channel).unwrap(), position).unwrap();
        found.map(|found| (found.message.position, found.expires))
    };
    assert_eq!(found("a", first), Some((first, Some(Time(50)))));
    for expires in [Some(Time(20)), None] {
        let amends = Some(Amends::Replaces(first));
        say(lasting(expires, Content { amends, ..Content::default() }));
        assert_eq!(found("a", first), Some((first, expires)));
    }
    let other = subject.append(&["b"], 6)[0].position;
    for (channel, position) in [("b", first), ("a", other), ("c", first), ("a", Position(u64::MAX))] {
        assert_eq!(found(channel, position), None, "{channel} {position}");
    }
    subject.log().remove(&Removal::Purge(channel("a"))).unwrap();
    assert_eq!(found("a", first), None);
}

pub fn a_page_of_edits_of_one_message_ends(kind: Kind) {
    let mut subject = Subject::new(kind);
    let first = subject.append(&["a"], 1)[0].position;
    let amends = Some(Amends::Replaces(first));
    let edit = Draft { content: Content { amends, ..Content::default() }, ..draft("a", "") };
    for _ in 0..20 {
        subject.log().append(vec![edit.clone(); 1_000], Time(2)).unwrap();
    }
    let last = subject.append(&["a"], 3)[0].position;
    for order in [Order::Forward, Order::Backward] {
        let from = if order == Order::Forward { Position::START } else { Position(last.0 + 1) };
        let read = Read { messages: 2, ..request(&["a"], from.0, order) };
        let read = Read { selection: read.selection.viewed(Some(View::Current)), ..read };
        let page = subject.log().read(&read).unwrap();
        assert_eq!(page.messages.len(), 1, "{order:?}");
        assert!(page.through > first && page.through < last, "{order:?} {}", page.through);
        // Forward a later page tells the newest edit, since the original lies before it.
        assert_eq!(subject.all(read).len(), if order == Order::Forward { 3 } else { 2 });
    }
    subject.reopen();
}

pub fn an_original_that_is_removed_takes_its_edits_with_it(kind: Kind) {
    let mut subject = Subject::new(kind);
    for others in [false, true] {
        let before = others.then(|| subject.append(&["a"], 1)[0].position);
        let first = subject.append(&["a"], 1)[0].position;
        amend(&subject, Amends::Replaces(first), "one");
        let second = subject.append(&["a"], 1)[0].position;
        amend(&subject, Amends::Replaces(first), "two");
        let edit = amend(&subject, Amends::Replaces(second), "other");
        assert!(subject.log().remove(&Removal::Message(first)).unwrap());
        for _ in 0..2 {
            let left: Vec<_> = before.into_iter().chain([second, edit]).collect();
            let events = shown(&subject, View::Events, Position::START);
            assert_eq!(events.iter().map(|(at, _)| Position(*at)).collect::<Vec<_>>(), left);
            subject.check();
            subject.reopen();
        }
        // An edit that is removed leaves its original.
        assert!(subject.log().remove(&Removal::Message(edit)).unwrap());
        let left = shown(&subject, View::Current, Position::START);
        assert_eq!(left.last(), Some(&(second.0, "a".to_owned())));
        subject.log().remove(&Removal::Purge(channel("a"))).unwrap();
        subject.trim(9);
    }
}
