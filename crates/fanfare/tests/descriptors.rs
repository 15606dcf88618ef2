//! More readers than the server has descriptors for: who is in stays in, publishers are served, who comes too late
//! is told to come back, and may when others have left.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use support::http::{Held, ask, get, publish};
use support::server::{Server, until};

const LIMIT: u32 = 700;
const READER: &str = "GET /c/news?via=sse HTTP/1.1";

/// Opens a reader; `None` when it is refused.
fn reader(server: &Server) -> Option<Held> {
    let held = Held::open(server.address, READER);
    assert!(matches!(held.status, 200 | 503), "{}", held.status);
    (held.status == 200).then_some(held)
}

/// As many readers as fit.
fn fill(server: &Server) -> Vec<Held> {
    let mut readers = Vec::new();
    while let Some(reader) = reader(server) {
        readers.push(reader);
        assert!(readers.len() < LIMIT as usize, "more readers than descriptors");
    }
    readers
}

/// Publishes, and fails unless each of these hears it.
#[track_caller]
fn assert_all_hear(server: &Server, readers: &mut [Held], body: &str) {
    publish(server.address, "news", body);
    let wanted = format!("data: {body}");
    for (number, reader) in readers.iter_mut().enumerate() {
        assert_eq!(reader.data().as_ref(), Some(&wanted), "reader {number}");
    }
}

#[test]
fn readers_that_do_not_fit_are_told_to_come_back_and_harm_nobody() {
    let server = Server::with_descriptors(LIMIT);
    let mut readers = fill(&server);
    assert!(readers.len() >= 100, "only {} readers fit into {LIMIT} descriptors", readers.len());

    for number in 0..50 {
        let refused = ask(server.address, READER, b"");
        assert_eq!((refused.status, &refused.json()["name"]), (503, &"too-many-sessions".into()));
        assert!(refused.header("retry-after").parse::<u32>().is_ok(), "{refused:?}");
        publish(server.address, "other", &number.to_string());
    }
    assert_eq!(get(server.address, "/c/other?last=1").bodies(), ["49"]);
    assert_all_hear(&server, &mut readers, "first");

    let all = readers.len();
    readers.truncate(all - 20);
    until("20 new readers are let in", || {
        readers.extend(reader(&server));
        readers.len() == all
    });
    assert_eq!(ask(server.address, READER, b"").status, 503, "more than before");
    assert_all_hear(&server, &mut readers, "second");
}
