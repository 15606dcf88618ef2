//! A child process, and what the kernel says it costs.

use crate::cores::{Core, on};
use crate::outcome::Result;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

/// Bytes of a page in `/proc/net/sockstat`.
const PAGE: u64 = 4096;

/// A child. Dropping it ends it.
pub struct Process {
    pub child: Child,
}

impl Process {
    /// Starts a command on a core.
    pub fn start(command: &mut Command, core: Core) -> Result<Process> {
        let program = command.get_program().to_string_lossy().into_owned();
        let child = on(core, || Ok(command.spawn().map_err(|error| format!("{program}: {error}"))?))?;
        Ok(Process { child })
    }

    /// Private dirty memory, bytes: what the process and its children alone have written, and nothing that they share.
    pub fn private_dirty(&self) -> Result<u64> {
        let mut sum = 0;
        for id in self.family() {
            let rollup = fs::read_to_string(format!("/proc/{id}/smaps_rollup"))?;
            let line = rollup.lines().find_map(|line| line.strip_prefix("Private_Dirty:"));
            let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
            sum += kilobytes.ok_or("smaps_rollup has no Private_Dirty")? * 1024;
        }
        Ok(sum)
    }

    /// Seconds of processor time so far of all threads that live, their own and the kernel's for them: the first field
    /// of `schedstat`, which counts nanoseconds where `stat` counts ticks.
    pub fn processor_seconds(&self) -> Result<f64> {
        let mut nanoseconds = 0;
        for id in self.family() {
            for thread in fs::read_dir(format!("/proc/{id}/task"))? {
                // A thread may end between the listing and the reading.
                let Ok(text) = fs::read_to_string(thread?.path().join("schedstat")) else { continue };
                let first = text.split_whitespace().next().ok_or("schedstat is empty")?;
                nanoseconds += first.parse::<u64>()?;
            }
        }
        Ok(nanoseconds as f64 / 1e9)
    }

    /// Waits until it has used no processor time for a while, and answers how much it has used.
    pub fn settled_seconds(&self) -> Result<f64> {
        let mut before = self.processor_seconds()?;
        let began = Instant::now();
        loop {
            thread::sleep(Duration::from_millis(40));
            let now = self.processor_seconds()?;
            if now - before < 0.0004 || began.elapsed() > Duration::from_secs(5) {
                return Ok(now);
            }
            before = now;
        }
    }

    /// The process and its children, and theirs.
    fn family(&self) -> Vec<u32> {
        let mut family = vec![self.child.id()];
        let mut looked = 0;
        while let Some(id) = family.get(looked).copied() {
            looked += 1;
            let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
            family.extend(children.split_whitespace().filter_map(|id| id.parse::<u32>().ok()));
        }
        family
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Children would outlive their parent.
        for id in self.family() {
            if let Some(id) = i32::try_from(id).ok().and_then(Pid::from_raw) {
                let _ = kill_process(id, Signal::KILL);
            }
        }
        let _ = self.child.wait();
    }
}

/// What the kernel has taken for its own objects, sockets among them, bytes.
pub fn kernel_memory() -> Result<u64> {
    let all = fs::read_to_string("/proc/meminfo")?;
    let line = all.lines().find_map(|line| line.strip_prefix("SUnreclaim:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    Ok(kilobytes.ok_or("meminfo has no SUnreclaim")? * 1024)
}

/// What the kernel holds in buffers of all TCP sockets of this machine, bytes.
pub fn tcp_memory() -> Result<u64> {
    let sockstat = fs::read_to_string("/proc/net/sockstat")?;
    let line = sockstat.lines().find_map(|line| line.strip_prefix("TCP:"));
    let pages =
        line.and_then(|line| line.split_once(" mem ")?.1.split_whitespace().next()?.parse::<u64>().ok());
    Ok(pages.ok_or("sockstat has no TCP mem")? * PAGE)
}
