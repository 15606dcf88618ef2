//! What one worker counts, beside its work.

use fanfare_node::{Count, Refusals};

/// What one worker counts; it alone adds.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Sockets that came.
    pub(crate) sockets: Count,
    /// Responses that were begun and are held open...
    pub(crate) held: Count,
    /// ...and connections that became WebSockets.
    pub(crate) upgraded: Count,
    /// Publishes that the worker answered itself: accepted...
    pub(crate) published: Count,
    /// ...known already...
    pub(crate) repeated: Count,
    /// ...and refused.
    pub(crate) unpublished: Refusals,
    /// Requests that came no further than the front.
    pub(crate) refused: Refusals,
}
