//! Every answer that a test sees is held against the OpenAPI document: its status and its content type are there.

use super::Answer;
use fanfare_api::{ALL, Route, openapi};
use serde_json::Value;
use std::sync::LazyLock;

static DOCUMENT: LazyLock<Value> = LazyLock::new(openapi);

/// Fails if the answer to a request of a route is not described. Who asks what no route knows is answered 404 and 405.
#[track_caller]
pub fn check(method: &str, target: &str, answer: &Answer) {
    let path = target.split('?').next().unwrap_or_default();
    // As the router does: what is written out comes before what stands for anything.
    let there = ALL.iter().map(|route| route.path).filter(|template| matches(template, path));
    let template = there.min_by_key(|template| template.matches('<').count());
    let of = |route: &&Route| Some(route.path) == template && route.methods.contains(&method);
    let Some(route) = ALL.iter().find(of) else { return };
    let template = route.path.replace('<', "{").replace('>', "}");
    let operation = &DOCUMENT["paths"][template.as_str()][method.to_ascii_lowercase()];
    let response = &operation["responses"][answer.status.as_str()];
    assert!(response.is_object(), "{method} {template} is not said to answer {}: {answer:?}", answer.status);
    let said = answer.header("content-type").split(';').next().unwrap_or_default();
    let described = match response["content"].as_object() {
        None => said.is_empty(),
        Some(content) => content.contains_key(said) || content.contains_key("*/*"),
    };
    assert!(described, "{method} {template} is not said to answer {} as {said:?}", answer.status);
    for name in ["location", "cursor", "etag", "link", "retry-after"] {
        let headers = response["headers"].as_object().into_iter().flatten();
        let described = headers.into_iter().any(|(header, _)| header.eq_ignore_ascii_case(name));
        assert!(
            described || !answer.headers.contains_key(name),
            "{method} {template}, {}: {name} is not described",
            answer.status
        );
    }
}

/// Whether a path is one that a route's means. A channel has any number of segments, and ends where `$` begins one.
fn matches(template: &str, path: &str) -> bool {
    match (template.strip_prefix("/c/<channel>"), path.strip_prefix("/c/")) {
        (Some(rest), Some(name)) => {
            let end = ["/$", "/%24"].iter().filter_map(|mark| name.find(mark)).min().unwrap_or(name.len());
            segments(rest, &name[end..].replacen("/%24", "/$", 1))
        }
        (None, None) => segments(template, path),
        _ => false,
    }
}

fn segments(template: &str, path: &str) -> bool {
    let (wanted, given) = (template.split('/'), path.split('/'));
    wanted.clone().count() == given.clone().count()
        && wanted.zip(given).all(|(wanted, given)| wanted.starts_with('<') || wanted == given)
}
