//! What was answered, and what was refused.

use super::Kind::Counter;
use super::Metric;
use super::samples::Samples;
use super::watcher::Seen;
use fanfare_api::ALL;
use fanfare_proto::Code;
use std::collections::BTreeMap;

pub(super) const METRICS: &[Metric] = &[
    Metric {
        name: "fanfare_http_answers_total",
        kind: Counter,
        labels: &["route", "status"],
        about: "Answers: `route` is one of those in `docs/api.md`, `none` where no route answered, `worker publish` for \
                publishes that came whole, `worker hold` for what is held open, `worker refusal` for what was refused \
                before it was routed",
        read: answers,
    },
    Metric {
        name: "fanfare_refusals_total",
        kind: Counter,
        labels: &["reason"],
        about: "Refusals by the `name` of their problem, in answers, on WebSockets and at the end of streams",
        read: refusals,
    },
];

fn answers(seen: &Seen, out: &mut Samples<'_>) {
    for (route, status, count) in seen.counts.answers() {
        let route = route.and_then(|index| ALL.get(index));
        let named = route.map(|route| format!("{} {}", route.methods.first().unwrap_or(&"GET"), route.path));
        let status = if status == 0 { "other".to_owned() } else { status.to_string() };
        out.add(&[named.as_deref().unwrap_or("none"), &status], count);
    }
    let Some(transport) = &seen.transport else { return };
    let mut published = by_status(&transport.unpublished);
    published.extend([(200, transport.repeated), (201, transport.published)]);
    let held = BTreeMap::from([(101, transport.upgraded), (200, transport.held)]);
    let of_worker = [
        ("worker publish", published),
        ("worker hold", held),
        ("worker refusal", by_status(&transport.refused)),
    ];
    for (route, statuses) in of_worker {
        for (status, count) in statuses.into_iter().filter(|(_, count)| *count > 0) {
            out.add(&[route, &status.to_string()], count);
        }
    }
}

fn by_status(refusals: &[(&Code, u64)]) -> BTreeMap<u16, u64> {
    let mut statuses = BTreeMap::new();
    for (code, count) in refusals {
        *statuses.entry(code.status).or_default() += count;
    }
    statuses
}

fn refusals(seen: &Seen, out: &mut Samples<'_>) {
    let transport = seen.transport.iter().flat_map(|seen| [&seen.unpublished, &seen.refused]);
    let lists: Vec<_> = transport.chain([&seen.node.refusals]).collect();
    for (index, (code, answered)) in seen.counts.refusals().enumerate() {
        let others: u64 = lists.iter().filter_map(|list| Some(list.get(index)?.1)).sum();
        out.add(&[code.name], answered + others);
    }
}
