//! What every route works with.

use crate::intake::Intake;
use bytes::Bytes;
use fanfare_node::Node;
use fanfare_proto::Grant;
use std::sync::Arc;

/// What every route sees. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) node: Node,
    pub(crate) grant: Arc<Grant>,
    pub(crate) intake: Intake,
    /// The document that describes all routes.
    pub(crate) document: Bytes,
}
