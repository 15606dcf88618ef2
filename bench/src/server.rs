//! The server as a child process, and what the kernel says it costs.

use crate::outcome::Result;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// Clock ticks of `/proc/PID/stat` in a second (`sysconf(_SC_CLK_TCK)`): 100 on every Linux there is.
const TICKS: f64 = 100.0;
/// Bytes of a page in `/proc/net/sockstat`.
const PAGE: u64 = 4096;

/// A server with a store of its own. Dropping it kills the one and removes the other.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    child: Child,
    _folder: TempDir,
}

impl Server {
    /// Starts `binary` with this configuration file, on a free port, and waits until it listens.
    pub fn start(binary: &Path, config: &str) -> Result<Server> {
        let folder = tempfile::Builder::new().prefix("fanfare-bench-").tempdir()?;
        let file = folder.path().join("fanfare.toml");
        fs::write(&file, config)?;
        let mut command = Command::new(binary);
        command.args(["serve", "--listen", "127.0.0.1:0", "--log-level", "warn", "--config"]).arg(&file);
        command.arg("--data").arg(folder.path().join("data"));
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("{}: {error}", binary.display()))?;
        let said = child.stdout.take().map(BufReader::new).ok_or("the server has no stdout")?;
        for line in said.lines() {
            let line = line?;
            let address = line.split_whitespace().find_map(|word| word.strip_prefix("http://")?.parse().ok());
            if let Some(address) = address {
                return Ok(Server { address, child, _folder: folder });
            }
        }
        let status = child.wait()?;
        Err(format!("{} ended before it listened: {status}", binary.display()).into())
    }

    /// Private dirty memory, bytes: what the process alone has written, and nothing that it shares.
    pub fn private_dirty(&self) -> Result<u64> {
        let rollup = fs::read_to_string(format!("/proc/{}/smaps_rollup", self.child.id()))?;
        let line = rollup.lines().find_map(|line| line.strip_prefix("Private_Dirty:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        Ok(kilobytes.ok_or("smaps_rollup has no Private_Dirty")? * 1024)
    }

    /// Seconds of processor time so far, its own and the kernel's for it.
    pub fn processor_seconds(&self) -> Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let after_name = stat.rsplit_once(')').ok_or("/proc/PID/stat has no name")?.1;
        // Fields 14 and 15 of proc(5); the first after the name is field 3.
        let ticks = after_name.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
        let ticks: f64 = ticks.sum::<std::result::Result<_, _>>()?;
        Ok(ticks / TICKS)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the kernel holds in buffers of all TCP sockets of this machine, bytes.
pub fn tcp_memory() -> Result<u64> {
    let sockstat = fs::read_to_string("/proc/net/sockstat")?;
    let line = sockstat.lines().find_map(|line| line.strip_prefix("TCP:"));
    let pages =
        line.and_then(|line| line.split_once(" mem ")?.1.split_whitespace().next()?.parse::<u64>().ok());
    Ok(pages.ok_or("sockstat has no TCP mem")? * PAGE)
}
