//! How far a condition is: what is kept of what was said.

use crate::{Code, Cursor, GapReason, Position, Refusal, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a channel stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Nothing is the matter.
    Quiet,
    /// What fires is true, not yet for long enough; of one that waits for silence, it was heard.
    Pending,
    /// It fired, and is not over.
    Firing,
}

impl Phase {
    /// The word on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Phase::Quiet => "quiet",
            Phase::Pending => "pending",
            Phase::Firing => "firing",
        }
    }
}

/// How one channel stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Which way.
    pub phase: Phase,
    /// Since when.
    pub since: Time,
    /// When it fired last.
    pub fired: Option<Time>,
    /// The message with which that began; of one that waits for silence, the last that was heard.
    pub position: Option<Position>,
}

/// Messages that nobody can judge any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lost {
    /// When that was found.
    pub time: Time,
    /// Why.
    pub reason: GapReason,
}

/// How far a condition is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionState {
    /// Everything up to here is judged.
    pub cursor: Cursor,
    /// Time that has passed for it: that of what was judged last, a message or a clock.
    pub clock: Time,
    /// Messages that it has published.
    pub occurrences: u64,
    /// When it fired last.
    pub fired: Option<Time>,
    /// Channels that are not quiet, or fired a short while ago; of one that waits for silence, all that were heard. At most
    /// [`limits::CONDITION_CHANNELS`](crate::limits::CONDITION_CHANNELS).
    pub channels: BTreeMap<Box<str>, Standing>,
    /// Messages that were not judged, because their channel was one too many.
    pub left_out: u64,
    /// The last that was lost.
    pub lost: Option<Lost>,
}

/// Channel, phase, since, fired, position.
type KeptChannel = (Box<str>, Phase, u64, Option<u64>, Option<u64>);

/// As it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    cursor: String,
    clock: u64,
    occurrences: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fired: Option<u64>,
    channels: Vec<KeptChannel>,
    #[serde(default)]
    left_out: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lost: Option<(u64, String)>,
}

impl ConditionState {
    /// As it is stored.
    pub fn record(&self) -> Vec<u8> {
        let channels = self.channels.iter().map(|(channel, standing)| {
            let Standing { phase, since, fired, position } = *standing;
            (channel.clone(), phase, since.0, fired.map(|time| time.0), position.map(|place| place.0))
        });
        let kept = Kept {
            cursor: self.cursor.to_string(),
            clock: self.clock.0,
            occurrences: self.occurrences,
            fired: self.fired.map(|time| time.0),
            channels: channels.collect(),
            left_out: self.left_out,
            lost: self.lost.map(|lost| (lost.time.0, lost.reason.name().to_owned())),
        };
        serde_json::to_vec(&kept).unwrap_or_else(|_| unreachable!("texts and numbers are always JSON"))
    }

    /// Reads what is stored.
    pub fn read_record(record: &[u8]) -> Result<ConditionState, Refusal> {
        let damaged = |why: String| Refusal::new(Code::STORE_DAMAGED, why);
        let kept: Kept = serde_json::from_slice(record).map_err(|error| damaged(error.to_string()))?;
        let channels = kept.channels.into_iter().map(|(channel, phase, since, fired, position)| {
            let (fired, position) = (fired.map(Time), position.map(Position));
            (channel, Standing { phase, since: Time(since), fired, position })
        });
        let lost = kept.lost.map(|(time, reason)| -> Result<Lost, Refusal> {
            let reason = GapReason::parse(&reason).ok_or_else(|| damaged(format!("`{reason}`")))?;
            Ok(Lost { time: Time(time), reason })
        });
        Ok(ConditionState {
            cursor: Cursor::parse(&kept.cursor).map_err(|error| damaged(error.to_string()))?,
            clock: Time(kept.clock),
            occurrences: kept.occurrences,
            fired: kept.fired.map(Time),
            channels: channels.collect(),
            left_out: kept.left_out,
            lost: lost.transpose()?,
        })
    }
}
