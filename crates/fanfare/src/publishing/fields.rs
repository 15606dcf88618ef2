//! What a message carries beside its body, as flags, as a query and as JSON.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::remote::Target;
use clap::Args;
use serde_json::{Map, Value};

/// Everything but the channel and the body.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Message")]
pub struct Fields {
    /// Say it once, however often it is sent: the same id again is answered with the first position. With --lines,
    /// each line's id is ID, a dash and its number
    #[arg(long)]
    pub id: Option<String>,

    /// What the message is about: where only the last counts, it replaces older ones of the same key
    #[arg(long)]
    key: Option<String>,

    /// Do not deliver it after this long: 90 (seconds), 10m, 2h; 0 is now or never
    #[arg(long, value_name = "DURATION")]
    ttl: Option<String>,

    /// How urgent it is: 1 (least) to 5 (most)
    #[arg(long, value_name = "1..5", value_parser = clap::value_parser!(u8).range(1..=5))]
    priority: Option<u8>,

    /// A tag, as often as needed; true, false and numbers are what they look like
    #[arg(long = "tag", value_name = "NAME=VALUE")]
    tags: Vec<String>,

    /// The kind of event; `event:` of an event stream
    #[arg(long)]
    event: Option<String>,

    /// The media type of the body; without one it is text if it is UTF-8, else bytes
    #[arg(long, value_name = "TYPE")]
    pub content_type: Option<String>,

    /// What a person sees, as a JSON object: '{"title":"Disk full"}'
    #[arg(long, value_name = "JSON")]
    notice: Option<String>,
}

impl Fields {
    /// Refuses what no server would take.
    pub fn check(&self) -> Result<(), Failure> {
        for tag in &self.tags {
            let good = tag.split_once('=').is_some_and(|(name, _)| !name.trim().is_empty());
            if !good {
                let what = format!("`--tag {tag}` has no name or no value");
                return Err(Failure::new(Exit::USAGE, what).next("write it as --tag region=eu"));
            }
        }
        let object = |text: &String| serde_json::from_str::<Map<String, Value>>(text).is_err();
        if self.notice.as_ref().is_some_and(object) {
            let failure = Failure::new(Exit::USAGE, "the notice is not a JSON object");
            return Err(failure.next("write it as --notice '{\"title\":\"Disk full\"}'"));
        }
        Ok(())
    }

    /// Adds them to the target of a body that is published as it is. The media type is its header.
    pub fn query(&self, target: Target) -> Target {
        let tags = (!self.tags.is_empty()).then(|| self.tags.join(","));
        target
            .with_some("id", self.id.as_ref())
            .with_some("key", self.key.as_ref())
            .with_some("ttl", self.ttl.as_ref())
            .with_some("priority", self.priority.map(|priority| priority.to_string()))
            .with_some("tags", tags)
            .with_some("event", self.event.as_ref())
            .with_some("notice", self.notice.as_ref())
    }

    /// What all envelopes of these fields have in common: everything but id and body.
    pub fn envelope(&self, channel: &str) -> Map<String, Value> {
        let mut envelope = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                envelope.insert(name.to_owned(), value);
            }
        };
        put("channel", Some(channel.into()));
        put("key", self.key.clone().map(Value::from));
        put("ttl", self.ttl.clone().map(Value::from));
        put("priority", self.priority.map(Value::from));
        put("event", self.event.clone().map(Value::from));
        put("content_type", self.content_type.clone().map(Value::from));
        put("notice", self.notice.as_ref().and_then(|notice| serde_json::from_str(notice).ok()));
        let tags = self.tags.iter().filter_map(|tag| tag.split_once('='));
        let tags: Map<String, Value> =
            tags.map(|(name, value)| (name.to_owned(), tag_value(value))).collect();
        put("tags", (!tags.is_empty()).then_some(Value::Object(tags)));
        envelope
    }
}

fn tag_value(text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => serde_json::from_str(text).unwrap_or_else(|_| text.into()),
            _ => text.into(),
        },
    }
}
