//! Compaction in the memory log: channels are walked in pieces, so that nobody waits long for the lock.

use super::state::State;
use crate::compact::{Done, Walked};
use fanfare_proto::{Channel, Message, NamespaceId, Position, Time};
use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Arc;

/// A walk down one channel.
pub(super) struct Walk {
    channel: Channel,
    walked: Walked,
    /// What lies before is to be looked at.
    before: Position,
}

/// Walks channels that are to be walked, until so many messages were looked at. Answers how many were, and how many of
/// them are gone.
pub(super) fn step(state: &mut State, most: u64, now: Time) -> (u64, u64) {
    let (mut looked, mut superseded) = (0, 0);
    state.due.wake(now);
    while looked < most {
        let first = || state.due.in_turn().next().cloned();
        let begin = |channel| Walk { channel, walked: Walked::new(now), before: Position(u64::MAX) };
        let Some(mut walk) = state.walk.take().or_else(|| first().map(begin)) else { break };
        let (count, gone) = state.look(&mut walk, most - looked);
        superseded += gone.len() as u64;
        looked += count;
        state.supersede(&walk.channel, &gone);
        if looked < most {
            let Walk { channel, walked, .. } = walk;
            // It may have been dropped meanwhile.
            let line = state.channels.get(&channel).map(|line| (line.namespace, line.messages.len() as u64));
            let (namespace, done) = match line {
                Some((namespace, messages)) => (namespace, walked.done(channel.clone(), messages)),
                None => {
                    (NamespaceId(0), Done { channel: channel.clone(), stayed: 0, messages: 0, again: None })
                }
            };
            state.due.walked(&state.rules, namespace, &channel, done);
            // So that many short channels are not walked at once.
            looked += 1;
        } else {
            state.walk = Some(walk);
        }
    }
    (looked, superseded)
}

impl State {
    /// Looks at the next messages of a channel; answers how many, and which are superseded.
    fn look(&self, walk: &mut Walk, most: u64) -> (u64, HashSet<Position>) {
        let Some(line) = self.channels.get(&walk.channel) else { return (0, HashSet::new()) };
        let space = &self.spaces[usize::from(line.namespace.0)].messages;
        let end = line.messages.partition_point(|message| message.position < walk.before);
        let next: Vec<&Arc<Message>> = line.messages.range(..end).rev().take(most as usize).collect();
        walk.before = next.last().map_or(walk.before, |last| last.position);
        let is_kept = |target| Ok::<_, Infallible>(space.contains_key(&target));
        let gone = next.iter().filter(|message| {
            let Ok(stays) = walk.walked.keeps(message, is_kept);
            !stays
        });
        (next.len() as u64, gone.map(|message| message.position).collect())
    }

    fn supersede(&mut self, channel: &Channel, gone: &HashSet<Position>) {
        let Some(line) = self.channels.get_mut(channel).filter(|_| !gone.is_empty()) else { return };
        let mut left = std::mem::take(&mut line.messages);
        // Nearly all lie elsewhere.
        let (low, high) = (gone.iter().min().copied(), gone.iter().max().copied());
        let is_among = |position| Some(position) >= low && Some(position) <= high && gone.contains(&position);
        left.retain(|message| !is_among(message.position));
        let (namespace, head) = (line.namespace, line.head);
        let mut freed = 0;
        for position in gone {
            let Some(message) = self.space(namespace).messages.remove(position) else { continue };
            let size = message.content.size() as u64;
            self.space(namespace).bytes -= size;
            self.status.messages -= 1;
            self.status.bytes -= size;
            freed += size;
            self.forget_edits(&message);
        }
        if left.is_empty() {
            self.empty.insert(head, channel.clone());
        }
        if let Some(line) = self.channels.get_mut(channel) {
            line.bytes -= freed;
            line.messages = left;
        }
    }
}
