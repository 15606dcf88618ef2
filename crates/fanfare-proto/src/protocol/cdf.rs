//! The Channel Definition Format as Internet Explorer 4 read it: the channels of 1997, which their readers fetched again as a
//! schedule said.

use super::{Protocol, Shape};
use crate::feed::{Feed, Said, attribute, element};
use crate::put::Put;
use crate::{Form, Time};
use std::time::Duration;

/// CDF.
pub(super) struct Cdf;

impl Protocol for Cdf {
    fn name(&self) -> &'static str {
        "cdf"
    }

    fn about(&self) -> &'static str {
        "a channel of 1997, as Internet Explorer 4 read it"
    }

    fn media_type(&self) -> &'static str {
        "application/x-cdf"
    }

    fn shape(&self) -> Shape {
        Shape::Feed
    }

    fn forms(&self) -> &'static [Form] {
        &[Form::Envelope]
    }

    fn feed(&self, feed: &Feed<'_>, out: &mut Vec<u8>) {
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<CHANNEL".put(out);
        attribute("HREF", &feed.home, out);
        attribute("SELF", &feed.own, out);
        attribute("LASTMOD", &minute(feed.updated), out);
        attribute("PRECACHE", "NO", out);
        ">\n".put(out);
        element("TITLE", feed.title, out);
        element("ABSTRACT", &format!("What is said in {}", feed.title), out);
        "<SCHEDULE>".put(out);
        interval("INTERVALTIME", feed.every, out);
        "</SCHEDULE>\n".put(out);
        for entry in &feed.entries {
            "<ITEM".put(out);
            attribute("HREF", &entry.link, out);
            attribute("LASTMOD", &minute(entry.message.time), out);
            attribute("PRECACHE", "NO", out);
            ">\n".put(out);
            element("TITLE", &entry.title, out);
            element("ABSTRACT", brief(&entry.said), out);
            "<USAGE VALUE=\"Channel\"/>\n</ITEM>\n".put(out);
        }
        "</CHANNEL>\n".put(out);
    }
}

/// What it says, or what it is.
pub(super) fn brief<'a>(said: &'a Said<'_>) -> &'a str {
    match said {
        Said::Text(text) => text,
        Said::Html(text) | Said::File(text) => text,
    }
}

/// The time to the minute, in GMT.
pub(super) fn minute(time: Time) -> String {
    time.to_string().get(..16).unwrap_or_default().to_owned()
}

/// Appends an element that says how long something takes.
pub(super) fn interval(name: &str, every: Duration, out: &mut Vec<u8>) {
    let minutes = every.as_secs().div_ceil(60);
    ["<", name].iter().for_each(|part| part.put(out));
    for (unit, count) in [("DAY", minutes / 1440), ("HOUR", minutes / 60 % 24), ("MIN", minutes % 60)] {
        if count > 0 {
            attribute(unit, &count.to_string(), out);
        }
    }
    "/>".put(out);
}
