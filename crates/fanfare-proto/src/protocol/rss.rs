//! RSS 2.0: a feed of what was said, for feed readers.

use super::{Protocol, Shape};
use crate::feed::{Feed, Said, attribute, element, text};
use crate::put::Put;
use crate::{Form, HttpDate};

/// RSS.
pub(super) struct Rss;

impl Protocol for Rss {
    fn name(&self) -> &'static str {
        "rss"
    }

    fn about(&self) -> &'static str {
        "an RSS 2.0 feed of what was said"
    }

    fn media_type(&self) -> &'static str {
        "application/rss+xml"
    }

    fn content_type(&self) -> &'static str {
        "application/rss+xml; charset=utf-8"
    }

    fn shape(&self) -> Shape {
        Shape::Feed
    }

    fn forms(&self) -> &'static [Form] {
        &[Form::Envelope]
    }

    fn feed(&self, feed: &Feed<'_>, out: &mut Vec<u8>) {
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\">\n<channel>\n".put(out);
        element("title", feed.title, out);
        element("link", &feed.home, out);
        element("description", &format!("What is said in {}", feed.title), out);
        "<generator>Fanfare</generator>\n".put(out);
        element("ttl", &feed.every.as_secs().div_ceil(60).to_string(), out);
        "<atom:link rel=\"self\" type=\"application/rss+xml\"".put(out);
        attribute("href", &feed.own, out);
        "/>\n".put(out);
        if !feed.entries.is_empty() {
            element("lastBuildDate", &HttpDate(feed.updated).to_string(), out);
        }
        for entry in &feed.entries {
            "<item>\n".put(out);
            element("title", &entry.title, out);
            element("link", &entry.link, out);
            "<guid isPermaLink=\"false\">".put(out);
            text(&entry.id, out);
            "</guid>\n".put(out);
            element("pubDate", &HttpDate(entry.message.time).to_string(), out);
            match &entry.said {
                // A description is HTML.
                Said::Text(said) => element("description", &html(said), out),
                Said::Html(said) => element("description", said, out),
                Said::File(media_type) => {
                    "<enclosure".put(out);
                    attribute("url", &entry.file(), out);
                    attribute("length", &entry.message.content.body.len().to_string(), out);
                    attribute("type", media_type, out);
                    "/>\n".put(out);
                }
            }
            "</item>\n".put(out);
        }
        "</channel>\n</rss>\n".put(out);
    }
}

/// A text as HTML that looks like it.
fn html(said: &str) -> String {
    let mut escaped = Vec::with_capacity(said.len());
    text(said, &mut escaped);
    String::from_utf8_lossy(&escaped).replace('\n', "<br>\n")
}
