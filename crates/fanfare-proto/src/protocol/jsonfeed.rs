//! JSON Feed 1.1: a feed of what was said, for readers that know JSON.

use super::{Protocol, Shape};
use crate::feed::{Feed, Said};
use crate::{Form, json};

/// JSON Feed.
pub(super) struct JsonFeed;

impl Protocol for JsonFeed {
    fn name(&self) -> &'static str {
        "jsonfeed"
    }

    fn also(&self) -> &'static [&'static str] {
        &["feed"]
    }

    fn about(&self) -> &'static str {
        "a JSON feed of what was said"
    }

    fn media_type(&self) -> &'static str {
        "application/feed+json"
    }

    fn shape(&self) -> Shape {
        Shape::Feed
    }

    fn forms(&self) -> &'static [Form] {
        &[Form::Envelope]
    }

    fn feed(&self, feed: &Feed<'_>, out: &mut Vec<u8>) {
        out.push(b'{');
        json::string("version", "https://jsonfeed.org/version/1.1", out);
        json::string("title", feed.title, out);
        json::string("home_page_url", &feed.home, out);
        json::string("feed_url", &feed.own, out);
        json::name("items", out);
        out.push(b'[');
        for entry in &feed.entries {
            json::separator(out);
            out.push(b'{');
            json::string("id", &entry.id, out);
            json::string("url", &entry.link, out);
            json::string("title", &entry.title, out);
            json::string("date_published", &entry.message.time.to_string(), out);
            match &entry.said {
                Said::Text(said) => json::string("content_text", said, out),
                Said::Html(said) => json::string("content_html", said, out),
                Said::File(media_type) => {
                    json::string("content_text", media_type, out);
                    json::name("attachments", out);
                    out.extend_from_slice(b"[{");
                    json::string("url", &entry.file(), out);
                    json::string("mime_type", media_type, out);
                    json::plain("size_in_bytes", entry.message.content.body.len(), out);
                    out.extend_from_slice(b"}]");
                }
            }
            out.push(b'}');
        }
        out.extend_from_slice(b"]}\n");
    }
}
