//! What the system says about this process and the disk of its store. What it does not say is 0.

use rustix::process::{Resource, getrlimit};
use std::fs;
use std::path::Path;

/// Numbers of the system.
#[derive(Debug, Default)]
pub(super) struct System {
    pub(super) resident_bytes: u64,
    pub(super) virtual_bytes: u64,
    pub(super) threads: u64,
    pub(super) cpu_seconds: f64,
    pub(super) descriptors: u64,
    pub(super) descriptors_max: u64,
    /// Of the store's files.
    pub(super) store_bytes: u64,
    /// Of its disk, for whoever is not root.
    pub(super) free_bytes: u64,
}

/// Ticks of a second in `/proc`, the same on every Linux that Rust knows (proc(5), `USER_HZ`).
const TICKS: f64 = 100.0;

impl System {
    /// Reads all of it. May wait for the disk.
    pub(super) fn read(data: &Path) -> System {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let files = fs::read_dir(data).into_iter().flatten().flatten();
        let sizes = files.filter_map(|file| Some(file.metadata().ok().filter(fs::Metadata::is_file)?.len()));
        let free = rustix::fs::statvfs(data).map_or(0, |disk| disk.f_bavail.saturating_mul(disk.f_frsize));
        System {
            resident_bytes: field(&status, "VmRSS:").saturating_mul(1024),
            virtual_bytes: field(&status, "VmSize:").saturating_mul(1024),
            threads: field(&status, "Threads:"),
            cpu_seconds: cpu_seconds(&stat).unwrap_or(0.0),
            descriptors: fs::read_dir("/proc/self/fd").map_or(0, |entries| entries.count() as u64),
            descriptors_max: getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX),
            store_bytes: sizes.sum(),
            free_bytes: free,
        }
    }
}

/// A number of `/proc/self/status`.
fn field(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Fields 14 and 15 of `/proc/self/stat`: time in the program and in the kernel. The name of the program, field 2, is in
/// brackets and may hold anything.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    Some((ticks()? + ticks()?) as f64 / TICKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_seen() {
        let System { resident_bytes, threads, descriptors, free_bytes, .. } = System::read(Path::new("."));
        assert!(resident_bytes > 100_000 && threads > 0 && descriptors > 2 && free_bytes > 0);
    }

    #[test]
    fn a_program_may_have_any_name() {
        let stat = "1 (a) b) S 1 1 1 0 -1 4194560 1 0 0 0 150 50 0 0 20 0 1 0 3 1 1";
        assert_eq!(cpu_seconds(stat), Some(2.0));
        assert_eq!(cpu_seconds(""), None);
    }
}
