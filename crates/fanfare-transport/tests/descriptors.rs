//! More readers than there are descriptors for.

mod support;

use support::Server;

#[test]
fn readers_stay_publishers_are_served_and_new_readers_are_told_to_come_back() {
    let server = Server::with(|options| options.descriptors = Some(40));
    let mut readers: Vec<_> = (0..20).map(|_| server.peer()).collect();
    for reader in &mut readers {
        assert_eq!(reader.get("/c/a?via=sse").head().status, 200);
    }
    for target in ["/c/a?via=sse", "/c/a?wait=10"] {
        let mut late = server.peer();
        let refused = late.get(target).response();
        assert_eq!((refused.status, refused.code()), (503, 2002));
        let retry: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((5..=15).contains(&retry));
        late.assert_closed();
    }
    assert_eq!(server.peer().post("/c/a", "one").response().status, 201);
    for reader in &mut readers {
        reader.chunks_to("one");
    }
    readers.pop();
    server.until_sessions(19);
    assert_eq!(server.peer().get("/c/a?via=sse").head().status, 200);
}

#[test]
fn idle_connections_leave_when_descriptors_are_short() {
    let server = Server::with(|options| options.descriptors = Some(40));
    let mut idle: Vec<_> = (0..40).map(|_| server.peer()).collect();
    for peer in &mut idle {
        assert_eq!(peer.post("/c/a", "x").response().status, 201);
    }
    // Long before the 75 seconds of an idle connection.
    support::until("some are closed", || server.running().sockets() <= 30);
    assert_eq!(server.peer().get("/c/a?via=sse").head().status, 200);
}
