//! Hearing several channels and patterns on one connection. The transport answers that before it comes here, and what it
//! answers is described in `openapi/held.rs`; what comes here all the same is no `GET`.

use super::Route;
use crate::answer::Refused;
use crate::operation::{HELD_REFUSALS, Operation, Parameter, parameters, reference};
use axum::routing::get;
use fanfare_proto::protocol::ALL;
use fanfare_proto::{Code, Refusal, limits};
use serde_json::json;

pub(super) const ROUTE: Route = Route {
    methods: &["GET"],
    path: "/subscribe",
    query: &[
        CHANNEL,
        parameters::AFTER,
        parameters::LAST,
        parameters::SINCE,
        parameters::FILTER,
        parameters::RATE,
        parameters::BYTES,
        parameters::LATEST,
        parameters::VIEW,
        parameters::AS,
        VIA,
        parameters::WAIT,
    ],
    about: "hear channels and patterns, held open: as JSON lines, or as `Accept` or `via` says",
    operation: Operation {
        id: "subscribe",
        headers: &[parameters::LAST_EVENT_ID],
        takes: &[],
        gives: &[],
        refusals: HELD_REFUSALS,
    },
    serve: || get(subscribe),
};

const CHANNEL: Parameter = Parameter {
    name: "channel",
    about: "A channel or a pattern, as often as needed.",
    schema: || json!({ "type": "array", "items": reference("Name"), "maxItems": limits::SUBSCRIPTIONS }),
};
const VIA: Parameter = Parameter {
    name: "via",
    about: "A protocol by name; beats `Accept`.",
    schema: || {
        let held = ALL.iter().filter(|protocol| !protocol.shape().is_at_once());
        let names =
            held.flat_map(|protocol| [protocol.name()].into_iter().chain(protocol.also().iter().copied()));
        json!({ "type": "string", "enum": names.collect::<Vec<_>>() })
    },
};

async fn subscribe() -> Refused {
    Refused(Refusal::new(Code::NOT_ACCEPTABLE, "this is heard with GET, and held open"))
}
