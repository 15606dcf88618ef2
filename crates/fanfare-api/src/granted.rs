//! What the caller may do. The one place that decides it: a token read from the request goes here.

use crate::state::Api;
use axum::extract::FromRequestParts;
use fanfare_proto::Grant;
use http::request::Parts;
use std::convert::Infallible;
use std::sync::Arc;

/// The grant of a request.
pub(crate) struct Granted(pub(crate) Arc<Grant>);

impl FromRequestParts<Api> for Granted {
    type Rejection = Infallible;

    async fn from_request_parts(_parts: &mut Parts, api: &Api) -> Result<Granted, Infallible> {
        Ok(Granted(api.grant.clone()))
    }
}
