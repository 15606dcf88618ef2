//! A condition as it is kept and as it is shown.

use super::{Condition, ConditionId, ConditionState, Phase, Rule, Standing};
use crate::door::item;
use crate::door::{Own, bad, short};
use crate::put::Shown;
use crate::{Code, Content, Refusal, Time, envelope, json, media, shown_duration};
use std::sync::Arc;
use std::time::Duration;

/// The fields of a record.
const GIVEN: &[&str] = &["condition", "created", "publisher"];

/// A condition that is kept. Equal ones were asked for by equal texts.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptCondition {
    /// Its name.
    pub id: ConditionId,
    /// When it was made.
    pub created: Time,
    /// Who made it.
    pub publisher: Option<Box<str>>,
    /// The request that asked for it: JSON that [`Condition::read`] reads.
    pub text: Box<str>,
    /// What is asked for.
    pub condition: Condition,
}

/// A condition and how far it is, for whoever asks.
#[derive(Debug, Clone, PartialEq)]
pub struct ConditionView {
    /// The condition.
    pub kept: Arc<KeptCondition>,
    /// How far it is; in a list, with its channels counted and not named.
    pub state: ConditionState,
    /// How many channels are pending.
    pub pending: usize,
    /// How many channels are firing.
    pub firing: usize,
}

impl KeptCondition {
    /// As it is stored.
    pub fn record(&self) -> Vec<u8> {
        let mut out = vec![b'{'];
        json::quoted("created", self.created, &mut out);
        if let Some(publisher) = &self.publisher {
            json::string("publisher", publisher, &mut out);
        }
        json::name("condition", &mut out);
        out.extend_from_slice(self.text.as_bytes());
        out.push(b'}');
        out
    }

    /// Reads what is stored.
    pub fn read_record(id: ConditionId, record: &[u8]) -> Result<KeptCondition, Refusal> {
        let text = std::str::from_utf8(record)
            .map_err(|_| Refusal::new(Code::BAD_JSON, "the record is not UTF-8"))?;
        let (own, _) = Own::split(item::members(text)?, GIVEN);
        let publisher = own.text("publisher")?.map(|publisher| short("publisher", &publisher)).transpose()?;
        let text = own.get("condition").ok_or_else(|| bad("condition", "it is missing"))?.get();
        let condition = Condition::read(text)?;
        Ok(KeptCondition { id, created: own.moment("created")?, publisher, text: text.into(), condition })
    }
}

impl ConditionView {
    /// The answer to whoever made it.
    pub fn write_receipt(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        self.place(out);
        out.push(b'}');
    }

    /// All of it, as people and programs see it.
    pub fn write(&self, out: &mut Vec<u8>) {
        let Condition { publish, clear, repeat, pause, .. } = &self.kept.condition;
        out.push(b'{');
        self.place(out);
        self.rule(out);
        duration("repeat", *repeat, out);
        duration("pause", Some(*pause), out);
        json::quoted("created", self.kept.created, out);
        self.state(out);
        duration("ttl", publish.ttl, out);
        envelope::details(&publish.content, None, out);
        envelope::body(&publish.content, out);
        if let Some(clear) = clear {
            body_as("clear", clear, out);
        }
        out.push(b'}');
    }

    fn place(&self, out: &mut Vec<u8>) {
        let KeptCondition { id, condition, .. } = &*self.kept;
        json::quoted("condition", Shown(id), out);
        json::string("channel", condition.publish.channel.as_str(), out);
        json::string("watch", condition.watch.as_str(), out);
    }

    fn rule(&self, out: &mut Vec<u8>) {
        match &self.kept.condition.rule {
            Rule::Holds { when, until, time } => {
                json::string("when", when.as_str(), out);
                if let Some(until) = until {
                    json::string("until", until.as_str(), out);
                }
                duration("for", Some(*time), out);
            }
            Rule::Silent { time, when } => {
                if let Some(when) = when {
                    json::string("when", when.as_str(), out);
                }
                duration("silent", Some(*time), out);
            }
        }
    }

    /// How the channels stand that matter most.
    pub fn phase(&self) -> Phase {
        let is_silent = matches!(self.kept.condition.rule, Rule::Silent { .. });
        match (self.firing, self.pending) {
            (1.., _) => Phase::Firing,
            (_, 1..) if !is_silent => Phase::Pending,
            _ => Phase::Quiet,
        }
    }

    fn state(&self, out: &mut Vec<u8>) {
        let ConditionState { occurrences, fired, left_out, lost, channels, cursor, .. } = &self.state;
        json::string("state", self.phase().name(), out);
        json::plain("pending", self.pending, out);
        json::plain("firing", self.firing, out);
        json::plain("published", *occurrences, out);
        if let Some(fired) = fired {
            json::quoted("fired", *fired, out);
        }
        if *left_out > 0 {
            json::plain("left_out", *left_out, out);
        }
        if let Some(lost) = lost {
            json::name("lost", out);
            out.push(b'{');
            json::quoted("time", lost.time, out);
            json::string("reason", lost.reason.name(), out);
            out.push(b'}');
        }
        json::quoted("cursor", cursor, out);
        if channels.is_empty() {
            return;
        }
        json::name("channels", out);
        out.push(b'[');
        channels.iter().for_each(|(channel, standing)| standing.write(channel, out));
        out.push(b']');
    }
}

impl Standing {
    fn write(&self, channel: &str, out: &mut Vec<u8>) {
        json::separator(out);
        out.push(b'{');
        json::string("channel", channel, out);
        json::string("state", self.phase.name(), out);
        json::quoted("since", self.since, out);
        if let Some(fired) = self.fired {
            json::quoted("fired", fired, out);
        }
        if let Some(position) = self.position {
            json::plain("position", position, out);
        }
        out.push(b'}');
    }
}

fn duration(name: &str, time: Option<Duration>, out: &mut Vec<u8>) {
    if let Some(time) = time {
        json::string(name, &shown_duration(time), out);
    }
}

/// A body as a JSON value or text, under another name.
fn body_as(name: &str, content: &Content, out: &mut Vec<u8>) {
    let text = String::from_utf8_lossy(&content.body);
    let said_json = content.content_type.as_deref().is_some_and(media::is_json);
    json::name(name, out);
    match said_json && json::is_sound(text.as_bytes()) {
        true => out.extend(text.bytes().map(|byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { byte })),
        false => json::text(&text, out),
    }
}
