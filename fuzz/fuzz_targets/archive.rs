//! Lines of an export: what is read from one is the same when it is written and read again.
#![no_main]

use fanfare_proto::{
    Archived, Cursor, CursorPart, Epoch, LogId, Message, Position, Publish, archive_line, read_archive_line,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|line: &str| {
    let Ok(first) = read_archive_line(line) else { return };
    let Archived { time, publisher, expires, publish: Publish { channel, id, content, .. }, .. } = first.clone();
    let (position, previous) = (Position(2), None);
    let message = Message { channel, position, previous, time, id, publisher, expires, content };
    let mut out = Vec::new();
    let place = CursorPart { log: LogId::KEPT, epoch: Epoch(1), position };
    archive_line(&message, &Cursor::new([place]), first.selection.as_deref(), &mut out);
    assert!(!out.contains(&b'\n'));
    let again = read_archive_line(std::str::from_utf8(&out).unwrap()).unwrap();
    assert_eq!((again.time, again.publish.id, again.publisher), (first.time, first.publish.id, first.publisher));
    assert_eq!(again.publish.content.body, first.publish.content.body);
    assert_eq!(again.selection, first.selection);
});
