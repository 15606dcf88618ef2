//! What is around every route: the channel is taken out of the path before; after, whoever made the response, it
//! gets the headers that keep browsers and caches honest, the answer to a cross-origin question, and a problem document
//! where no route answered.

use crate::ALL;
use crate::answer::{name_problem, problem};
use crate::cors::Question;
use crate::meant::meant;
use crate::state::Api;
use crate::target;
use crate::traced::{Outcome, Traced};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use fanfare_proto::{Code, Refusal, RequestName};
use http::{HeaderValue, Method, StatusCode, header};

/// Characters of a path that are shown in an error.
const SHOWN: usize = 80;

/// Which route of the list answered; in the response until it is counted.
#[derive(Clone, Copy)]
pub(crate) struct Answered(pub(crate) usize);

/// Runs a request and finishes its response.
pub(crate) async fn around(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let traced = Traced::begin(&api, &request);
    let uri = request.uri().clone();
    let question = Question::of(&method, request.headers());
    let brought = request.headers().get(RequestName::HEADER);
    let name = brought.and_then(|name| RequestName::parse(name.as_bytes()));
    let name = name.unwrap_or_else(|| RequestName::made_of(fastrand::u64(..)));
    let mut response = match target::fold(&mut request) {
        Ok(()) => unanswered(next.run(request).await, &method, uri.path()),
        Err(refusal) => problem(&refusal),
    };
    note(&api, &name, &method, traced, &mut response);
    let status = response.status();
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    question.answer(&api.node.origins(), status, headers);
    response
}

/// Counts a response, says in it how its request is called, and tells the log and whoever traces.
fn note(api: &Api, name: &RequestName, method: &Method, traced: Option<Traced>, response: &mut Response) {
    let route = response.extensions_mut().remove::<Answered>().map(|Answered(index)| index);
    let status = response.status().as_u16();
    api.counts.add(route, status);
    let refusal = response.extensions_mut().remove::<Refusal>();
    if let Some(refusal) = &refusal {
        api.counts.refuse(refusal.code);
        if method != Method::HEAD {
            name_problem(response, refusal, name.as_str());
        }
    }
    if let Ok(value) = HeaderValue::from_str(name.as_str()) {
        response.headers_mut().insert(RequestName::HEADER, value);
    }
    // Neither the path nor the query: names of sessions and tokens may be in them.
    let route = route.and_then(|index| Some(ALL.get(index)?.path));
    let refusal = refusal.map(|refusal| refusal.code.name);
    tracing::debug!(request = %name, %method, route, status, refusal, "answered");
    if let Some(traced) = traced {
        traced.end(name, method, Outcome { route, status, refusal });
    }
}

/// Where no route took the request, says so; a route that has other methods answers `OPTIONS` with them.
fn unanswered(response: Response, method: &Method, path: &str) -> Response {
    if response.headers().contains_key(header::CONTENT_TYPE) {
        return response;
    }
    let shown: String = path.chars().take(SHOWN).collect();
    let refusal = match response.status() {
        StatusCode::NOT_FOUND => {
            Refusal::new(Code::NOT_FOUND, format!("nothing is at {shown}{}", meant(path)))
        }
        StatusCode::METHOD_NOT_ALLOWED => Refusal::new(
            Code::METHOD,
            format!("{method} is not allowed at {shown}; the Allow header names what is{}", meant(path)),
        ),
        _ => return response,
    };
    let allow = response.headers().get(header::ALLOW).cloned();
    let mut answer = match (method, &allow) {
        (&Method::OPTIONS, Some(_)) => {
            let mut answer = Response::default();
            *answer.status_mut() = StatusCode::NO_CONTENT;
            answer
        }
        _ => problem(&refusal),
    };
    if let Some(allow) = allow {
        answer.headers_mut().insert(header::ALLOW, allow);
    }
    answer
}
