//! NATS server (Debian: nats-server), its own protocol, nothing kept.

use super::{Kind, Server, Way, folder, free_address};
use crate::cores::Core;
use crate::ears::Ear;
use crate::outcome::Result;
use std::fs;
use std::process::Command;

pub const KIND: Kind = Kind {
    name: "nats",
    about: "NATS server, its own protocol",
    version: &["nats-server", "--version"],
    ways: &[Way::Own],
    start: |_, core| start(core),
    hello: |_, _, _| b"CONNECT {\"verbose\":false}\r\nSUB all 1\r\nPING\r\n".to_vec(),
    again: None,
    ear: |_| Ear::nats(),
    preamble: b"CONNECT {\"verbose\":false}\r\n",
    publication: |_, body, _| format!("PUB all {}\r\n{body}\r\n", body.len()).into_bytes(),
    receipt: None,
    messages: 1,
};

fn start(core: Core) -> Result<Server> {
    let (folder, address) = (folder()?, free_address()?);
    let config = format!(
        "listen: \"{address}\"\nmax_connections: 19900\nping_interval: \"1h\"\nwrite_deadline: \"60s\"\nlogtime: false\n"
    );
    let file = folder.path().join("nats.conf");
    fs::write(&file, config)?;
    let mut command = Command::new("nats-server");
    // One worker: as many threads run Go code as the others have.
    command.env("GOMAXPROCS", "1").arg("-c").arg(file).arg("-l").arg(folder.path().join("log"));
    Server::at(address, command, core, folder)
}
