//! What is said for later: made, published when it is due, changed, ended, and kept across restarts.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

#[macro_use]
mod world;

use fanfare_node::Node;
use fanfare_proto::{
    Channel, Code, Grant, Message, Pattern, Planned, Refusal, Schedule, ScheduleId, TagValue, Time,
};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use world::{BEGIN, disk, memory, messages, node, until, wait};

const MINUTE: u64 = 60_000;

fn make(node: &Node, fields: &str) -> Result<Planned, Refusal> {
    wait(node.schedule(&Grant::open(), Schedule::read(&format!("{{{fields}}}")).unwrap()))
}

fn bodies(node: &Node, channel: &str) -> Vec<String> {
    let text = |message: &Arc<Message>| String::from_utf8(message.content.body.to_vec()).unwrap();
    messages(node, channel).iter().map(text).collect()
}

fn all(node: &Node) -> Vec<Planned> {
    wait(node.schedules(&Grant::open(), &Pattern::everything(), None, 100)).unwrap().schedules
}

#[test]
fn each_is_published_when_it_is_due_and_once() {
    for (store, (clock, now)) in [(memory(), clock!()), (disk(tempfile::tempdir().unwrap().path()), clock!())]
    {
        let node = node(store, now);
        let later =
            make(&node, r#""channel":"a","at":"2026-11-27T09:00:00Z","body":"later","key":"k""#).unwrap();
        let soon = make(&node, r#""channel":"a","delay":"1m","body":"soon""#).unwrap();
        make(&node, r#""channel":"live/a","delay":"1m","body":"heard""#).unwrap();
        assert_eq!((later.at, soon.at), (Time(BEGIN + 61 * MINUTE), Time(BEGIN + MINUTE)));
        assert_eq!(all(&node)[..2], [later.clone(), soon.clone()]);
        clock.store(BEGIN + MINUTE - 1, SeqCst);
        make(&node, r#""channel":"a","delay":"0","body":"now""#).unwrap();
        until("what is due now is published", || bodies(&node, "a") == ["now"]);
        clock.store(BEGIN + MINUTE, SeqCst);
        until("what is due is published", || bodies(&node, "a") == ["now", "soon"]);
        until("on live channels, too", || bodies(&node, "live/a") == ["heard"]);
        until("they are over", || all(&node) == [later.clone()]);
        let said = &messages(&node, "a")[1];
        assert_eq!(said.id.as_deref(), Some(&*format!("{}/2026-11-27T08:00:00.000Z", soon.id)));
        clock.store(BEGIN + 61 * MINUTE, SeqCst);
        until("the last one, too", || bodies(&node, "a") == ["now", "soon", "later"]);
        until("none is left", || all(&node).is_empty());
        assert!(messages(&node, "a").iter().all(|message| message.content.tags.is_empty()));
        node.stop();
    }
}

#[test]
fn what_recurs_goes_on() {
    let (clock, now) = clock!();
    let node = node(memory(), now);
    let fields = r#""channel":"a","cron":"0 9 * * 1-5","zone":"Europe/Berlin","body":"morning""#;
    let made = make(&node, fields).unwrap();
    assert_eq!(made.at, Time::parse("2026-11-27T08:00:00Z").unwrap());
    for (count, (at, next)) in [("2026-11-27", "2026-11-30"), ("2026-11-30", "2026-12-01")].iter().enumerate()
    {
        let moment = |day| Time::parse(&format!("{day}T08:00:00Z")).unwrap();
        clock.store(moment(at).0 + 5, SeqCst);
        until("it is published", || bodies(&node, "a").len() == count + 1);
        until("it goes on", || all(&node).iter().map(|planned| planned.at).eq([moment(next)]));
        assert_eq!(all(&node)[0].id, made.id);
    }
    node.stop();
}

#[test]
fn what_was_missed_is_published_once_and_marked_or_not_at_all() {
    let (clock, now) = clock!();
    let dir = tempfile::tempdir().unwrap();
    let before = node(disk(dir.path()), now);
    make(&before, r#""channel":"a","at":"2026-11-27T08:00:00Z","body":"once","tags":{"t":1}"#).unwrap();
    make(&before, r#""channel":"b","at":"2026-11-27T08:00:00Z","body":"never","missed":"skip""#).unwrap();
    make(&before, r#""channel":"c","cron":"*/5 * * * *","body":"first","missed":"once""#).unwrap();
    make(&before, r#""channel":"d","cron":"*/5 * * * *","body":"none","missed":"skip""#).unwrap();
    before.stop();
    drop(before);
    clock.store(BEGIN + 62 * MINUTE, SeqCst);
    let after = node(disk(dir.path()), now);
    until("what was missed is made up for", || bodies(&after, "a").len() + bodies(&after, "c").len() == 2);
    let next = [Time(BEGIN + 66 * MINUTE); 2];
    until("two go on", || all(&after).iter().map(|planned| planned.at).eq(next));
    let late = |channel| messages(&after, channel)[0].content.tags.get("late").cloned();
    assert_eq!([late("a"), late("c")], [Some(TagValue::Number(3660.0)), Some(TagValue::Number(3660.0))]);
    clock.store(BEGIN + 66 * MINUTE, SeqCst);
    until("and in time from then on", || bodies(&after, "c").len() + bodies(&after, "d").len() == 3);
    assert_eq!(messages(&after, "d")[0].content.tags.len(), 0);
    assert_eq!((bodies(&after, "a"), bodies(&after, "b")), (vec!["once".to_owned()], vec![]));
    after.stop();
}

#[test]
fn a_schedule_is_replaced_and_ended() {
    let (clock, now) = clock!();
    let node = node(memory(), now);
    let grant = Grant::open();
    let [first, second] =
        ["1", "2"].map(|body| make(&node, &format!(r#""channel":"a","delay":60,"body":"{body}""#)).unwrap());
    let other = Schedule::read(r#"{"channel":"b","delay":"2m","body":"other"}"#).unwrap();
    let replaced = wait(node.replace_schedule(&grant, first.id, other.clone())).unwrap();
    assert_eq!(
        (replaced.id, replaced.at, replaced.created),
        (first.id, Time(BEGIN + 2 * MINUTE), first.created)
    );
    assert_eq!(wait(node.schedule_at(&grant, first.id)).unwrap(), replaced);
    assert_eq!(wait(node.cancel_schedule(&grant, second.id)).unwrap(), Some(second.clone()));
    let gone = [
        wait(node.cancel_schedule(&grant, second.id)).map(Option::unwrap),
        wait(node.replace_schedule(&grant, second.id, other)),
        wait(node.schedule_at(&grant, second.id)),
        wait(node.schedule_at(&grant, ScheduleId(0))),
    ];
    assert!(gone.iter().all(|answer| answer.as_ref().unwrap_err().code == Code::NOT_FOUND));
    clock.store(BEGIN + 2 * MINUTE, SeqCst);
    until("the other one is published", || bodies(&node, "b") == ["other"]);
    assert_eq!(bodies(&node, "a").len(), 0);
    node.stop();
}

#[test]
fn the_same_request_makes_one_schedule_also_across_a_restart() {
    let (_, now) = clock!();
    let store = memory();
    let before = node(store.clone(), now);
    let fields = |body| format!(r#""channel":"a","delay":"1h","body":"{body}","id":"x""#);
    let first = make(&before, &fields("one")).unwrap();
    assert_eq!(make(&before, &fields("one")).unwrap(), first);
    before.stop();
    let after = node(store, now);
    assert_eq!(make(&after, &fields("one")).unwrap(), first);
    assert_eq!(make(&after, &fields("two")).unwrap_err().code, Code::ID_REUSED);
    assert_eq!(all(&after).len(), 1);
    after.stop();
    assert_eq!(make(&after, &fields("three")).unwrap_err().code, Code::DRAINING);
}

#[test]
fn what_may_not_be_published_is_not_scheduled_and_what_others_may_is_not_seen() {
    let (_, now) = clock!();
    let node = node(memory(), now);
    let mine = Grant { publish: vec![Pattern::parse("mine/**").unwrap()], ..Grant::open() };
    let schedule = |fields| Schedule::read(&format!(r#"{{"body":"12345",{fields}}}"#)).unwrap();
    let refused = |fields, grant: &Grant| wait(node.schedule(grant, schedule(fields))).unwrap_err();
    assert_eq!(refused(r#""channel":"a","delay":1"#, &mine).code, Code::FORBIDDEN);
    assert_eq!(refused(r#""channel":"$sys/a","delay":1"#, &Grant::open()).code, Code::FORBIDDEN);
    assert_eq!(refused(r#""channel":"tiny","delay":1"#, &mine).code, Code::FORBIDDEN);
    assert_eq!(refused(r#""channel":"tiny","delay":1"#, &Grant::open()).code, Code::TOO_LARGE);
    assert!(refused(r#""channel":"a","delay":"400d""#, &Grant::open()).detail.contains("366 days"));
    assert!(refused(r#""channel":"a","cron":"0 0 30 2 *""#, &Grant::open()).detail.contains("never"));
    let theirs = make(&node, r#""channel":"a","delay":"1h","body":"x""#).unwrap();
    let own = wait(node.schedule(&mine, schedule(r#""channel":"mine/a","delay":"1h""#))).unwrap();
    let page = wait(node.schedules(&mine, &Pattern::everything(), None, 100)).unwrap();
    assert_eq!(page.schedules, [own]);
    assert_eq!(wait(node.schedule_at(&mine, theirs.id)).unwrap_err().code, Code::NOT_FOUND);
    assert_eq!(wait(node.cancel_schedule(&mine, theirs.id)).unwrap_err().code, Code::NOT_FOUND);
    let moved = schedule(r#""channel":"mine/b","delay":1"#);
    assert_eq!(wait(node.replace_schedule(&mine, theirs.id, moved)).unwrap_err().code, Code::NOT_FOUND);
    let later = fanfare_proto::Publish {
        channel: Channel::parse("a").unwrap(),
        when: Some(fanfare_proto::When::In(Duration::ZERO)),
        ..theirs.schedule.publish
    };
    let now = wait(node.publish(&Grant::open(), vec![later])).remove(0).unwrap_err();
    assert_eq!(now.code, Code::NOT_YET);
    node.stop();
}

#[test]
fn the_list_has_pages_and_channels() {
    let (_, now) = clock!();
    let node = node(memory(), now);
    let made: Vec<ScheduleId> = (0..25)
        .map(|number| {
            make(&node, &format!(r#""channel":"{}/x","delay":"1h","body":"x""#, ["a", "b"][number % 2]))
        })
        .map(|made| made.unwrap().id)
        .collect();
    let page = |pattern, after, limit| {
        let pattern = Pattern::parse(pattern).unwrap();
        let page = wait(node.schedules(&Grant::open(), &pattern, after, limit)).unwrap();
        (page.schedules.iter().map(|planned| planned.id).collect::<Vec<_>>(), page.next)
    };
    assert_eq!(page("**", None, 10), (made[..10].to_vec(), Some(made[9])));
    assert_eq!(page("**", Some(made[9]), 100), (made[10..].to_vec(), None));
    let (found, next) = page("b/*", None, 5);
    assert_eq!((found, next), ([1, 3, 5, 7, 9].map(|number| made[number]).to_vec(), Some(made[9])));
    assert_eq!(page("c", None, 5), (vec![], None));
    node.stop();
}

#[test]
fn a_clock_that_jumps_publishes_each_once() {
    let (clock, now) = clock!();
    let node = node(memory(), now);
    make(&node, r#""channel":"a","cron":"* * * * *","body":"tick""#).unwrap();
    let ticks = |count| until(&format!("{count} ticks"), || bodies(&node, "a").len() == count);
    clock.store(BEGIN + MINUTE, SeqCst);
    ticks(1);
    clock.store(BEGIN + 600 * MINUTE, SeqCst);
    ticks(2);
    // Back again: what was published is not published again, and the next is due by people's clocks.
    clock.store(BEGIN + 2 * MINUTE, SeqCst);
    until("it waits", || all(&node)[0].at == Time(BEGIN + 601 * MINUTE));
    make(&node, r#""channel":"b","delay":"0","body":"now""#).unwrap();
    until("others do not wait", || bodies(&node, "b") == ["now"]);
    assert_eq!(bodies(&node, "a").len(), 2);
    clock.store(BEGIN + 601 * MINUTE, SeqCst);
    ticks(3);
    node.stop();
}
