//! Readers: how many, what they got, how far behind they are.

use super::Kind::{Counter, Gauge};
use super::Metric;
use super::samples::Samples;
use super::watcher::Seen;
use fanfare_node::SessionKind;
use fanfare_proto::ProtocolId;
use fanfare_proto::protocol::{ALL, Shape};

pub(super) const METRICS: &[Metric] = &[
    Metric {
        name: "fanfare_sessions",
        kind: Gauge,
        labels: &["transport", "protocol"],
        about: "Held-open sessions: `transport` is http1, http2, websocket or websocket-http2, `protocol` as `fanfare \
                protocols` lists them",
        read: sessions,
    },
    Metric {
        name: "fanfare_sessions_max",
        kind: Gauge,
        labels: &[],
        about: "Held-open sessions at the most, by the limit of descriptors; beyond, readers are refused",
        read: |seen, out| out.add(&[], seen.transport.as_ref().map_or(0, |seen| seen.sessions.1)),
    },
    Metric {
        name: "fanfare_sessions_behind",
        kind: Gauge,
        labels: &["namespace"],
        about: "Sessions that have not been given everything of a namespace, by its pattern",
        read: |seen, out| lags(seen, out, |lag| lag.sessions),
    },
    Metric {
        name: "fanfare_lag_messages",
        kind: Gauge,
        labels: &["namespace"],
        about: "How far the session that is furthest behind is from the head of its log: the messages, of whatever \
                channel, after its cursor; an upper bound, for some may be of channels that it does not want",
        read: |seen, out| lags(seen, out, |lag| lag.positions),
    },
    Metric {
        name: "fanfare_present_members",
        kind: Gauge,
        labels: &[],
        about: "Members that are present on channels; one that is on two channels counts twice",
        read: |seen, out| out.add(&[], seen.node.presence.0),
    },
    Metric {
        name: "fanfare_present_channels",
        kind: Gauge,
        labels: &[],
        about: "Channels on which somebody is present",
        read: |seen, out| out.add(&[], seen.node.presence.1),
    },
    Metric {
        name: "fanfare_deliveries_total",
        kind: Counter,
        labels: &[],
        about: "Messages given to sessions: one for each message and session",
        read: |seen, out| out.add(&[], seen.node.deliveries),
    },
    Metric {
        name: "fanfare_delivered_bytes_total",
        kind: Counter,
        labels: &[],
        about: "Bytes given to sessions, heads, framing and signs of life included",
        read: |seen, out| out.add(&[], seen.node.bytes),
    },
    Metric {
        name: "fanfare_gaps_total",
        kind: Counter,
        labels: &["reason"],
        about: "Gaps that readers were told: `reason` is trimmed, purged, epoch or went-back",
        read: |seen, out| seen.node.gaps.iter().for_each(|(reason, gaps)| out.add(&[reason.name()], *gaps)),
    },
    Metric {
        name: "fanfare_sockets",
        kind: Gauge,
        labels: &[],
        about: "Open sockets, whatever they are doing",
        read: |seen, out| out.add(&[], seen.transport.as_ref().map_or(0, |seen| seen.sockets.0)),
    },
    Metric {
        name: "fanfare_sockets_max",
        kind: Gauge,
        labels: &[],
        about: "Open sockets at the most; what comes beyond waits in the kernel",
        read: |seen, out| out.add(&[], seen.transport.as_ref().map_or(0, |seen| seen.sockets.1)),
    },
    Metric {
        name: "fanfare_sockets_accepted_total",
        kind: Counter,
        labels: &[],
        about: "Sockets that were accepted",
        read: |seen, out| out.add(&[], seen.transport.as_ref().map_or(0, |seen| seen.accepted)),
    },
];

/// Every way in which a protocol can be held open, those that nobody uses, too.
fn sessions(seen: &Seen, out: &mut Samples<'_>) {
    let held = ALL.iter().enumerate().filter(|(_, protocol)| !protocol.shape().is_at_once());
    for (index, protocol) in held {
        let talks = protocol.shape() == Shape::Socket;
        for second_row in [false, true] {
            let transport = match (talks, second_row) {
                (false, false) => "http1",
                (false, true) => "http2",
                (true, false) => "websocket",
                (true, true) => "websocket-http2",
            };
            let kind = SessionKind { protocol: ProtocolId(index as u8), talks, second_row };
            let sessions = seen.node.survey.sessions.get(&kind).copied().unwrap_or(0);
            out.add(&[transport, protocol.name()], sessions);
        }
    }
}

fn lags(seen: &Seen, out: &mut Samples<'_>, number: fn(&fanfare_node::Lag) -> u64) {
    for (index, pattern) in seen.namespaces.iter().enumerate() {
        out.add(&[pattern], seen.node.survey.lags.get(index).map_or(0, number));
    }
}
