//! Retention of the memory log, in short steps.

use super::compact;
use super::state::State;
use crate::Trimmed;
use fanfare_proto::{Channel, Message, NamespaceId, Time};
use std::sync::Arc;

/// Messages removed in one step: some milliseconds of work.
const STEP: u64 = 4 * 1024;

/// One step: first what is superseded, then what channels have too many of, what is too old, then what is too much for a namespace.
pub(super) fn step(state: &mut State, now: Time) -> Trimmed {
    let (looked, superseded) = compact::step(state, STEP, now);
    let mut removed = 0;
    while removed < STEP {
        // What is superseded goes first.
        let crowded = state.crowded.iter().find(|channel| !state.due.channels.contains(*channel));
        let next = state.begun.as_ref().or(crowded);
        let Some(channel) = next.cloned() else { break };
        removed += trim_channel(state, channel, STEP - removed, now);
    }
    for index in 0..state.spaces.len() {
        while let (Some(message), true) = (too_much(state, index, now), removed < STEP) {
            state.trim(&message, now);
            removed += 1;
        }
    }
    state.forget_empty();
    let through = std::mem::take(&mut state.trimmed);
    Trimmed { removed, superseded, through, more: removed >= STEP || looked >= STEP }
}

/// Trims a channel to its limit, if it still is crowded; once begun, it is trimmed to the end.
fn trim_channel(state: &mut State, channel: Channel, most: u64, now: Time) -> u64 {
    let begun = state.begun.take().is_some();
    state.crowded.remove(&channel);
    let Some(line) = state.channels.get(&channel) else { return 0 };
    let messages = line.messages.len() as u64;
    if !begun && !state.rules.is_crowded(line.namespace, messages) {
        return 0;
    }
    let excess = state.rules.excess(line.namespace, messages);
    let count = excess.min(most);
    let oldest: Vec<Arc<Message>> = line.messages.iter().take(count as usize).cloned().collect();
    oldest.iter().for_each(|message| state.trim(message, now));
    if count < excess {
        state.crowded.insert(channel.clone());
        state.begun = Some(channel);
    }
    count
}

/// The oldest message of a namespace, if it is to go.
fn too_much(state: &State, index: usize, now: Time) -> Option<Arc<Message>> {
    let (space, keep) = (&state.spaces[index], state.rules.of(NamespaceId(index as u16)));
    let (_, oldest) = space.messages.first_key_value()?;
    let old = oldest.time.after(keep.age) <= now;
    (old || space.bytes > keep.bytes).then(|| oldest.clone())
}
