//! Acked readers: what they have done, and how far behind they are.

use super::Kind::{Counter, Gauge};
use super::Metric;
use super::samples::{Number, Samples};
use super::watcher::Seen;
use fanfare_node::ReaderStatus;
use fanfare_proto::limits;

pub(super) const METRICS: &[Metric] = &[
    Metric {
        name: "fanfare_reader_unacked",
        kind: Gauge,
        labels: &["reader"],
        about: "Messages that an acked reader was given, or is about to be, and has not done, by its name; beyond 100 readers, those of the \
                others together, without a name",
        read: |seen, out| each(seen, out, |reader| reader.unacked as u64),
    },
    Metric {
        name: "fanfare_reader_acked_total",
        kind: Counter,
        labels: &["reader"],
        about: "Messages that an acked reader has done",
        read: |seen, out| each(seen, out, |reader| reader.acked),
    },
    Metric {
        name: "fanfare_reader_redelivered_total",
        kind: Counter,
        labels: &["reader"],
        about: "Messages that were not acknowledged in time, and are given again",
        read: |seen, out| each(seen, out, |reader| reader.redelivered),
    },
    Metric {
        name: "fanfare_reader_dead_total",
        kind: Counter,
        labels: &["reader"],
        about: "Messages that were given up and are in `$dead/<reader>`",
        read: |seen, out| each(seen, out, |reader| reader.dead),
    },
    Metric {
        name: "fanfare_reader_lag_seconds",
        kind: Gauge,
        labels: &["reader"],
        about: "How old the oldest message is that an acked reader has not done; 0 if there is none. Of 100 readers",
        read: |seen, out| {
            for (reader, oldest) in seen.readers.iter().take(limits::READERS_NAMED) {
                let lag = oldest.map_or(0.0, |since| seen.now.0.saturating_sub(since.0) as f64 / 1000.0);
                out.add(&[reader.name.as_str()], lag);
            }
        },
    },
];

/// Those of the first readers by name, and the sum of the others.
fn each(seen: &Seen, out: &mut Samples<'_>, of: impl Fn(&ReaderStatus) -> u64) {
    let (named, others) = seen.readers.split_at(seen.readers.len().min(limits::READERS_NAMED));
    for (reader, _) in named {
        out.add(&[reader.name.as_str()], Number::from(of(reader)));
    }
    if !others.is_empty() {
        out.add(&[""], Number::from(others.iter().map(|(reader, _)| of(reader)).sum::<u64>()));
    }
}
