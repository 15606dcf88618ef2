//! No descriptor is left in the process. Alone in its file, since the limit is the process's.

mod support;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use socket2::{Domain, Socket, Type};
use std::fs::File;
use support::{Peer, Server};

#[test]
fn connections_wait_while_no_descriptor_is_left_and_nobody_else_notices() {
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: Some(300), maximum }).unwrap();
    let server = Server::start();
    let mut readers: Vec<_> = (0..50).map(|_| server.peer()).collect();
    for reader in &mut readers {
        reader.get("/c/a?via=sse").head();
    }
    let mut publisher = server.peer();
    assert_eq!(publisher.post("/c/a", "before").response().status, 201);
    let late: Vec<_> = (0..10).map(|_| Socket::new(Domain::IPV4, Type::STREAM, None).unwrap()).collect();
    let fillers: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    assert!(fillers.len() > 50);
    for socket in &late {
        socket.connect(&server.address.into()).unwrap();
    }
    for _ in 0..20 {
        assert_eq!(publisher.post("/c/a", "meanwhile").response().status, 201);
    }
    for reader in &mut readers {
        reader.chunks_to("meanwhile");
    }
    assert_eq!(server.running().sockets(), 51);
    drop(fillers);
    for socket in late {
        let mut peer = Peer::new(socket.into());
        assert_eq!(peer.post("/c/a", "late").response().status, 201);
    }
}
