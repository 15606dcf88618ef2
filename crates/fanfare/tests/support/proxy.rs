//! A proxy that does not let every transport through.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;

/// What does not get through. All else does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breaks {
    /// Requests to switch to WebSocket are refused.
    WebSocket,
    /// They are refused, and event streams are held until they end, which they do not.
    EventStreamToo,
}

/// Starts a proxy before a server; answers where it is. It ends with the test.
pub fn start(server: SocketAddr, breaks: Breaks) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            thread::spawn(move || pass(client, server, breaks));
        }
    });
    address
}

fn pass(mut client: TcpStream, server: SocketAddr, breaks: Breaks) {
    let Ok(mut upstream) = TcpStream::connect(server) else { return };
    let (mut answers, mut to_client) = (upstream.try_clone().unwrap(), client.try_clone().unwrap());
    thread::spawn(move || {
        let _ = std::io::copy(&mut answers, &mut to_client);
        let _ = to_client.shutdown(Shutdown::Both);
    });
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = client.read(&mut buffer) {
        let said = String::from_utf8_lossy(&buffer[..count]).to_lowercase();
        if said.contains("upgrade: websocket") {
            let _ = client.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
            break;
        }
        if breaks == Breaks::EventStreamToo && said.contains("text/event-stream") {
            continue;
        }
        if upstream.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = upstream.shutdown(Shutdown::Both);
}
