//! Schedules and conditions: what is to come, and what became of it.

use super::Kind::{Counter, Gauge};
use super::Metric;
use fanfare_node::ConditionCounts;

pub(super) const METRICS: &[Metric] = &[
    Metric {
        name: "fanfare_schedules",
        kind: Gauge,
        labels: &[],
        about: "Schedules that are kept",
        read: |seen, out| out.add(&[], seen.node.schedules.kept()),
    },
    Metric {
        name: "fanfare_schedule_next_timestamp_seconds",
        kind: Gauge,
        labels: &[],
        about: "When the next schedule is due; nothing if there is none",
        read: |seen, out| {
            if let Some(next) = seen.node.schedules.next() {
                out.add(&[], next.0 as f64 / 1000.0);
            }
        },
    },
    Metric {
        name: "fanfare_schedule_published_total",
        kind: Counter,
        labels: &[],
        about: "Messages that schedules published, late ones included",
        read: |seen, out| out.add(&[], seen.node.schedules.published.get()),
    },
    Metric {
        name: "fanfare_schedule_late_total",
        kind: Counter,
        labels: &[],
        about: "Messages that schedules published more than a minute after their time",
        read: |seen, out| out.add(&[], seen.node.schedules.late.get()),
    },
    Metric {
        name: "fanfare_schedule_skipped_total",
        kind: Counter,
        labels: &[],
        about: "Times of schedules that were missed and are not made up for",
        read: |seen, out| out.add(&[], seen.node.schedules.skipped.get()),
    },
    Metric {
        name: "fanfare_conditions",
        kind: Gauge,
        labels: &["state"],
        about: "Conditions by how they stand: quiet, pending or firing",
        read: |seen, out| {
            for phase in ConditionCounts::PHASES {
                out.add(&[phase.name()], seen.node.conditions.standing(phase));
            }
        },
    },
    Metric {
        name: "fanfare_condition_published_total",
        kind: Counter,
        labels: &["turn"],
        about: "Messages that conditions published, by why: fires, repeats or clears",
        read: |seen, out| {
            for turn in ConditionCounts::TURNS {
                out.add(&[turn.name()], seen.node.conditions.of(turn).get());
            }
        },
    },
    Metric {
        name: "fanfare_condition_late_total",
        kind: Counter,
        labels: &[],
        about: "Messages that conditions published more than a minute after their time",
        read: |seen, out| out.add(&[], seen.node.conditions.late.get()),
    },
    Metric {
        name: "fanfare_condition_lost_total",
        kind: Counter,
        labels: &[],
        about: "Gaps in what conditions watch: messages that were gone before they were judged",
        read: |seen, out| out.add(&[], seen.node.conditions.lost.get()),
    },
];
