//! Forgetting channels that have had no messages for long, once there are too many of them: names are cheap to make up.

use super::channel;
use super::error::meaning;
use super::heads::ChannelId;
use super::trim::Step;
use crate::StoreError;
use std::collections::BTreeSet;

/// Channels forgotten in one step at the most: each is a row and its place in the index of names.
const STEP: usize = 64;

/// Forgets channels without messages beyond so many. Answers which of the set are settled.
pub(super) fn step(
    step: &mut Step<'_>,
    empty: &BTreeSet<ChannelId>,
    most: usize,
) -> Result<Vec<ChannelId>, StoreError> {
    let mut settled = Vec::new();
    for id in empty.iter().take(empty.len().saturating_sub(most)) {
        if settled.len() >= STEP || step.is_over() {
            step.leave_undone();
            break;
        }
        step.look();
        // One that was dropped meanwhile has no name any more.
        if let Some(name) = channel::name_of(step.connection, *id).map_err(meaning)? {
            step.forget(&channel::parse(&name)?)?;
        }
        settled.push(*id);
    }
    Ok(settled)
}
