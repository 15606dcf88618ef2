//! Records.

use crate::subject::{Kind, records};
use fanfare_store::{Put, Record, Revision};

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
