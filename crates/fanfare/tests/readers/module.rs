//! The JavaScript client in Node: one process serves all readers, one after the other. It is there when
//! `FANFARE_RESUME_MODULES` names the folder where npm `ws` is.

use super::Reader;
use super::library::channels;
use super::response::bad;
use fanfare_client::Transport;
use serde_json::{Value, json};
use std::io::{self, BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{LazyLock, Mutex, PoisonError};

struct Node {
    // Ends with its stdin.
    _process: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    run: u64,
}

static NODE: LazyLock<Mutex<Node>> = LazyLock::new(|| {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../interop/browsers/reader.mjs");
    let mut command = Command::new("node");
    command.arg(script).env("MODULES", modules().unwrap()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut process = command.spawn().unwrap();
    let (stdin, stdout) = (process.stdin.take().unwrap(), BufReader::new(process.stdout.take().unwrap()));
    Mutex::new(Node { _process: process, stdin, stdout, run: 0 })
});

/// Where npm `ws` is, if the module is among the readers.
pub fn modules() -> Option<String> {
    std::env::var("FANFARE_RESUME_MODULES").ok().filter(|folder| !folder.is_empty())
}

pub fn read(
    reader: &mut Reader,
    address: SocketAddr,
    target: &str,
    transport: Transport,
    enough: &mut dyn FnMut(&Reader) -> bool,
) -> io::Result<()> {
    if enough(reader) {
        return Ok(());
    }
    let mut node = NODE.lock().unwrap_or_else(PoisonError::into_inner);
    node.run += 1;
    let run = node.run;
    let asked = json!({
        "run": run,
        "server": format!("http://{address}"),
        "channels": channels(target),
        "after": reader.cursor,
        "transport": transport.name(),
    });
    writeln!(node.stdin, "{asked}")?;
    while !enough(reader) {
        let mut line = String::new();
        node.stdout.read_line(&mut line)?;
        let item: Value = serde_json::from_str(&line).map_err(|_| bad(&line))?;
        match item["run"].as_u64() {
            Some(number) if number == run => {}
            _ => continue,
        }
        if let Some(error) = item.get("error") {
            return Err(bad(&error.to_string()));
        }
        reader.take(&item);
        reader.take_cursor(&item);
    }
    Ok(())
}
