//! Publishers, and the commits that their messages wait for.

use super::Kind::{Counter, Gauge, Histogram};
use super::Metric;

/// The logs, as they are counted.
pub(super) const LOGS: [&str; 2] = ["kept", "live"];

pub(super) const METRICS: &[Metric] = &[
    Metric {
        name: "fanfare_publishes_total",
        kind: Counter,
        labels: &["log", "outcome"],
        about: "Publishes: `log` is kept or live; `outcome` is accepted, known (an `Idempotency-Key` that was accepted \
                before) or refused",
        read: |seen, out| {
            for (log, name) in seen.node.logs.iter().zip(LOGS) {
                for (number, outcome) in log.publishes.into_iter().zip(["accepted", "known", "refused"]) {
                    out.add(&[name, outcome], number);
                }
            }
        },
    },
    Metric {
        name: "fanfare_published_bytes_total",
        kind: Counter,
        labels: &["log"],
        about: "Bytes of the contents of accepted publishes",
        read: |seen, out| {
            seen.node.logs.iter().zip(LOGS).for_each(|(log, name)| out.add(&[name], log.bytes));
        },
    },
    Metric {
        name: "fanfare_commit_seconds",
        kind: Histogram,
        labels: &[],
        about: "How long commits of the kept log took, until they were synced",
        read: |seen, out| out.spread(&seen.node.commits.microseconds, 1e6),
    },
    Metric {
        name: "fanfare_commit_messages",
        kind: Histogram,
        labels: &[],
        about: "How many publishes commits of the kept log took together",
        read: |seen, out| out.spread(&seen.node.commits.messages, 1.0),
    },
    Metric {
        name: "fanfare_pending_messages",
        kind: Gauge,
        labels: &[],
        about: "Publishes that wait for their commit; beyond 16,384 publishers are refused",
        read: |seen, out| out.add(&[], seen.node.pending.0),
    },
    Metric {
        name: "fanfare_pending_bytes",
        kind: Gauge,
        labels: &[],
        about: "Bytes of publishes that wait for their commit; beyond 64 MiB publishers are refused",
        read: |seen, out| out.add(&[], seen.node.pending.1),
    },
];
