//! Bodies of many parts, as webcams send them: each part is published as soon as it is whole.

use crate::answer;
use crate::state::Api;
use axum::body::Body;
use axum::response::Response;
use fanfare_proto::{Channel, Code, Grant, Part, Parts, Query, Receipt, Refusal, read_bare};
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt;

/// Whether a body has parts that are messages, and then how they are told apart.
pub(crate) fn parts(api: &Api, channel: &Channel, headers: &HeaderMap) -> Option<Result<Parts, Refusal>> {
    let content_type = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Parts::of(content_type, api.node.namespaces().of(channel.as_str()).body_bytes)
}

/// Publishes the parts of a body until it ends. What was published stays, whatever becomes of the rest.
pub(crate) async fn accept(
    api: &Api,
    grant: &Grant,
    channel: Channel,
    (query, headers): (&Query<'_>, &HeaderMap),
    (mut parts, mut body): (Parts, Body),
) -> Result<Response, Refusal> {
    if !grant.may_publish(&channel) {
        return Err(Code::FORBIDDEN.into());
    }
    let mut place = api.intake.take_place()?;
    let (mut count, mut last) = (0, None);
    let after = |count: usize, refusal: Refusal| {
        let detail = format!("{}; {count} parts before were published", refusal.detail);
        Refusal::new(refusal.code, detail)
    };
    let told = |count: usize| move |refusal| after(count, refusal);
    while let Some(frame) = body.frame().await {
        let broken = |error| Refusal::new(Code::BAD_REQUEST, format!("the body ended too early: {error}"));
        let Ok(data) = frame.map_err(broken).map_err(told(count))?.into_data() else { continue };
        parts.add(&data);
        place.hold(parts.held()).map_err(told(count))?;
        while let Some(part) = parts.next().map_err(told(count))? {
            let receipt = publish(api, grant, channel.clone(), (query, headers), part).await;
            last = Some(receipt.map_err(told(count))?);
            count += 1;
        }
    }
    parts.end().map_err(told(count))?;
    let Some(last) = last else {
        return Err(Refusal::new(Code::BAD_REQUEST, "there is no part in the body"));
    };
    Ok(published(count, &last))
}

async fn publish(
    api: &Api,
    grant: &Grant,
    channel: Channel,
    (query, headers): (&Query<'_>, &HeaderMap),
    part: Part,
) -> Result<Receipt, Refusal> {
    let values = |name: &'static str| headers.get_all(name).iter().map(|value| value.as_bytes());
    let mut publish = read_bare(channel, query, values, part.body)?;
    if publish.id.is_some() || publish.when.is_some() {
        let detail = "`id`, `at` and `delay` are for one message, and the body has many";
        return Err(Refusal::new(Code::BAD_FIELD, detail));
    }
    publish.content.content_type = part.content_type;
    let answer = api.node.publish(grant, vec![publish]).await.pop();
    answer.unwrap_or_else(|| Err(Code::STORE_FAILED.into()))
}

/// 201, how many there were, and the receipt of the last.
fn published(count: usize, last: &Receipt) -> Response {
    let mut body = format!("{{\"messages\":{count},\"last\":").into_bytes();
    last.write(&mut body);
    body.push(b'}');
    let mut response = answer::json_bytes(body);
    *response.status_mut() = StatusCode::CREATED;
    answer::mark_cursor(&mut response, &last.cursor);
    response
}
