//! What a condition says: its message, with what set it off.

use super::{Condition, ConditionId};
use crate::{Position, Publish, TagValue, Time, limits};
use std::time::Duration;

/// Why it says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Turn {
    /// It became true.
    Fires,
    /// It still is.
    Repeats,
    /// It is over.
    Clears,
}

impl Turn {
    /// The word on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Turn::Fires => "fires",
            Turn::Repeats => "repeats",
            Turn::Clears => "clears",
        }
    }
}

/// One message to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// Which one of its condition: 1 is the first.
    pub number: u64,
    /// Why.
    pub turn: Turn,
    /// The channel of which that is true.
    pub channel: Box<str>,
    /// The message with which it became so, if there was one.
    pub position: Option<Position>,
    /// When that was.
    pub due: Time,
}

impl Condition {
    /// The message that is published for an occurrence. One whose time is long over is marked as late.
    pub fn message(&self, id: ConditionId, occurrence: &Occurrence, now: Time) -> Publish {
        let Occurrence { number, turn, channel, position, due } = occurrence;
        let mut publish = self.publish.clone();
        if let (Turn::Clears, Some(clear)) = (turn, &self.clear) {
            publish.content = clear.clone();
        }
        publish.id = Some(format!("{id}/{number}").into());
        let tags = &mut publish.content.tags;
        let mut text = |name: &str, value: &str| tags.insert(name.into(), TagValue::Text(value.into()));
        text("condition", &id.to_string());
        text("condition_channel", channel);
        text("condition_state", turn.name());
        if let Some(position) = position {
            tags.insert("condition_position".into(), TagValue::Number(position.0 as f64));
        }
        let late = Duration::from_millis(now.0.saturating_sub(due.0));
        if late > limits::SCHEDULE_LATE {
            tags.insert("late".into(), TagValue::Number(late.as_secs() as f64));
        }
        publish
    }
}
