//! Descriptors: one for each reader.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the number of descriptors this process may have to what its administrator allows. Shells start programs
/// with 1,024, for the sake of those that use `select`.
pub(crate) fn raise() {
    let limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return;
    }
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => tracing::debug!(descriptors = limit.maximum, "raised the limit of descriptors"),
        Err(error) => {
            tracing::warn!(%error, descriptors = limit.current, "the limit of descriptors could not be raised");
        }
    }
}
