//! What every route works with.

use crate::counts::Counts;
use crate::intake::Intake;
use bytes::Bytes;
use fanfare_egress::Addresses;
use fanfare_node::{Node, Traces, Webhooks};
use fanfare_proto::Grant;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// Makes the text of `/metrics`, in the form of OpenMetrics.
pub type Scrape = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = String> + Send>> + Send + Sync>;

/// What every route sees. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) node: Node,
    pub(crate) webhooks: Webhooks,
    pub(crate) addresses: Arc<Addresses>,
    pub(crate) grant: Arc<Grant>,
    pub(crate) intake: Intake,
    pub(crate) counts: Arc<Counts>,
    pub(crate) scrape: Scrape,
    /// Who is told of each request.
    pub(crate) traces: Option<Arc<dyn Traces>>,
    /// The document that describes all routes.
    pub(crate) document: Bytes,
}
