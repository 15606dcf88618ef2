//! mosquitto (Debian: mosquitto): MQTT 3.1.1 at QoS 0.

use super::{Kind, Server, Way, folder, free_address};
use crate::cores::Core;
use crate::ears::Ear;
use crate::outcome::Result;
use std::fs;
use std::process::Command;

pub const KIND: Kind = Kind {
    name: "mosquitto",
    about: "MQTT, QoS 0",
    version: &["mosquitto", "-h"],
    ways: &[Way::Own],
    start: |_, core| start(core),
    hello: |_, _, _| [CONNECT, SUBSCRIBE].concat(),
    again: None,
    ear: |_| Ear::mqtt(),
    preamble: CONNECT,
    publication: |_, body, _| publish(body),
    receipt: None,
    messages: 1,
};

/// Protocol MQTT, level 4, a clean session, no keep-alive, no client identifier.
const CONNECT: &[u8] = b"\x10\x0c\0\x04MQTT\x04\x02\0\0\0\0";
/// Packet 1, topic `all`, QoS 0.
const SUBSCRIBE: &[u8] = b"\x82\x08\0\x01\0\x03all\0";

fn start(core: Core) -> Result<Server> {
    let (folder, address) = (folder()?, free_address()?);
    let config = format!(
        "listener {} 127.0.0.1\nallow_anonymous true\nmax_connections -1\nset_tcp_nodelay true\nlog_type none\n\
         max_queued_messages 0\nmax_inflight_messages 0\nuser root\n",
        address.port()
    );
    let file = folder.path().join("mosquitto.conf");
    fs::write(&file, config)?;
    let mut command = Command::new("mosquitto");
    command.arg("-c").arg(file);
    Server::at(address, command, core, folder)
}

fn publish(body: &str) -> Vec<u8> {
    let mut out = vec![0x30];
    let mut length = 5 + body.len();
    while length >= 0x80 {
        out.push(length as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    out.extend_from_slice(b"\0\x03all");
    out.extend_from_slice(body.as_bytes());
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn long_bodies_have_long_lengths() {
        assert_eq!(super::publish("hi"), b"\x30\x07\0\x03allhi");
        assert_eq!(super::publish(&"x".repeat(200))[..4], [0x30, 205, 1, 0]);
    }
}
