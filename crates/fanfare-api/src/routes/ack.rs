//! Acknowledging what an acked reader was given, from any connection.

use super::Route;
use crate::answer::{self, Refused};
use crate::granted::Granted;
use crate::operation::{Answer, Media, Operation};
use crate::state::Api;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::post;
use fanfare_proto::{Code, Command, ReaderName, Refusal, Reply, Request, limits};
use http::HeaderMap;

pub(super) const ROUTE: Route = Route {
    methods: &["POST"],
    path: "/readers/<reader>/ack",
    query: &[],
    about: "say which messages a reader has done (`ack`), or wants again (`nack`)",
    operation: Operation {
        id: "ack",
        headers: &[],
        takes: &[Media("application/json", "AckRequest")],
        gives: &[Answer {
            status: 200,
            about: "how many messages that is",
            headers: &[],
            content: &[Media("application/json", "AckReply")],
        }],
        refusals: &[
            Code::BAD_NAME,
            Code::BAD_CURSOR,
            Code::BAD_FIELD,
            Code::BAD_JSON,
            Code::TOO_MANY,
            Code::NOT_FOUND,
            Code::TOO_LARGE,
            Code::STORE_FAILED,
            Code::STORE_DAMAGED,
        ],
    },
    serve: || post(ack),
};

async fn ack(
    State(api): State<Api>,
    Granted(grant): Granted,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    let (body, _share) = api.intake.read(&headers, body, limits::READER_BYTES).await?.split();
    let name = ReaderName::parse(&name)?;
    let bad = |code, detail| Refused(Refusal::new(code, detail));
    let Ok(text) = std::str::from_utf8(&body) else {
        return Err(bad(Code::BAD_JSON, "the body is not UTF-8"));
    };
    let Request { id, command } = Request::read_ack(text);
    let Command::Ack(ack) = command? else {
        return Err(bad(Code::BAD_FIELD, "here is asked for `ack` or `nack`"));
    };
    let again = ack.again.is_some();
    let count = api.node.ack(&grant, name, ack).await?;
    let (reply, mut body) = (if again { Reply::Nack(count) } else { Reply::Ack(count) }, Vec::new());
    reply.write(id.as_ref(), &mut body);
    Ok(answer::json_bytes(body))
}
