//! One message as an entry of a feed.

use crate::envelope::is_text;
use crate::{Content, Cursor, LogId, Message, channel_path, media};
use serde_json::Value;
use std::borrow::Cow;

/// Characters of a title that is made of a text.
const TITLE: usize = 80;

/// A message, and what feeds tell of it.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// The message.
    pub message: &'a Message,
    /// What names it for ever, whatever the server is called: a UUID of its log, the log's epoch and its position (RFC 9562
    /// section 5.8).
    pub id: String,
    /// One line.
    pub title: Cow<'a, str>,
    /// Where it is by itself.
    pub link: String,
    /// What it says.
    pub said: Said<'a>,
}

/// What a message says, for those who show it.
#[derive(Debug, Clone, PartialEq)]
pub enum Said<'a> {
    /// Text.
    Text(Cow<'a, str>),
    /// A piece of HTML.
    Html(&'a str),
    /// Bytes of this type, to be fetched at its link.
    File(&'a str),
}

impl<'a> Entry<'a> {
    /// Where its bytes are, as they were published.
    pub fn file(&self) -> String {
        format!("{}?as=body", self.link)
    }

    pub(super) fn new(message: &'a Message, log: LogId, cursor: &Cursor, origin: &str) -> Entry<'a> {
        let epoch = cursor.part(log).map_or(0, |part| part.epoch.0);
        let position = message.position.0;
        let id = format!(
            "urn:uuid:{epoch:08x}-{:04x}-8{:03x}-8{:03x}-{:012x}",
            u16::from(log.0),
            position >> 60,
            position >> 48 & 0xfff,
            position & 0xffff_ffff_ffff
        );
        let link = format!("{origin}{}/$at/{position}", channel_path(message.channel.as_str()));
        let content = &message.content;
        let notice = content.notice.as_deref().and_then(|notice| serde_json::from_str(notice).ok());
        let noticed = |name: &str| {
            Some(notice.as_ref().and_then(|notice: &Value| notice.get(name))?.as_str()?.to_owned())
        };
        let said = said(content, noticed("text"));
        let title = match noticed("title") {
            Some(title) => title.into(),
            None => title(message, &said),
        };
        Entry { message, id, title, link, said }
    }
}

fn said(content: &Content, noticed: Option<String>) -> Said<'_> {
    let media_type = content.content_type.as_deref();
    match std::str::from_utf8(&content.body).ok().filter(|_| is_text(content)) {
        Some("") => Said::Text(noticed.unwrap_or_default().into()),
        Some(html) if media_type.is_some_and(media::is_html) => Said::Html(html),
        Some(text) if !media_type.is_some_and(media::is_image) => Said::Text(text.into()),
        _ => Said::File(media_type.unwrap_or_else(|| media::of_bytes(&content.body))),
    }
}

/// The first line of a text; of what has none, what it is.
fn title<'a>(message: &'a Message, said: &Said<'a>) -> Cow<'a, str> {
    let content = &message.content;
    let line = match said {
        Said::Text(text) => text.lines().map(str::trim).find(|line| !line.is_empty()),
        Said::Html(_) | Said::File(_) => None,
    };
    match (line, &content.event, &content.key) {
        (Some(line), ..) => match line.char_indices().nth(TITLE) {
            Some((end, _)) => format!("{}\u{2026}", line.get(..end).unwrap_or_default().trim_end()).into(),
            None => line.to_owned().into(),
        },
        (None, Some(name), _) | (None, None, Some(name)) => Cow::Borrowed(&**name),
        (None, None, None) => format!("{} {}", message.channel.as_str(), message.position).into(),
    }
}
