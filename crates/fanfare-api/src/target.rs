//! The path of a request below `/c/`. A channel's name has any number of segments and what belongs to a channel
//! begins with `$`, which a router of single segments cannot tell apart: so the name is taken out before routing.
//!
//! ```text
//! /c/market/eurusd/$at/17   ->   Target { name: "market/eurusd" }   and   /c/_/$at/17
//! ```

use crate::answer::Refused;
use axum::extract::{FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use fanfare_proto::{Channel, Code, Pattern, Position, Refusal, decode_path};
use http::request::Parts;
use http::uri::{PathAndQuery, Uri};

const PLACEHOLDER: &str = "_";

/// The channel or pattern that a path names, decoded and not yet checked.
#[derive(Clone)]
pub(crate) struct Target {
    name: Box<str>,
}

impl Target {
    /// The name as a channel's.
    pub(crate) fn channel(&self) -> Result<Channel, Refusal> {
        Channel::parse(&self.name).map_err(|error| Refusal::new(Code::BAD_NAME, error.to_string()))
    }

    /// The name as a pattern, of which a channel's name is the simplest.
    pub(crate) fn pattern(&self) -> Result<Pattern, Refusal> {
        Pattern::parse(&self.name).map_err(|error| Refusal::new(Code::BAD_NAME, error.to_string()))
    }
}

impl<S: Sync> FromRequestParts<S> for Target {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Target, Response> {
        let nowhere = || Refused(Refusal::new(Code::NOT_FOUND, "the path names no channel")).into_response();
        parts.extensions.get::<Target>().cloned().ok_or_else(nowhere)
    }
}

/// The path of a route as the router takes it: `<channel>` is taken out by then, other parts are one segment.
pub(crate) fn template(path: &str) -> String {
    path.replace("<channel>", PLACEHOLDER).replace('<', "{").replace('>', "}")
}

/// Takes the channel's name out of a request's path, if it names one.
pub(crate) fn fold(request: &mut Request) -> Result<(), Refusal> {
    if let Some((target, uri)) = split(request.uri())? {
        *request.uri_mut() = uri;
        request.extensions_mut().insert(target);
    }
    Ok(())
}

fn split(uri: &Uri) -> Result<Option<(Target, Uri)>, Refusal> {
    let Some(path) = uri.path().strip_prefix("/c/") else { return Ok(None) };
    let belongs = |at: &usize| path[at + 1..].starts_with('$') || path[at + 1..].starts_with("%24");
    let end = path.match_indices('/').map(|(at, _)| at).find(belongs).unwrap_or(path.len());
    let name = decode_path(&path[..end])?.into();
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let folded = format!("/c/{PLACEHOLDER}{}{query}", path[end..].replacen("/%24", "/$", 1));
    let folded = PathAndQuery::try_from(folded)
        .map_err(|error| Refusal::new(Code::BAD_REQUEST, format!("the path is malformed: {error}")))?;
    Ok(Some((Target { name }, Uri::from(folded))))
}

/// A position in a path.
pub(crate) fn position(text: &str) -> Result<Position, Refusal> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| digits);
    let wrong =
        || Refusal::new(Code::BAD_FIELD, "behind `$at/` stands a position: a whole number of 64 bits");
    number.map(Position).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_taken_out_of_the_path() {
        let table = [
            ("/c/a", "a", "/c/_"),
            ("/c/a/b?x=1", "a/b", "/c/_?x=1"),
            ("/c/a/b/$at/17?x", "a/b", "/c/_/$at/17?x"),
            ("/c/a/%24info", "a", "/c/_/$info"),
            ("/c/$sys/a/$info", "$sys/a", "/c/_/$info"),
            ("/c/caf%C3%A9/%2A%2A", "café/**", "/c/_"),
            ("/c/", "", "/c/_"),
            ("/c/a/", "a/", "/c/_"),
        ];
        for (given, name, folded) in table {
            let (target, uri) = split(&given.parse().unwrap()).unwrap().unwrap();
            assert_eq!((&*target.name, uri.to_string().as_str()), (name, folded), "{given}");
        }
        for other in ["/", "/c", "/channels", "/cc/a"] {
            assert!(split(&other.parse().unwrap()).unwrap().is_none(), "{other}");
        }
    }
}
