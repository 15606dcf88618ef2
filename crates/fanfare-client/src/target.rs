//! Request targets (RFC 3986): names become paths and queries that mean exactly them.

use std::fmt::Write;

/// A path and a query, encoded.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    text: String,
    separator: char,
}

impl Target {
    /// A path of our own, which needs no encoding.
    pub fn new(path: &str) -> Target {
        Target { text: path.to_owned(), separator: '?' }
    }

    /// The path of a channel or pattern.
    pub fn channel(name: &str) -> Target {
        let mut text = String::from("/c/");
        encode(name, "/", &mut text);
        Target { text, separator: '?' }
    }

    /// The path of what belongs to a channel: `$purge`.
    pub fn of_channel(name: &str, what: &str) -> Target {
        let Target { text, separator } = Target::channel(name);
        Target { text: text + "/" + what, separator }
    }

    /// The path of a schedule.
    pub fn schedule(name: &str) -> Target {
        let mut text = String::from("/schedules/");
        encode(name, "", &mut text);
        Target { text, separator: '?' }
    }

    /// The path of a condition.
    pub fn condition(name: &str) -> Target {
        let mut text = String::from("/conditions/");
        encode(name, "", &mut text);
        Target { text, separator: '?' }
    }

    /// The path of a webhook.
    pub fn webhook(id: &str) -> Target {
        let mut text = String::from("/webhooks/");
        encode(id, "", &mut text);
        Target { text, separator: '?' }
    }

    /// The path of an acked reader.
    pub fn reader(name: &str) -> Target {
        let mut text = String::from("/readers/");
        encode(name, "", &mut text);
        Target { text, separator: '?' }
    }

    /// The path of where an acked reader acknowledges.
    pub fn ack(name: &str) -> Target {
        let Target { text, separator } = Target::reader(name);
        Target { text: text + "/ack", separator }
    }

    /// Adds a parameter.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl AsRef<str>) -> Target {
        self.text.push(self.separator);
        self.separator = '&';
        self.text.push_str(name);
        self.text.push('=');
        encode(value.as_ref(), "", &mut self.text);
        self
    }

    /// Adds a parameter if it has a value.
    #[must_use]
    pub fn with_some(self, name: &str, value: Option<impl AsRef<str>>) -> Target {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// As it stands in a request.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Appends text; everything but unreserved characters (section 2.3) and those of `plain` is encoded.
fn encode(text: &str, plain: &str, out: &mut String) {
    for byte in text.bytes() {
        let c = char::from(byte);
        if c.is_ascii_alphanumeric() || "-._~".contains(c) || plain.contains(c) {
            out.push(c);
        } else {
            // Writing into a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive_their_way_into_a_target() {
        let target = Target::channel("a b/é?#%/**").with("after", "x=&y").with_some("last", Some("3"));
        assert_eq!(target.as_str(), "/c/a%20b/%C3%A9%3F%23%25/%2A%2A?after=x%3D%26y&last=3");
        assert_eq!(Target::new("/channels").with_some("limit", None::<&str>).as_str(), "/channels");
    }
}
