//! Retention by count: the oldest messages of channels that have too many.

use super::error::{damage, meaning};
use super::heads::Head;
use super::trim::{Oldest, Step};
use crate::StoreError;
use fanfare_proto::{Channel, Position};
use rusqlite::{OptionalExtension, Result as SqlResult};
use std::collections::BTreeSet;
use std::ops::Bound;

/// Where the next step goes on.
pub(super) struct Resume {
    channel: Channel,
    /// Whether this one was trimmed, but not to the end.
    begun: bool,
}

/// What a step made of the crowded channels.
#[derive(Default)]
pub(super) struct Crowd {
    /// These are crowded no more.
    pub(super) done: Vec<Channel>,
    pub(super) resume: Option<Resume>,
}

/// Trims channels, each to its limit, from where the step before ended, and around; but those that wait for what is superseded
/// to go.
pub(super) fn step(
    step: &mut Step<'_>,
    crowded: &BTreeSet<Channel>,
    resume: Option<&Resume>,
    waits: impl Fn(&Channel) -> bool,
) -> Result<Crowd, StoreError> {
    let mut crowd = Crowd::default();
    let first = resume.map_or("", |resume| resume.channel.as_str());
    let later = crowded.range::<str, _>((Bound::Included(first), Bound::Unbounded));
    let around = later.chain(crowded.range::<str, _>((Bound::Unbounded, Bound::Excluded(first))));
    for channel in around.filter(|channel| !waits(channel)) {
        let begun = resume.is_some_and(|resume| resume.begun && resume.channel == *channel);
        let over = step.is_over();
        if over || !uncrowd(step, channel, begun)? {
            crowd.resume = Some(Resume { channel: channel.clone(), begun: begun || !over });
            break;
        }
        crowd.done.push(channel.clone());
    }
    Ok(crowd)
}

/// Lets the oldest messages of a channel go that are beyond its limit, if it still is crowded; once begun, it is
/// trimmed to the end. Answers whether it is at its limit.
fn uncrowd(step: &mut Step<'_>, channel: &Channel, begun: bool) -> Result<bool, StoreError> {
    let Some(head) = step.head(channel)?.map(|head| *head) else { return Ok(true) };
    if !begun && !step.rules.is_crowded(head.namespace, head.messages) {
        return Ok(true);
    }
    let mut left = step.rules.excess(head.namespace, head.messages);
    let mut from = Some(head.gone.through);
    while let (Some(place), true) = (from, left > 0) {
        let (run, end) = oldest_run(step, &head, place).map_err(meaning)?;
        for row in run {
            if left == 0 {
                break;
            }
            step.look();
            step.lose(channel, &row)?;
            left -= u64::from(row.link.size.is_some());
        }
        from = end;
        if left > 0 && step.is_over() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The oldest rows of a channel after a place, up to its next milestone or its head, and where that milestone is.
fn oldest_run(step: &Step<'_>, head: &Head, from: Position) -> SqlResult<(Vec<Oldest>, Option<Position>)> {
    let connection = step.connection;
    let milestone =
        "SELECT position FROM milestone WHERE channel = ?1 AND position > ?2 ORDER BY position LIMIT 1";
    let mut statement = connection.prepare_cached(milestone)?;
    let end = statement.query_row((head.id.0, from.0), |row| row.get(0)).optional()?.map(Position);
    let mut statement = connection.prepare_cached(
        "SELECT position, previous, channel, time, size, sum, expires FROM message WHERE position = ?1",
    )?;
    let (mut run, mut next) = (Vec::new(), Some(end.unwrap_or(head.head)));
    while let Some(at) = next.filter(|at| *at > from) {
        let found = statement.query_row([at.0], Oldest::from_row).optional()?;
        let Some(row) = found.filter(|row| row.link.channel == head.id) else {
            if at <= head.gone.through.max(head.floor) {
                break;
            }
            let text = format!("the channel number {} has no message at position {at}", head.id.0);
            return Err(damage(text));
        };
        row.check()?;
        next = row.link.previous;
        run.push(row);
    }
    run.reverse();
    Ok((run, end))
}
