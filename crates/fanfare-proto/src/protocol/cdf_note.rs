//! The Channel Definition Format as it was submitted to the W3C in March 1997: what Internet Explorer 4 has as elements with
//! text, it has as empty ones with a value.

use super::cdf::{brief, interval};
use super::{Protocol, Shape};
use crate::feed::{Feed, attribute};
use crate::put::Put;
use crate::{Form, Time};

/// CDF as the note has it.
pub(super) struct CdfNote;

impl Protocol for CdfNote {
    fn name(&self) -> &'static str {
        "cdf-note"
    }

    fn about(&self) -> &'static str {
        "a channel of 1997, as it was submitted to the W3C"
    }

    fn media_type(&self) -> &'static str {
        "application/x-cdf"
    }

    fn shape(&self) -> Shape {
        Shape::Feed
    }

    fn is_by_name_only(&self) -> bool {
        true
    }

    fn forms(&self) -> &'static [Form] {
        &[Form::Envelope]
    }

    fn feed(&self, feed: &Feed<'_>, out: &mut Vec<u8>) {
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Channel".put(out);
        attribute("HREF", &feed.home, out);
        attribute("SELF", &feed.own, out);
        ">\n".put(out);
        valued("Title", feed.title, out);
        valued("Abstract", &format!("What is said in {}", feed.title), out);
        valued("LastMod", &moment(feed.updated), out);
        "<Schedule>".put(out);
        interval("IntervalTime", feed.every, out);
        "</Schedule>\n".put(out);
        for entry in &feed.entries {
            "<Item".put(out);
            attribute("HREF", &entry.link, out);
            ">\n".put(out);
            valued("Title", &entry.title, out);
            valued("Abstract", brief(&entry.said), out);
            valued("LastMod", &moment(entry.message.time), out);
            "</Item>\n".put(out);
        }
        "</Channel>\n".put(out);
    }
}

fn valued(name: &str, value: &str, out: &mut Vec<u8>) {
    ["<", name].iter().for_each(|part| part.put(out));
    attribute("VALUE", value, out);
    "/>\n".put(out);
}

/// `1997.03.09T08:15+0000`.
fn moment(time: Time) -> String {
    format!("{}+0000", super::cdf::minute(time).replace('-', "."))
}
