//! Reading pages of the memory log: runs of messages in order, merged.

use super::state::State;
use crate::gone::Gone;
use crate::page::Filling;
use crate::{ChannelInfo, Order, Page, Read};
use fanfare_proto::{Message, NamespaceId, Pattern, Position, Time};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Bound;
use std::sync::Arc;

/// Patterns tried in one page that finds little, so that the lock is not held long.
const TRIES: usize = 16 * 1024;

/// Messages in the order of reading.
type Run<'a> = Box<dyn Iterator<Item = &'a Arc<Message>> + 'a>;

pub(super) fn page(state: &State, read: &Read) -> Page {
    let forward = read.order == Order::Forward;
    let gap = if forward { gone(state, read).gap_after(read.from) } else { None };
    let end = if forward { state.status.head } else { Position::START };
    let mut filling = Filling::new(read);
    let literal = read.selection.is_literal();
    let runs = if literal { channel_runs(state, read) } else { space_runs(state, read) };
    let (mut tries, each) = (TRIES, read.selection.patterns().count());
    for message in merge(runs, read.order) {
        if filling.is_full() {
            break;
        }
        if literal || read.selection.matches(message.channel.as_str()) {
            state.shown(message, read).into_iter().for_each(|message| filling.push(message));
        }
        tries = tries.saturating_sub(each);
        if tries == 0 {
            return filling.finish(message.position, gap);
        }
    }
    filling.finish(end, gap)
}

/// What is gone of the wanted channels, known ones and forgotten ones.
fn gone(state: &State, read: &Read) -> Gone {
    read.selection.patterns().map(|pattern| gone_of(state, &pattern, read.from)).collect()
}

fn gone_of(state: &State, pattern: &Pattern, from: Position) -> Gone {
    if pattern.is_literal() {
        let namespace = state.rules.id_of(pattern.as_str());
        let known = state.channels.get(pattern.as_str()).map(|line| line.gone);
        return known.unwrap_or(state.spaces[usize::from(namespace.0)].gone);
    }
    let overlapping = state.rules.namespaces().iter().filter(|(_, rule)| rule.pattern.overlaps(pattern));
    let forgotten = overlapping.map(|(NamespaceId(index), _)| state.spaces[usize::from(index)].gone);
    let lossy = state.lossy.range((Bound::Excluded(from), Bound::Unbounded)).rev();
    let known = lossy.map(|(_, channel)| channel).find(|channel| pattern.matches(channel.as_str()));
    let known = known.and_then(|channel| state.channels.get(channel)).map(|line| line.gone);
    forgotten.chain(known).collect()
}

/// Where the names that a pattern can mean start.
fn after_name<'a>(pattern: &'a Pattern, after: &'a str) -> (Bound<&'a str>, Bound<&'a str>) {
    let prefix = pattern.literal_prefix();
    let start = if after >= prefix { Bound::Excluded(after) } else { Bound::Included(prefix) };
    (start, Bound::Unbounded)
}

fn channel_runs<'a>(state: &'a State, read: &Read) -> Vec<Run<'a>> {
    let wanted = read.selection.patterns();
    let lines = wanted.filter_map(|pattern| state.channels.get(pattern.as_str()));
    let run = |line: &'a super::state::Line| -> Run<'a> {
        let messages = &line.messages;
        match read.order {
            Order::Forward => {
                let at = messages.partition_point(|message| message.position <= read.from);
                Box::new(messages.range(at..))
            }
            Order::Backward => {
                let at = messages.partition_point(|message| message.position < read.from);
                Box::new(messages.range(..at).rev())
            }
        }
    };
    lines.map(run).collect()
}

fn space_runs<'a>(state: &'a State, read: &Read) -> Vec<Run<'a>> {
    let wanted = |pattern: &Pattern| read.selection.patterns().any(|wanted| wanted.overlaps(pattern));
    let rules = state.rules.namespaces().iter().filter(|(_, rule)| wanted(&rule.pattern));
    let run = |id: NamespaceId| -> Run<'a> {
        let messages = &state.spaces[usize::from(id.0)].messages;
        match read.order {
            Order::Forward => {
                let range = (Bound::Excluded(read.from), Bound::Unbounded);
                Box::new(messages.range(range).map(|(_, message)| message))
            }
            Order::Backward => Box::new(messages.range(..read.from).rev().map(|(_, message)| message)),
        }
    };
    rules.map(|(id, _)| run(id)).collect()
}

/// Merges runs into one, in the order of reading.
fn merge<'a>(mut runs: Vec<Run<'a>>, order: Order) -> impl Iterator<Item = &'a Arc<Message>> {
    let rank = move |message: &Message| match order {
        Order::Forward => message.position.0,
        Order::Backward => u64::MAX - message.position.0,
    };
    let mut next: Vec<Option<&'a Arc<Message>>> = runs.iter_mut().map(Iterator::next).collect();
    let first = next.iter().enumerate().filter_map(|(run, message)| message.map(|m| (rank(m), run)));
    let mut heap: BinaryHeap<Reverse<(u64, usize)>> = first.map(Reverse).collect();
    std::iter::from_fn(move || {
        let Reverse((_, run)) = heap.pop()?;
        let message = next[run].take();
        next[run] = runs[run].next();
        heap.extend(next[run].map(|message| Reverse((rank(message), run))));
        message
    })
}

/// The place just before the first message accepted at or after a moment.
pub(super) fn find(state: &State, time: Time) -> Position {
    let first = |space: &super::state::Space| {
        // Time rises with position: look at the whole range's halves, not at all of it.
        let (mut low, mut high) = (0, state.status.head.0 + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            match space.messages.range(Position(middle)..).next() {
                Some((position, message)) if message.time < time => low = position.0 + 1,
                _ => high = middle,
            }
        }
        space.messages.range(Position(low)..).next().map(|(position, _)| Position(position.0 - 1))
    };
    state.spaces.iter().filter_map(first).min().unwrap_or(state.status.head)
}

pub(super) fn channels(state: &State, pattern: &Pattern, after: &str, limit: usize) -> Vec<ChannelInfo> {
    state
        .channels
        .range::<str, _>(after_name(pattern, after))
        .take_while(|(channel, _)| channel.as_str().starts_with(pattern.literal_prefix()))
        .filter(|(channel, _)| pattern.matches(channel.as_str()))
        .take(limit)
        .map(|(channel, line)| ChannelInfo {
            channel: channel.clone(),
            head: line.head,
            published: line.published,
            messages: line.messages.len() as u64,
            bytes: line.bytes,
            trimmed_through: line.gone.through,
        })
        .collect()
}
