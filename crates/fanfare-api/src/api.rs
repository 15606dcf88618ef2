//! The routes over a node, as one service.

use crate::around::Answered;
use crate::counts::Counts;
use crate::intake::Intake;
use crate::state::{Api, Scrape};
use crate::{ALL, Route, answer, around, openapi, target};
use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::Response;
use fanfare_egress::Addresses;
use fanfare_node::{Node, Traces, Webhooks};
use fanfare_proto::{Code, Grant, HELD_PARAMETERS, LATER_PARAMETERS, Query, Refusal};
use fanfare_store::MemoryRecords;
use std::sync::Arc;
use tower::Layer;

/// What is decided outside.
pub struct Options {
    /// Those that are made and shown here; kept in memory unless told otherwise.
    pub webhooks: Webhooks,
    /// What they may call; public addresses unless told otherwise.
    pub addresses: Addresses,
    /// What a caller without a token may do.
    pub grant: Arc<Grant>,
    /// Where answers are counted.
    pub counts: Arc<Counts>,
    /// What `/metrics` answers.
    pub scrape: Scrape,
    /// Who is told of each request, if somebody is.
    pub traces: Option<Arc<dyn Traces>>,
}

impl Default for Options {
    fn default() -> Options {
        let nothing: Scrape = Arc::new(|| Box::pin(async { "# EOF\n".to_owned() }));
        let counts = Arc::new(Counts::new(ALL.len()));
        let webhooks = Webhooks::new(Arc::new(MemoryRecords::default()));
        Options {
            webhooks,
            addresses: Addresses::default(),
            grant: Arc::new(Grant::open()),
            counts,
            scrape: nothing,
            traces: None,
        }
    }
}

/// Every route of [`ALL`] over a node. Takes requests of any body type, and is cheap to clone.
pub fn api(node: Node, options: Options) -> Router {
    let Options { webhooks, addresses, grant, counts, scrape, traces } = options;
    let document = format!("{:#}\n", openapi::openapi()).into();
    let (addresses, intake) = (Arc::new(addresses), Intake::default());
    let api = Api { node, webhooks, addresses, grant, intake, counts, scrape, traces, document };
    let routes = ALL.iter().enumerate().fold(Router::new(), |router, (index, route)| {
        let checked = middleware::from_fn(move |request, next| known(index, route, request, next));
        router.route(&target::template(route.path), (route.serve)().route_layer(checked))
    });
    // Around the router, not in it: it sees the path before it is routed.
    let around = middleware::from_fn_with_state(api.clone(), around::around);
    Router::new().fallback_service(around.layer(routes.with_state(api)))
}

fn check(route: &Route, query: &Query<'_>) -> Result<(), Refusal> {
    let known: Vec<&str> = route.query.iter().map(|parameter| parameter.name).collect();
    match query.names().find(|name| HELD_PARAMETERS.contains(name) && !known.contains(name)) {
        Some(name) => {
            let why = "is for what is held open, such as `wait=30` or `via=sse`; this is answered at once";
            Err(Refusal::new(Code::UNKNOWN_FIELD, format!("the parameter `{name}` {why}")))
        }
        None => query.only(&known, LATER_PARAMETERS),
    }
}

/// Refuses query parameters that a route does not know, before it reads anything else; and says which route answered.
async fn known(index: usize, route: &Route, request: Request, next: Next) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let checked = Query::parse(query).and_then(|query| check(route, &query));
    let mut response = match checked {
        Ok(()) => next.run(request).await,
        Err(refusal) => answer::problem(&refusal),
    };
    response.extensions_mut().insert(Answered(index));
    response
}
