//! Saying, editing and deleting, and what readers make of it.

use crate::story::{Story, wait};
use fanfare_proto::{
    Amends, Channel, Content, Grant, History, HistoryPage, Pattern, Position, Publish, Receipt, Refusal,
    Start, View, limits,
};

pub fn saying(to: &str, body: &str) -> Publish {
    let content = Content { body: body.to_owned().into(), ..Content::default() };
    Publish { channel: Channel::parse(to).unwrap(), id: None, ttl: None, when: None, content }
}

pub fn amending(to: &str, amends: Amends, body: &str) -> Publish {
    let publish = saying(to, body);
    Publish { content: Content { amends: Some(amends), ..publish.content }, ..publish }
}

pub fn publish(story: &Story, publish: Publish) -> Result<Receipt, Refusal> {
    wait(story.node.publish(&Grant::open(), vec![publish])).remove(0)
}

pub fn say(story: &Story, to: &str, body: &str) -> Position {
    publish(story, saying(to, body)).unwrap().position
}

pub fn edit(story: &Story, to: &str, target: Position, body: &str) -> Position {
    publish(story, amending(to, Amends::Replaces(target), body)).unwrap().position
}

pub fn delete(story: &Story, to: &str, target: Position) -> Position {
    publish(story, amending(to, Amends::Deletes(target), "")).unwrap().position
}

pub fn history(story: &Story, asked: History) -> HistoryPage {
    let patterns = vec![Pattern::parse("**").unwrap()];
    let limit = if asked.limit == 0 { limits::PAGE_MESSAGES } else { asked.limit };
    wait(story.node.history(&Grant::open(), &History { patterns, limit, ..asked })).unwrap()
}

/// A page as short lines.
pub fn page(story: &Story, start: Start, view: View) -> Vec<String> {
    let page = history(story, History { start, view, ..History::default() });
    let mut out = Vec::new();
    page.write(fanfare_proto::Form::Envelope, &mut out);
    let page: serde_json::Value = serde_json::from_slice(&out).unwrap();
    page["messages"].as_array().unwrap().iter().map(line).collect()
}

/// `3 body`, `3 body < 5` for what is edited, `5 body > 3` for an edit, `6 x 3` for a delete, `3 gone` for what is deleted.
pub fn line(message: &serde_json::Value) -> String {
    let mut line = message["position"].to_string();
    for (sign, field) in [("", "body"), ("x", "deletes"), ("<", "edited"), (">", "replaces")] {
        let value = &message[field];
        if !value.is_null() {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            line.push_str(&format!(
                "{} {text}",
                if sign.is_empty() { String::new() } else { format!(" {sign}") }
            ));
        }
    }
    if message["deleted"] == true {
        line.push_str(" gone");
    }
    line
}

/// What a stream has heard, as short lines.
pub fn heard(story: &Story) -> Vec<String> {
    story.lines().iter().filter(|line| !line["position"].is_null()).map(line).collect()
}
