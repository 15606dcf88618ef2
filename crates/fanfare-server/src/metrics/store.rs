//! The logs, and the disk under the kept one.

use super::Kind::{Counter, Gauge};
use super::Metric;
use super::publishing::LOGS;
use super::samples::{Number, Samples};
use super::watcher::Seen;
use fanfare_node::LogFigures;

pub(super) const METRICS: &[Metric] = &[
    Metric {
        name: "fanfare_log_messages",
        kind: Gauge,
        labels: &["log"],
        about: "Messages in a log",
        read: |seen, out| each(seen, out, |log| log.status.messages.into()),
    },
    Metric {
        name: "fanfare_log_bytes",
        kind: Gauge,
        labels: &["log"],
        about: "Bytes of the contents of these messages",
        read: |seen, out| each(seen, out, |log| log.status.bytes.into()),
    },
    Metric {
        name: "fanfare_log_head",
        kind: Gauge,
        labels: &["log"],
        about: "The newest position of a log",
        read: |seen, out| each(seen, out, |log| log.status.head.0.into()),
    },
    Metric {
        name: "fanfare_log_trouble",
        kind: Gauge,
        labels: &["log"],
        about: "1 while a log takes no more messages, because its disk failed or is damaged; `/readyz` says why",
        read: |seen, out| each(seen, out, |log| log.trouble.is_some().into()),
    },
    Metric {
        name: "fanfare_log_closed_total",
        kind: Counter,
        labels: &["log", "reason"],
        about: "How often a log began to take no more messages: `reason` is failed (its disk; it opens again by itself) or \
                damaged (it stays closed as long as a check of the store finds damage)",
        read: |seen, out| {
            for (log, name) in seen.node.logs.iter().zip(LOGS) {
                out.add(&[name, "failed"], log.incidents.failures);
                out.add(&[name, "damaged"], log.incidents.damages);
            }
        },
    },
    Metric {
        name: "fanfare_log_damaged",
        kind: Gauge,
        labels: &["log"],
        about: "1 from when damage was met in what is stored, by reading or by writing, until the server is started again \
                or a check of all of it finds none; `/healthz` says what was met first",
        read: |seen, out| each(seen, out, |log| log.incidents.damage.is_some().into()),
    },
    Metric {
        name: "fanfare_store_file_bytes",
        kind: Gauge,
        labels: &[],
        about: "Bytes of the files of the store",
        read: |seen, out| out.add(&[], seen.system.store_bytes),
    },
    Metric {
        name: "fanfare_store_free_bytes",
        kind: Gauge,
        labels: &[],
        about: "Bytes that are free on the disk of the store",
        read: |seen, out| out.add(&[], seen.system.free_bytes),
    },
    Metric {
        name: "fanfare_ready",
        kind: Gauge,
        labels: &[],
        about: "1 while the server takes publishes and sessions, as `/readyz` says",
        read: |seen, out| out.add(&[], seen.node.ready),
    },
];

fn each(seen: &Seen, out: &mut Samples<'_>, number: fn(&LogFigures) -> Number) {
    seen.node.logs.iter().zip(LOGS).for_each(|(log, name)| out.add(&[name], number(log)));
}
