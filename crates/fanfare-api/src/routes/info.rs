//! What is known of one channel.

use super::Route;
use crate::answer::{self, Refused};
use crate::granted::Granted;
use crate::operation::{Answer, CHANNEL_REFUSALS, Media, Operation};
use crate::state::Api;
use crate::target::Target;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use fanfare_proto::{Code, Keeping, Pattern, Refusal};
use fanfare_store::ChannelInfo;
use serde::Serialize;

pub(super) const ROUTE: Route = Route {
    methods: &["GET"],
    path: "/c/<channel>/$info",
    query: &[],
    about: "what the channel holds: newest position, messages, bytes",
    operation: Operation {
        id: "channel_info",
        headers: &[],
        takes: &[],
        gives: &[Answer {
            status: 200,
            about: "the channel",
            headers: &[],
            content: &[Media("application/json", "Channel")],
        }],
        refusals: CHANNEL_REFUSALS,
    },
    serve: || get(info),
};

/// A channel as readers see it.
#[derive(Serialize)]
pub(super) struct Shown {
    channel: String,
    /// The position of the newest message ever.
    head: u64,
    /// Messages ever.
    published: u64,
    /// Messages kept, and the bytes of their contents.
    messages: u64,
    bytes: u64,
    /// Everything up to here is gone.
    trimmed_through: u64,
    keeping: &'static str,
}

impl Shown {
    pub(super) fn of(info: &ChannelInfo, api: &Api) -> Shown {
        // Who is present is known from memory alone.
        let keeping = match info.channel.as_str().starts_with("$presence/") {
            true => Keeping::Live,
            false => api.node.namespaces().of(info.channel.as_str()).keeping,
        };
        Shown {
            channel: info.channel.to_string(),
            head: info.head.0,
            published: info.published,
            messages: info.messages,
            bytes: info.bytes,
            trimmed_through: info.trimmed_through.0,
            keeping: match keeping {
                Keeping::Kept => "kept",
                Keeping::Live => "live",
            },
        }
    }
}

async fn info(State(api): State<Api>, Granted(grant): Granted, target: Target) -> Result<Response, Refused> {
    let channel = target.channel()?;
    let found = api.node.channels(&grant, &Pattern::from(&channel), "", 1).await?;
    match found.first() {
        Some(info) => Ok(answer::json(&Shown::of(info, &api))?),
        None => Err(Refused(Refusal::new(
            Code::NOT_FOUND,
            format!("there is no channel `{channel}`: nothing was published to it, or it was deleted"),
        ))),
    }
}
