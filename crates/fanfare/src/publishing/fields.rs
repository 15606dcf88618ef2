//! What a message carries beside its body, as flags, as a query and as JSON.

use crate::exit::Exit;
use crate::failure::Failure;
use clap::Args;
use fanfare_client::Publishing;
use fanfare_proto::{Channel, Publish, Query, TagValue, read_bare};
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

    /// How urgent it is: 1 (least) to 5 (most), or min, low, default, high, max
    #[arg(long, value_name = "1..5")]
    priority: Option<String>,

    /// A tag, as often as needed. Numbers, true and false are what they look like, unless in quotes: 'zip="007"'
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
    /// Refuses what the server would refuse, with its own words.
    pub fn check(&self, channel: &str) -> Result<(), Failure> {
        self.publish(channel).map(|_| ())
    }

    /// Adds them to a message whose body is as it is.
    pub fn add_to(&self, publishing: Publishing) -> Publishing {
        let publishing = match &self.id {
            Some(id) => publishing.id(id),
            None => publishing,
        };
        let publishing = match &self.notice {
            Some(notice) => publishing.notice(notice),
            None => publishing,
        };
        self.texts().into_iter().fold(publishing, |publishing, (name, value)| publishing.field(name, value))
    }

    /// Those that are text as they stand, by their names on the wire.
    fn texts(&self) -> Vec<(&'static str, String)> {
        let tags =
            (!self.tags.is_empty()).then(|| self.tags.iter().map(|tag| quoted(tag)).collect::<Vec<_>>());
        let fields = [
            ("key", self.key.clone()),
            ("ttl", self.ttl.clone()),
            ("priority", self.priority.clone()),
            ("tags", tags.map(|tags| tags.join(","))),
            ("event", self.event.clone()),
            ("content_type", self.content_type.clone()),
        ];
        fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// What all envelopes of these fields have in common: everything but id and body.
    pub fn envelope(&self, channel: &str) -> Result<Map<String, Value>, Failure> {
        let Publish { channel, content, .. } = self.publish(channel)?;
        let text = |text: Option<&str>| text.map(Value::from);
        let tags: Map<String, Value> =
            content.tags.into_iter().map(|(name, value)| (name.into(), tag_value(value))).collect();
        let notice = content.notice.as_deref().and_then(|notice| serde_json::from_str(notice).ok());
        let fields = [
            ("channel", text(Some(channel.as_str()))),
            ("key", text(content.key.as_deref())),
            ("ttl", text(self.ttl.as_deref())),
            ("priority", content.priority.map(Value::from)),
            ("tags", (!tags.is_empty()).then_some(Value::Object(tags))),
            ("event", text(content.event.as_deref())),
            ("content_type", text(content.content_type.as_deref())),
            ("notice", notice),
        ];
        Ok(fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect())
    }

    /// A body as it stands in the envelope: JSON as what it is, if that is its type.
    pub fn body(&self, text: &str) -> Value {
        let is_json = self.content_type.as_deref().is_some_and(|said| said.contains("json"));
        let json = is_json.then(|| serde_json::from_str(text).ok()).flatten();
        json.unwrap_or_else(|| Value::String(text.to_owned()))
    }

    /// The fields as the server will read them.
    fn publish(&self, channel: &str) -> Result<Publish, Failure> {
        let usage = |detail: String| Failure::new(Exit::USAGE, detail);
        let channel = Channel::parse(channel)
            .map_err(|error| usage(format!("`{channel}` is not the name of a channel: {error}")))?;
        let more = [("id", self.id.clone()), ("notice", self.notice.clone())];
        let more = more.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let query = Query::of(self.texts().into_iter().chain(more).collect());
        let read = read_bare(channel, &query, |_| std::iter::empty(), Default::default());
        read.map_err(|refusal| usage(refusal.detail))
    }
}

/// A tag as it stands in a list of tags: with quotes around what would end it.
fn quoted(tag: &str) -> String {
    match tag.split_once('=') {
        Some((name, value)) if value.contains(',') && !value.starts_with('"') => {
            let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
            format!("{name}=\"{escaped}\"")
        }
        _ => tag.to_owned(),
    }
}

fn tag_value(value: TagValue) -> Value {
    match value {
        TagValue::Text(text) => Value::String(text.into()),
        TagValue::Number(number) => Value::from(number),
        TagValue::Bool(bool) => Value::Bool(bool),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fields(tags: &[&str]) -> Fields {
        Fields {
            id: Some("i".into()),
            key: Some("k&é".into()),
            ttl: Some("10m".into()),
            priority: Some("high".into()),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            event: Some("e".into()),
            content_type: Some("text/plain".into()),
            notice: Some("{\"title\":\"t\"}".into()),
        }
    }

    #[test]
    fn an_envelope_says_what_the_query_says() {
        let fields = fields(&["n=1.5", "on", "zip=\"007\"", "list=a, \"b\" \\", "e=a=b"]);
        let tags = json!({"n": 1.5, "on": true, "zip": "007", "list": "a, \"b\" \\", "e": "a=b"});
        let expected = json!({
            "channel": "a/b", "key": "k&é", "ttl": "10m", "priority": 4, "event": "e",
            "content_type": "text/plain", "notice": {"title": "t"}, "tags": tags,
        });
        assert_eq!(Value::Object(fields.envelope("a/b").unwrap()), expected);
    }

    #[test]
    fn what_the_server_would_refuse_is_refused_here() {
        let wrong = |change: fn(&mut Fields)| {
            let mut fields = fields(&[]);
            change(&mut fields);
            let failure = fields.check("a").unwrap_err();
            assert_eq!(failure.exit, Exit::USAGE);
            failure.what
        };
        assert!(wrong(|fields| fields.priority = Some("9".into())).contains("priority"));
        assert!(wrong(|fields| fields.ttl = Some("soon".into())).contains("soon"));
        assert!(wrong(|fields| fields.tags = vec!["=x".into()]).contains("tag"));
        assert!(wrong(|fields| fields.notice = Some("[]".into())).contains("JSON object"));
        assert!(fields(&[]).check("a//b").unwrap_err().what.contains("`a//b`"));
    }
}
