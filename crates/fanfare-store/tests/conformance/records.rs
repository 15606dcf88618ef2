//! Records.

use crate::subject::{Kind, Subject, draft, records};
use fanfare_proto::Time;
use fanfare_store::{Put, Record, RecordChange, Revision};

pub fn a_record_is_changed_by_who_knows_its_revision(kind: Kind) {
    let (records, _dir) = records(kind);
    assert_eq!(records.get("k", "a").unwrap(), None);
    let stale = records.put_if("k", "a", Revision(7), Some("x".into())).unwrap();
    assert_eq!(stale, Put::Conflict(Revision::ABSENT));
    let Put::Done(first) = records.put_if("k", "a", Revision::ABSENT, Some("x".into())).unwrap() else {
        panic!("a new record is stored");
    };
    let stored = Record { key: "a".into(), revision: first, value: "x".into() };
    assert_eq!(records.get("k", "a").unwrap(), Some(stored.clone()));
    assert_eq!(records.get("other", "a").unwrap(), None);
    let again = records.put_if("k", "a", Revision::ABSENT, Some("y".into())).unwrap();
    assert_eq!(again, Put::Conflict(first));
    assert_eq!(records.get("k", "a").unwrap(), Some(stored));
    let Put::Done(second) = records.put_if("k", "a", first, Some("y".into())).unwrap() else {
        panic!("who knows the revision changes it");
    };
    assert!(second > first);
    assert_eq!(records.put_if("k", "a", first, None).unwrap(), Put::Conflict(second));
    assert_eq!(records.put_if("k", "a", second, None).unwrap(), Put::Done(Revision::ABSENT));
    assert_eq!(records.get("k", "a").unwrap(), None);
}

pub fn revisions_are_not_used_again(kind: Kind) {
    let (records, _dir) = records(kind);
    let Put::Done(first) = records.put_if("k", "a", Revision::ABSENT, Some("x".into())).unwrap() else {
        panic!("a new record is stored");
    };
    records.put_if("k", "a", first, None).unwrap();
    let Put::Done(second) = records.put_if("k", "a", Revision::ABSENT, Some("x".into())).unwrap() else {
        panic!("a new record is stored");
    };
    assert!(second > first, "{second:?} is not mistaken for {first:?}");
}

pub fn records_are_scanned_by_prefix_in_pages(kind: Kind) {
    let (records, _dir) = records(kind);
    for key in ["a", "b/1", "b/2", "b/3", "b", "c", "ü"] {
        records.put_if("k", key, Revision::ABSENT, Some(key.to_owned().into())).unwrap();
    }
    records.put_if("other", "b/4", Revision::ABSENT, Some("x".into())).unwrap();
    let scan = |prefix, after, limit| {
        let found = records.scan("k", prefix, after, limit).unwrap();
        found.into_iter().map(|record| record.key.into_string()).collect::<Vec<_>>()
    };
    assert_eq!(scan("", "", 9), ["a", "b", "b/1", "b/2", "b/3", "c", "ü"]);
    assert_eq!(scan("b/", "", 9), ["b/1", "b/2", "b/3"]);
    assert_eq!(scan("b/", "", 2), ["b/1", "b/2"]);
    assert_eq!(scan("b/", "b/2", 2), ["b/3"]);
    assert_eq!(scan("b/", "a", 1), ["b/1"]);
    assert_eq!(scan("ü", "", 9), ["ü"]);
    assert_eq!(scan("", "c", 9), ["ü"]);
    assert_eq!(scan("x", "", 9), [""; 0]);
}

fn change(key: &str, value: Option<&'static str>) -> RecordChange {
    RecordChange { kind: "k", key: key.into(), value: value.map(Into::into) }
}

pub fn records_are_changed_together(kind: Kind) {
    let (records, _dir) = records(kind);
    let Put::Done(first) = records.put_if("k", "a", Revision::ABSENT, Some("x".into())).unwrap() else {
        panic!("a new record is stored");
    };
    records.change(&[change("a", Some("y")), change("b", Some("z")), change("c", None)]).unwrap();
    let a = records.get("k", "a").unwrap().unwrap();
    assert_eq!((&*a.value, a.revision > first), (&b"y"[..], true));
    assert_eq!(records.put_if("k", "a", first, None).unwrap(), Put::Conflict(a.revision));
    records.change(&[change("a", None), change("b", Some("0")), change("b", Some("1"))]).unwrap();
    let left = records.scan("k", "", "", 9).unwrap();
    assert_eq!(
        left.iter().map(|record| (&*record.key, &*record.value)).collect::<Vec<_>>(),
        [("b", &b"1"[..])]
    );
}

pub fn what_is_appended_and_what_is_changed_with_it_are_one(kind: Kind) {
    let mut subject = Subject::new(kind);
    subject.store().change(&[change("a", Some("due"))]).unwrap();
    let drafts = vec![draft("c", "one"), draft("c", "two")];
    let said = subject.store().append_with(drafts, &[change("a", None), change("b", Some("next"))], Time(1));
    assert_eq!(said.unwrap().len(), 2);
    for _ in 0..2 {
        let left = subject.store().scan("k", "", "", 9).unwrap();
        assert_eq!(left.iter().map(|record| &*record.key).collect::<Vec<_>>(), ["b"]);
        assert_eq!(subject.bodies(&["c"], 0), ["one", "two"]);
        subject.reopen();
    }
    subject.check();
}
