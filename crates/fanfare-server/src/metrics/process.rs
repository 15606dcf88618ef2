//! The process: memory, descriptors, time. Those that begin with `process_` are what every Prometheus client tells.

use super::Kind::{Counter, Gauge};
use super::Metric;

pub(super) const METRICS: &[Metric] = &[
    Metric {
        name: "fanfare_memory_bytes",
        kind: Gauge,
        labels: &["part"],
        about: "Bytes of contents in memory beside the live log: `part` is windows (the newest messages; workers share \
                them), pages (read for readers that are behind) or answers (large ones that are not written \
                yet)",
        read: |seen, out| {
            out.add(&["windows"], seen.node.survey.window_bytes);
            out.add(&["pages"], seen.node.pages_bytes);
            out.add(&["answers"], seen.node.answers_bytes);
        },
    },
    Metric {
        name: "process_resident_memory_bytes",
        kind: Gauge,
        labels: &[],
        about: "Memory that the process has",
        read: |seen, out| out.add(&[], seen.system.resident_bytes),
    },
    Metric {
        name: "process_virtual_memory_bytes",
        kind: Gauge,
        labels: &[],
        about: "Addresses that the process has",
        read: |seen, out| out.add(&[], seen.system.virtual_bytes),
    },
    Metric {
        name: "process_cpu_seconds_total",
        kind: Counter,
        labels: &[],
        about: "Processor time that the process has used",
        read: |seen, out| out.add(&[], seen.system.cpu_seconds),
    },
    Metric {
        name: "process_open_fds",
        kind: Gauge,
        labels: &[],
        about: "Open descriptors",
        read: |seen, out| out.add(&[], seen.system.descriptors),
    },
    Metric {
        name: "process_max_fds",
        kind: Gauge,
        labels: &[],
        about: "Descriptors at the most",
        read: |seen, out| out.add(&[], seen.system.descriptors_max),
    },
    Metric {
        name: "process_threads",
        kind: Gauge,
        labels: &[],
        about: "Threads",
        read: |seen, out| out.add(&[], seen.system.threads),
    },
    Metric {
        name: "process_start_time_seconds",
        kind: Gauge,
        labels: &[],
        about: "When the server was started, since 1970",
        read: |seen, out| out.add(&[], seen.started_at.as_secs_f64()),
    },
    Metric {
        name: "fanfare_uptime_seconds",
        kind: Gauge,
        labels: &[],
        about: "How long the server has run",
        read: |seen, out| out.add(&[], seen.uptime.as_secs_f64()),
    },
    Metric {
        name: "fanfare_build_info",
        kind: Gauge,
        labels: &["version"],
        about: "Always 1; which version this is",
        read: |_, out| out.add(&[env!("CARGO_PKG_VERSION")], 1.0),
    },
];
