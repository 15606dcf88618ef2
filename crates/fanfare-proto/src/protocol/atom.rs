//! Atom (RFC 4287): a feed of what was said, for feed readers.

use super::{Protocol, Shape};
use crate::Form;
use crate::feed::{Feed, Said, attribute, element, stamp, text};
use crate::put::Put;

/// Atom.
pub(super) struct Atom;

impl Protocol for Atom {
    fn name(&self) -> &'static str {
        "atom"
    }

    fn about(&self) -> &'static str {
        "an Atom feed of what was said"
    }

    fn media_type(&self) -> &'static str {
        "application/atom+xml"
    }

    fn content_type(&self) -> &'static str {
        "application/atom+xml; charset=utf-8"
    }

    fn shape(&self) -> Shape {
        Shape::Feed
    }

    fn forms(&self) -> &'static [Form] {
        &[Form::Envelope]
    }

    fn feed(&self, feed: &Feed<'_>, out: &mut Vec<u8>) {
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n".put(out);
        element("title", feed.title, out);
        element("id", &feed.home, out);
        moment("updated", feed.updated, out);
        "<author><name>".put(out);
        text(feed.title, out);
        "</name></author>\n<generator>Fanfare</generator>\n".put(out);
        link("alternate", &feed.home, None, out);
        link("self", &feed.own, Some(("application/atom+xml", None)), out);
        for entry in &feed.entries {
            "<entry>\n".put(out);
            element("title", &entry.title, out);
            element("id", &entry.id, out);
            moment("published", entry.message.time, out);
            moment("updated", entry.message.time, out);
            link("alternate", &entry.link, None, out);
            match &entry.said {
                Said::Text(said) => content("text", said, out),
                Said::Html(said) => content("html", said, out),
                Said::File(media_type) => {
                    let size = entry.message.content.body.len();
                    link("enclosure", &entry.file(), Some((media_type, Some(size))), out);
                    element("summary", media_type, out);
                }
            }
            "</entry>\n".put(out);
        }
        "</feed>\n".put(out);
    }
}

fn moment(name: &str, time: crate::Time, out: &mut Vec<u8>) {
    ["<", name, ">"].iter().for_each(|part| part.put(out));
    stamp(time, out);
    ["</", name, ">\n"].iter().for_each(|part| part.put(out));
}

fn content(kind: &str, said: &str, out: &mut Vec<u8>) {
    ["<content type=\"", kind, "\">"].iter().for_each(|part| part.put(out));
    text(said, out);
    "</content>\n".put(out);
}

fn link(rel: &str, href: &str, media: Option<(&str, Option<usize>)>, out: &mut Vec<u8>) {
    "<link".put(out);
    attribute("rel", rel, out);
    if let Some((media_type, size)) = media {
        attribute("type", media_type, out);
        if let Some(size) = size {
            attribute("length", &size.to_string(), out);
        }
    }
    attribute("href", href, out);
    "/>\n".put(out);
}
