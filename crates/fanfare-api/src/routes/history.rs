//! What was said in a channel or a pattern, page by page: also plain polling, with `If-None-Match`. For browsers, the
//! live page.

use super::Route;
use crate::answer::{self, Refused};
use crate::etag::ETag;
use crate::feeds;
use crate::files::File;
use crate::granted::Granted;
use crate::links;
use crate::operation::{Answer, Media, Operation, Parameter, parameters};
use crate::state::Api;
use crate::target::Target;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use fanfare_proto::protocol::{self, Protocol, Shape};
use fanfare_proto::{
    Accept, Code, Cursor, Form, History, HistoryPage, Preferences, Query, Refusal, Start, View, channel_path,
    limits,
};
use http::{HeaderMap, HeaderValue, header};
use serde_json::json;

pub(super) const ROUTE: Route = Route {
    methods: &["GET"],
    path: "/c/<channel>",
    query: &[
        parameters::AFTER,
        parameters::BEFORE,
        parameters::LAST,
        parameters::SINCE,
        parameters::FILTER,
        parameters::RATE,
        parameters::BYTES,
        parameters::LATEST,
        parameters::VIEW,
        parameters::LIMIT,
        parameters::AS,
        VIA,
    ],
    about: "a page of what was said; a pattern may stand for the channel",
    operation: Operation {
        id: "history",
        headers: &[parameters::IF_NONE_MATCH, parameters::LAST_EVENT_ID],
        takes: &[],
        gives: &[
            Answer {
                status: 200,
                about: "a page; for `text/html` a page for people; or a feed",
                headers: &["Cursor", "ETag", "Link"],
                content: &[
                    Media("application/json", "Page"),
                    Media("text/html", "Text"),
                    Media("application/rss+xml", "Text"),
                    Media("application/atom+xml", "Text"),
                    Media("application/feed+json", "Anything"),
                    Media("application/x-cdf", "Text"),
                ],
            },
            Answer {
                status: 304,
                about: "nothing is new",
                headers: &["Cursor", "ETag", "Link"],
                content: &[],
            },
        ],
        refusals: &[
            Code::BAD_NAME,
            Code::BAD_CURSOR,
            Code::BAD_FIELD,
            Code::BAD_FILTER,
            Code::FORBIDDEN,
            Code::NOT_ACCEPTABLE,
            Code::STORE_FAILED,
            Code::STORE_DAMAGED,
        ],
    },
    serve: || get(history),
};

const VIA: Parameter = Parameter {
    name: "via",
    about: "A protocol by name; beats `Accept`. A page unless it says otherwise.",
    schema: || {
        let names = protocol::ALL
            .iter()
            .flat_map(|protocol| [protocol.name()].into_iter().chain(protocol.also().iter().copied()));
        json!({ "type": "string", "enum": names.collect::<Vec<_>>() })
    },
};

async fn history(
    State(api): State<Api>,
    Granted(grant): Granted,
    target: Target,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let query = Query::parse(query.as_deref().unwrap_or_default())?;
    let protocol = chosen(&query, &headers)?;
    if protocol.shape() == Shape::Document {
        // The page asks for the messages itself, and shows what is wrong with its filter.
        target.pattern()?;
        return Ok(live(&headers));
    }
    let history = asked(&target, &query, &headers, protocol)?;
    let form = Form::asked(&query, protocol.forms())?;
    let page = api.node.history(&grant, &history).await?;
    let tag = tag(&page, &history, form, protocol);
    let mut response = if tag.is_known(&headers) {
        tag.unchanged()
    } else {
        let name = history.patterns.first().map(|pattern| pattern.as_str()).unwrap_or_default();
        let body = match protocol.shape() {
            Shape::Feed => feeds::write(protocol, &page, name, &query, &headers),
            _ => page.bytes(form),
        };
        let mut response = feeds::answer(protocol, api.node.outgo().count(body)?.into());
        tag.mark(&mut response);
        response
    };
    feeds::hint(&mut response, &page);
    answer::mark_cursor(&mut response, &page.cursor);
    vary(&mut response);
    link(&mut response, &page, &history, &query);
    Ok(response)
}

fn asked(
    target: &Target,
    query: &Query<'_>,
    headers: &HeaderMap,
    protocol: &dyn Protocol,
) -> Result<History, Refusal> {
    let pattern = target.pattern()?;
    let last_event_id = headers.get("last-event-id").map(|value| value.as_bytes());
    let mut preferences = Preferences::asked(query)?;
    if protocol.shape() == Shape::Feed {
        // An entry is what its message is now.
        preferences.view.get_or_insert(View::Current);
    }
    let start = preferences.start(Start::asked(query, last_event_id)?)?;
    let before = query.one("before")?.map(Cursor::parse).transpose();
    let before = before.map_err(|error| Refusal::new(Code::BAD_CURSOR, format!("before: {error}")))?;
    let limit = query.one("limit")?.map(History::limit).transpose()?;
    History::asked(vec![pattern], preferences, start, before, limit)
}

/// The same address is something else for those who accept that.
fn vary(response: &mut Response) {
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept"));
}

fn live(headers: &HeaderMap) -> Response {
    let mut response = File::named("channel.html").map(|file| file.answer(headers)).unwrap_or_default();
    vary(&mut response);
    response
}

/// Held-open responses were taken before; what is left are those that are answered at once.
fn chosen(query: &Query<'_>, headers: &HeaderMap) -> Result<&'static dyn Protocol, Refusal> {
    let pages = || protocol::ALL.iter().copied().filter(|protocol| protocol.shape().is_at_once());
    if let Some(via) = query.one("via")? {
        return pages().find(|page| page.name() == via || page.also().contains(&via)).ok_or_else(|| {
            let names: Vec<&str> = pages().map(|page| page.name()).collect();
            let detail = format!("via={via:.60} is not answered at once; there are {}", names.join(", "));
            Refusal::new(Code::BAD_FIELD, detail)
        });
    }
    let accept = Accept::parse(headers.get_all(header::ACCEPT).iter().map(|value| value.as_bytes()))?;
    let wanted =
        pages().enumerate().filter(|(_, page)| !page.is_by_name_only()).filter_map(|(index, page)| {
            Some(((accept.wanted(page.media_type())?, std::cmp::Reverse(index)), page))
        });
    wanted.max_by_key(|(rank, _)| *rank).map(|(_, page)| page).ok_or_else(|| {
        let possible = protocol::ALL
            .iter()
            .filter(|protocol| protocol.shape().is_at_once() || protocol.shape() == Shape::Stream)
            .filter(|protocol| !protocol.is_by_name_only());
        let types: Vec<&str> = possible.map(|protocol| protocol.media_type()).collect();
        let detail = format!("Accept names nothing that there is here: {}", types.join(", "));
        Refusal::new(Code::NOT_ACCEPTABLE, detail)
    })
}

/// What a reader would see is what was asked and which messages there are. The page's own cursor is not part of it:
/// it moves with every message of the log, and an older one serves a reader who missed nothing just as well.
fn tag(page: &HistoryPage, history: &History, form: Form, protocol: &dyn Protocol) -> ETag {
    let messages: Vec<_> = page
        .messages
        .iter()
        .map(|(message, _)| (message.time, message.position, message.content.became))
        .collect();
    let gaps: Vec<_> = page.gaps.iter().map(|gap| (gap.from, gap.to, gap.reason.name())).collect();
    ETag::weak(&(
        &history.patterns,
        (history.limit, history.latest, history.view),
        (form, protocol.name()),
        page.more,
        messages,
        gaps,
    ))
}

/// Links to the pages around: backwards from the first message, and on from the end where there is more.
fn link(response: &mut Response, page: &HistoryPage, history: &History, query: &Query<'_>) {
    let pattern = history.patterns.first().map(|pattern| pattern.as_str()).unwrap_or_default();
    let path = channel_path(pattern);
    let asked = |name| query.one(name).ok().flatten().map(str::to_owned);
    let latest = history.latest.then(|| "true".to_owned());
    let view = (history.view != View::default()).then(|| history.view.name().to_owned());
    let target = |name, cursor: &Cursor| {
        let limit = (history.limit != limits::PAGE_MESSAGES_DEFAULT).then(|| history.limit.to_string());
        let filter = history.filter.as_ref().map(ToString::to_string);
        let cursor = Some(cursor.to_string());
        links::with_query(
            &path,
            &[
                (name, cursor),
                ("filter", filter),
                ("latest", latest.clone().filter(|_| name == "after")),
                ("view", view.clone()),
                ("limit", limit),
                ("as", asked("as")),
                ("via", asked("via")),
            ],
        )
    };
    let backwards = history.before.is_some();
    if !page.messages.is_empty() && (page.more || !backwards) {
        links::add(response, "prev", &target("before", &page.before));
    }
    if page.more || backwards {
        links::add(response, "next", &target("after", &page.cursor));
    }
}
