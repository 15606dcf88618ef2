//! What figures belong to.

use std::fs;

/// The processor, how many, the memory and the kernel.
pub fn machine() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find(|line| line.starts_with("model name"));
    let model = model.and_then(|line| line.split_once(": ")).map_or("unknown processor", |(_, model)| model);
    let cores = cpuinfo.lines().filter(|line| line.starts_with("processor")).count();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kilobytes = meminfo.split_whitespace().nth(1).and_then(|total| total.parse::<f64>().ok());
    let memory = kilobytes.unwrap_or_default() / 1024.0 / 1024.0;
    format!("{cores} x {model}, {memory:.1} GiB, Linux {}", kernel.trim())
}
