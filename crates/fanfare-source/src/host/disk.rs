//! Disks: `/proc/diskstats`, and the room on the one that has the store.

use super::rounded;
use rustix::fs::statvfs;
use serde_json::{Value, json};
use std::path::Path;

/// Bytes since the start, over all disks.
pub(super) struct Bytes {
    read: u64,
    written: u64,
}

/// What `/proc/diskstats` calls a sector, whatever the disk has.
const SECTOR: u64 = 512;

/// Reads one line for each device (`8 0 sda reads merged sectors ms writes merged sectors ms ...`); `whole` tells disks
/// from their parts, which would count twice.
pub(super) fn parse(text: &str, whole: impl Fn(&str) -> bool) -> Bytes {
    let mut all = Bytes { read: 0, written: 0 };
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let sectors = |place: usize| words.get(place).and_then(|word| word.parse::<u64>().ok());
        if let (Some(name), Some(read), Some(written)) = (words.get(2), sectors(5), sectors(9))
            && whole(name)
        {
            all.read += read * SECTOR;
            all.written += written * SECTOR;
        }
    }
    all
}

/// Whether this is a whole disk, and none made of memory or of a file.
pub(super) fn is_whole(name: &str) -> bool {
    let made = ["loop", "ram", "zram"].iter().any(|kind| name.starts_with(kind));
    !made && Path::new("/sys/block").join(name).exists()
}

impl Bytes {
    pub(super) fn figures(&self, before: &Bytes, seconds: f64, folder: &Path) -> Value {
        let rate = |now: u64, before: u64| (now.saturating_sub(before) as f64 / seconds).round();
        let mut figures = json!({
            "read_bytes_per_second": rate(self.read, before.read),
            "written_bytes_per_second": rate(self.written, before.written),
        });
        if let Ok(room) = statvfs(folder) {
            let (total, free) = (room.f_blocks * room.f_frsize, room.f_bavail * room.f_frsize);
            figures["free_bytes"] = free.into();
            figures["used_percent"] =
                rounded(total.saturating_sub(free) as f64 * 100.0 / total.max(1) as f64).into();
        }
        figures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disks_are_added_up_without_their_parts() {
        let text = |sectors: u64| {
            format!(
                "   8 0 sda 5 0 {sectors} 1 7 0 20 2 0 1 1\n   8 1 sda1 5 0 {sectors} 1 7 0 20 2 0 1 1\n   7 0 loop0 1\n"
            )
        };
        let disks = |sectors| parse(&text(sectors), |name| name == "sda");
        let figures = disks(104).figures(&disks(100), 2.0, Path::new("/nowhere"));
        assert_eq!(figures, json!({"read_bytes_per_second": 1024.0, "written_bytes_per_second": 0.0}));
        let here = disks(0).figures(&disks(0), 1.0, Path::new("."));
        assert!(here["free_bytes"].as_u64().is_some_and(|free| free > 0), "{here}");
    }
}
