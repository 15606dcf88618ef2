//! Real small disks: a file system in a file, mounted by loop. That takes root; where it is not to be had, tests say so
//! and do nothing.

#![allow(clippy::print_stdout, reason = "a test that is skipped says so")]

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A mounted disk. Dropping it takes it away; whoever uses it must be gone by then.
pub struct Disk {
    folder: TempDir,
    /// What is mounted, in this order.
    mounted: Vec<PathBuf>,
}

impl Disk {
    /// Mounts an empty one; `None`, and says why, where that cannot be done.
    pub fn of(mebibytes: u32) -> Option<Disk> {
        let mut disk = Disk { folder: TempDir::new().unwrap(), mounted: Vec::new() };
        let image = disk.folder.path().join("image");
        let made = disk.mount(&image, mebibytes, &["-q", "-F"]);
        disk.unless_skipped(made)
    }

    /// Mounts one that claims to have more than there is: what goes beyond fails when it is synced, until [`Disk::deepen`].
    pub fn hollow(mebibytes: u32, claimed: u32) -> Option<Disk> {
        let mut disk = Disk { folder: TempDir::new().unwrap(), mounted: Vec::new() };
        let below = disk.below();
        std::fs::create_dir(&below).unwrap();
        let size = format!("size={mebibytes}M");
        let mounted = run("mount", &["-t", "tmpfs", "-o", &size, "tmpfs", text(&below)]);
        let made = mounted.and_then(|()| {
            disk.mounted.push(below.clone());
            disk.mount(&below.join("image"), claimed, &["-q", "-F", "-O", "^has_journal"])
        });
        disk.unless_skipped(made)
    }

    fn mount(&mut self, image: &Path, mebibytes: u32, options: &[&str]) -> Result<(), String> {
        let at = self.path();
        std::fs::create_dir(&at).unwrap();
        File::create(image).unwrap().set_len(u64::from(mebibytes) << 20).unwrap();
        run("mkfs.ext4", &[options, &[text(image)]].concat())?;
        run("mount", &["-o", "loop", text(image), text(&at)])?;
        self.mounted.push(at);
        Ok(())
    }

    fn unless_skipped(self, made: Result<(), String>) -> Option<Disk> {
        if let Err(why) = made {
            println!("SKIPPED: a disk of its own needs root and loop devices: {why}");
            return None;
        }
        Some(self)
    }

    fn below(&self) -> PathBuf {
        self.folder.path().join("below")
    }

    /// Gives a hollow one what it claims to have.
    pub fn deepen(&self) {
        run("mount", &["-o", "remount,size=1G", text(&self.below())]).unwrap();
    }

    /// Where it is.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("disk")
    }

    /// Fills it to the last block; [`Disk::make_room`] takes that back.
    pub fn fill(&self) {
        let mut file = File::create(self.path().join("filler")).unwrap();
        for bytes in [1 << 20, 1 << 10] {
            let piece = vec![0; bytes];
            let full = std::iter::repeat_with(|| file.write_all(&piece)).find_map(Result::err).unwrap();
            assert_eq!(full.kind(), ErrorKind::StorageFull, "{full}");
        }
        file.sync_all().unwrap();
    }

    /// There is room again.
    pub fn make_room(&self) {
        std::fs::remove_file(self.path().join("filler")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        for at in self.mounted.iter().rev() {
            if let Err(why) = run("umount", &[text(at)]) {
                println!("left mounted: {why}");
            }
        }
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn run(program: &str, args: &[&str]) -> Result<(), String> {
    let output = Command::new(program).args(args).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    if output.status.success() { Ok(()) } else { Err(format!("{program}: {said}")) }
}
