//! Everything that answers and ends: publishing, history, channels, removal, health.
//!
//! - [`api`]: the routes over a [`Node`](fanfare_node::Node), as an [`axum::Router`] that whoever owns the
//!   sockets calls;
//! - [`ALL`]: every route, as data: routing, `Allow`, the table in `docs/api.md` and the tests are made from it;
//! - [`openapi()`]: the same list, with what each row says of its `operation`, as an OpenAPI document.
//!
//! A request passes, outermost first: what is around every route (`around`, with `target` for the path, `cors` for
//! other origins, the request's name, [`Counts`], and `traced` for whoever traces), the check of its query (`api`), and its route (`routes`), which takes the grant (`granted`) and the
//! body within its limit (`intake`) and answers JSON or a problem document (`answer`). Held-open responses are not
//! here: the transport takes those requests before.

mod answer;
mod api;
mod around;
mod cors;
mod counts;
mod etag;
mod feeds;
mod files;
mod find;
mod granted;
mod intake;
mod links;
mod meant;
mod openapi;
mod operation;
mod parted;
mod receipt;
mod routes;
mod state;
mod target;
mod traced;

pub use api::{Options, api};
pub use counts::Counts;
pub use openapi::openapi;
pub use operation::Parameter;
pub use routes::{ALL, Route};
pub use state::Scrape;
