//! The routes over a node, as one service.

use crate::intake::Intake;
use crate::state::Api;
use crate::{ALL, Route, answer, around, openapi, target};
use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::Response;
use fanfare_node::Node;
use fanfare_proto::{Grant, LATER_FIELDS, LATER_PARAMETERS, Query};
use std::sync::Arc;
use tower::Layer;

/// What is decided outside.
pub struct Options {
    /// What a caller without a token may do.
    pub grant: Arc<Grant>,
}

impl Default for Options {
    fn default() -> Options {
        Options { grant: Arc::new(Grant::open()) }
    }
}

/// Every route of [`ALL`] over a node. Takes requests of any body type, and is cheap to clone.
pub fn api(node: Node, options: Options) -> Router {
    let document = format!("{:#}\n", openapi::openapi()).into();
    let api = Api { node, grant: options.grant, intake: Intake::default(), document };
    let routes = ALL.iter().fold(Router::new(), |router, route| {
        let checked = middleware::from_fn(|request, next| known(route, request, next));
        router.route(&target::template(route.path), (route.serve)().route_layer(checked))
    });
    // Around the router, not in it: it sees the path before it is routed.
    let around = middleware::from_fn_with_state(api.clone(), around::around);
    Router::new().fallback_service(around.layer(routes.with_state(api)))
}

/// Refuses query parameters that a route does not know, before it reads anything else.
async fn known(route: &Route, request: Request, next: Next) -> Response {
    let known: Vec<&str> = route.query.iter().map(|parameter| parameter.name).collect();
    let checked = match request.uri().query() {
        Some(query) => Query::parse(query)
            .and_then(|query| query.only(&known, &[LATER_PARAMETERS, LATER_FIELDS].concat())),
        None => Ok(()),
    };
    match checked {
        Ok(()) => next.run(request).await,
        Err(refusal) => answer::problem(&refusal),
    }
}
