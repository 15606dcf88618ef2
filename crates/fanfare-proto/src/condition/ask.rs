//! A condition as it is asked for: an envelope, and what is to be true of which channels.

use super::{Condition, Rule};
use crate::door::item::{self, FIELDS};
use crate::door::{Own, bad};
use crate::{Code, Content, Pattern, Publish, Refusal, limits, quote, shown_duration};
use serde_json::value::RawValue;
use std::time::Duration;

/// The fields of a condition that a message has not.
const OWN: &[&str] = &["clear", "for", "pause", "repeat", "silent", "until", "watch", "when"];
/// What says what a message is made of.
const BODY: &[&str] = &["body", "body_base64"];

impl Condition {
    /// Reads the body of a request: an envelope with `watch`; `when`, `until` and `for`, or `silent` and perhaps `when`;
    /// and `repeat`, `pause`, `clear`.
    pub fn read(text: &str) -> Result<Condition, Refusal> {
        let object = item::members(text)?;
        // It is for no time that anybody knows.
        let said = FIELDS.iter().filter(|name| !["at", "delay"].contains(*name));
        let known: Vec<&str> = said.chain(OWN).copied().collect();
        if let Some((name, _)) = object.iter().find(|(name, _)| !known.contains(&&**name)) {
            return Err(item::unknown(name, &known));
        }
        let (own, said) = Own::split(object, OWN);
        let publish = item::said(&said)?;
        let watch = watch(&own, &publish)?;
        let clear = own.get("clear").map(|clear| content(&said, clear)).transpose()?;
        let (rule, repeat) = (rule(&own)?, within(&own, "repeat", limits::CONDITION_PAUSE)?);
        let pause = within(&own, "pause", limits::CONDITION_PAUSE)?.unwrap_or(limits::CONDITION_PAUSE);
        let tags = publish.content.tags.len();
        if tags > limits::CONDITION_TAGS {
            let why =
                format!("{tags} tags; at most {}, the others say what set it off", limits::CONDITION_TAGS);
            return Err(bad("tags", why));
        }
        Ok(Condition { publish, clear, watch, rule, repeat, pause })
    }
}

fn watch(own: &Own<'_>, publish: &Publish) -> Result<Pattern, Refusal> {
    let missing = "it is missing: the channel that is judged, or a pattern of several";
    let text = own.text("watch")?.ok_or_else(|| bad("watch", missing))?;
    let watch = Pattern::parse(&text).map_err(|error| {
        Refusal::new(Code::BAD_NAME, format!("watch: `{}`: {error}", quote::shown(&text)))
    })?;
    if watch.matches(publish.channel.as_str()) {
        let channel = &publish.channel;
        let why =
            format!("`{channel}` is watched by `{watch}`: a condition does not hear what it says itself");
        return Err(bad("channel", why));
    }
    Ok(watch)
}

fn rule(own: &Own<'_>) -> Result<Rule, Refusal> {
    let (when, until) = (own.filter("when")?, own.filter("until")?);
    let time = within(own, "for", Duration::ZERO)?;
    let Some(silent) = within(own, "silent", limits::CONDITION_PAUSE)? else {
        let Some(when) = when else {
            let rest = "a filter such as body.temp > 90; or say with `silent` after how long of silence";
            return Err(bad("when", format!("it is missing: {rest}")));
        };
        return Ok(Rule::Holds { when, until, time: time.unwrap_or_default() });
    };
    match (until, time) {
        (Some(_), _) => Err(bad("until", "it is not for `silent`, which is over once something is said")),
        (_, Some(_)) => Err(bad("for", "it is not for `silent`, which says how long itself")),
        (None, None) => Ok(Rule::Silent { time: silent, when }),
    }
}

/// A duration that is not too short and not too long.
fn within(own: &Own<'_>, field: &str, least: Duration) -> Result<Option<Duration>, Refusal> {
    let Some(time) = own.duration(field)? else { return Ok(None) };
    let allowed = least..=limits::SCHEDULE_TIME;
    if allowed.contains(&time) {
        return Ok(Some(time));
    }
    let (least, most) = (shown_duration(least), shown_duration(limits::SCHEDULE_TIME));
    Err(bad(field, format!("it is {}; {least} to {most} are allowed", shown_duration(time))))
}

/// The same message with another body.
fn content(said: &[(String, &RawValue)], clear: &RawValue) -> Result<Content, Refusal> {
    let rest = said.iter().filter(|(name, _)| !BODY.contains(&&**name)).cloned();
    let object: Vec<_> = rest.chain([("body".to_owned(), clear)]).collect();
    let refused = |refusal: Refusal| {
        Refusal::new(refusal.code, format!("clear: {}", refusal.detail.trim_start_matches("body: ")))
    };
    item::build(&object).map(|publish| publish.content).map_err(refused)
}
