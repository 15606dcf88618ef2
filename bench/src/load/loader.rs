//! The other end of a process that loads a server.

use super::{Order, Told};
use crate::cores::Core;
use crate::outcome::Result;
use crate::process::Process;
use crate::servers::{Kind, Server, Way};
use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

/// A process that loads one server.
pub struct Loader {
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    pub process: Process,
}

impl Loader {
    /// Starts one. No two at a time may have the same `net`, so that there are ports enough.
    pub fn start(kind: &Kind, way: Way, server: &Server, net: u8) -> Result<Loader> {
        let way = clap::ValueEnum::to_possible_value(&way).ok_or("a way has no name")?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["load", "--server", kind.name, "--way", way.get_name()]);
        command.args(["--address", &server.address.to_string(), "--net", &net.to_string()]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Process::start(&mut command, Core::Load)?;
        let stdin = process.child.stdin.take().ok_or("a loader has no stdin")?;
        let stdout = process.child.stdout.take().ok_or("a loader has no stdout")?;
        Ok(Loader { stdin, stdout: BufReader::new(stdout), process })
    }

    /// Has it do something.
    pub fn order(&mut self, order: Order) -> Result<Told> {
        writeln!(self.stdin, "{}", serde_json::to_string(&order)?)?;
        let mut line = String::new();
        self.stdout.read_line(&mut line)?;
        if line.is_empty() {
            return Err("what loads the server has failed".into());
        }
        Ok(serde_json::from_str(&line)?)
    }
}
