//! This machine: what its processors, memory, network and disks do, once a second, from `/proc` (proc(5)). Figures are
//! numbers, so that a page can draw them.

mod cpu;
mod disk;
mod memory;
mod network;

use crate::source::Source;
use fanfare_proto::{Channel, Content, Publish};
use serde_json::Value;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// This machine's figures, as `host/cpu`, `host/memory`, `host/network` and `host/disk`.
pub struct Host {
    /// Where the store is: the room that matters.
    folder: PathBuf,
    before: Option<(Instant, Counted)>,
}

/// What only grows; what a second brought is the difference.
struct Counted {
    cpu: Option<cpu::Times>,
    network: Option<network::Bytes>,
    disk: Option<disk::Bytes>,
}

impl Host {
    /// The machine, and the disk that has this folder.
    pub fn new(folder: impl Into<PathBuf>) -> Host {
        Host { folder: folder.into(), before: None }
    }
}

impl Source for Host {
    fn name(&self) -> &'static str {
        "host"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn pull(&mut self, now: Instant) -> Vec<Publish> {
        let counted = Counted {
            cpu: read("/proc/stat").and_then(|text| cpu::parse(&text)),
            network: read("/proc/net/dev").map(|text| network::parse(&text)),
            disk: read("/proc/diskstats").map(|text| disk::parse(&text, disk::is_whole)),
        };
        let mut found = Vec::new();
        if let Some((then, before)) = &self.before {
            let seconds = now.saturating_duration_since(*then).as_secs_f64().max(0.001);
            if let (Some(cpu), Some(before)) = (&counted.cpu, &before.cpu) {
                found.extend(message("host/cpu", &cpu.figures(before, load())));
            }
            if let (Some(network), Some(before)) = (&counted.network, &before.network) {
                found.extend(message("host/network", &network.figures(before, seconds)));
            }
            if let (Some(disk), Some(before)) = (&counted.disk, &before.disk) {
                found.extend(message("host/disk", &disk.figures(before, seconds, &self.folder)));
            }
        }
        let memory = read("/proc/meminfo").and_then(|text| memory::figures(&text));
        found.extend(memory.and_then(|memory| message("host/memory", &memory)));
        self.before = Some((now, counted));
        found
    }
}

fn read(path: &str) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

/// The load of the last minute.
fn load() -> Option<f64> {
    read("/proc/loadavg")?.split(' ').next()?.parse().ok()
}

fn message(channel: &str, body: &Value) -> Option<Publish> {
    let content = Content {
        content_type: Some("application/json".into()),
        body: body.to_string().into(),
        ..Content::default()
    };
    Some(Publish { channel: Channel::parse(channel).ok()?, id: None, ttl: None, when: None, content })
}

/// With one decimal: more is noise, and reads badly.
fn rounded(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
