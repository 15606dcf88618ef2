//! Webhooks: what their targets took, and how far behind they are.

use super::Kind::{Counter, Gauge};
use super::Metric;
use super::samples::{Number, Samples};
use super::watcher::Seen;
use fanfare_node::WebhookHealth;

pub(super) const METRICS: &[Metric] = &[
    Metric {
        name: "fanfare_webhook_delivered_total",
        kind: Counter,
        labels: &["webhook"],
        about: "Messages that the target of a webhook took, by its id",
        read: |seen, out| each(seen, out, |health| health.delivered),
    },
    Metric {
        name: "fanfare_webhook_dead_total",
        kind: Counter,
        labels: &["webhook"],
        about: "Messages that were given up and are in `$dead/<id>`",
        read: |seen, out| each(seen, out, |health| health.dead),
    },
    Metric {
        name: "fanfare_webhook_failures",
        kind: Gauge,
        labels: &["webhook"],
        about: "Attempts that failed since the target took something",
        read: |seen, out| each(seen, out, |health| health.failures),
    },
    Metric {
        name: "fanfare_webhook_lag_seconds",
        kind: Gauge,
        labels: &["webhook"],
        about: "How old the message is that waits to be taken; 0 if none waits",
        read: |seen, out| {
            each(seen, out, |health| {
                health.waiting.map_or(0.0, |since| seen.now.0.saturating_sub(since.0) as f64 / 1000.0)
            });
        },
    },
];

fn each<N: Into<Number>>(seen: &Seen, out: &mut Samples<'_>, of: impl Fn(&WebhookHealth) -> N) {
    for (id, health) in &seen.webhooks {
        out.add(&[id], of(health));
    }
}
