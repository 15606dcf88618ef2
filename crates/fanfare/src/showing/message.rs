//! One message in one line, for people.

use super::plain::{bytes, printable};
use super::terminal::Paint;
use fanfare_client::Message;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;

/// `14:03:22 ops/deploys  deploy finished  key=web region=eu`; of an edit with `edits=17`, of a delete `(deletes 17)`.
pub fn pretty(message: &Message, paint: Paint) -> String {
    let channel = printable(&message.channel);
    let mut line = format!("{} {}", paint.dim(moment(&message.time)), paint.strong(channel));
    let mut add = |text: &str| {
        // Writing into a String cannot fail.
        let _ = write!(line, "  {text}");
    };
    if let Some(notice) = &message.notice {
        add(&notice_text(notice));
    }
    match (message.deletes, message.text()) {
        (Some(target), _) => add(&paint.dim(format_args!("(deletes {target})"))),
        _ if message.deleted => add(&paint.dim("(deleted)")),
        (None, Some(text)) => add(&shown_lines(text)),
        (None, None) => add(&paint.dim(format_args!("({} of data)", bytes(message.body.len() as u64)))),
    }
    let fields = fields(message);
    if !fields.is_empty() {
        add(&paint.dim(printable(&fields)));
    }
    line
}

/// What a notice says: title and text; whole if it has neither.
fn notice_text(notice: &str) -> String {
    let fields: BTreeMap<String, Value> = serde_json::from_str(notice).unwrap_or_default();
    let words = ["title", "text"].into_iter().filter_map(|name| fields.get(name)?.as_str());
    let words = words.collect::<Vec<_>>().join(": ");
    printable(if words.is_empty() { notice } else { &words }).into_owned()
}

/// The time of day here, with the date when it is another one than today.
fn moment(time: &str) -> String {
    let Ok(moment) = time.parse::<Timestamp>() else { return printable(time).into_owned() };
    let zone = TimeZone::system();
    let (here, now) = (moment.to_zoned(zone.clone()), Timestamp::now().to_zoned(zone));
    let format = if here.date() == now.date() { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" };
    here.strftime(format).to_string()
}

/// Lines of a body stay lines, below each other; a line end at the very end is not shown.
fn shown_lines(text: &str) -> String {
    let lines: Vec<_> = text.trim_end_matches(['\r', '\n']).lines().map(printable).collect();
    lines.join("\n    ")
}

fn fields(message: &Message) -> String {
    let mut fields: Vec<String> = Vec::new();
    fields.extend(message.replaces.map(|target| format!("edits={target}")));
    fields.extend(message.edited.map(|edit| format!("edited={edit}")));
    let named = [("event", &message.event), ("key", &message.key), ("type", &message.content_type)];
    fields.extend(named.iter().filter_map(|(name, value)| Some(format!("{name}={}", value.as_ref()?))));
    fields.extend(message.priority.map(|priority| format!("priority={priority}")));
    for (name, value) in &message.tags {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        fields.push(format!("{name}={text}"));
    }
    fields.join(" ")
}
