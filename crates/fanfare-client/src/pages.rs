//! Asking for what was said.

use crate::answer::Page;
use crate::error::Error;
use crate::reach::Reach;
use crate::target::Target;
use std::fmt::Display;
use std::future::{Future, IntoFuture};
use std::pin::Pin;

/// A request for a page; asked when awaited.
#[derive(Debug, Clone)]
#[must_use = "nothing is asked until it is awaited"]
pub struct PageRequest {
    reach: Reach,
    target: Target,
}

impl PageRequest {
    pub(crate) fn new(reach: Reach, channel: &str) -> PageRequest {
        PageRequest { reach, target: Target::channel(channel).with("via", "page") }
    }

    /// At most so many messages, 1 to 1,000; 100 unless told.
    pub fn limit(self, messages: usize) -> PageRequest {
        self.with("limit", messages)
    }

    /// The newest messages, 0 to 10,000.
    pub fn last(self, messages: u32) -> PageRequest {
        self.with("last", messages)
    }

    /// Messages since a moment (RFC 3339), or a time ago such as `10m`.
    pub fn since(self, moment: impl Display) -> PageRequest {
        self.with("since", moment)
    }

    /// Messages after what a cursor has heard.
    pub fn after(self, cursor: impl Display) -> PageRequest {
        self.with("after", cursor)
    }

    /// The newest messages up to a cursor.
    pub fn before(self, cursor: impl Display) -> PageRequest {
        self.with("before", cursor)
    }

    /// Only messages that a filter accepts.
    pub fn filter(self, filter: impl Display) -> PageRequest {
        self.with("filter", filter)
    }

    /// Of each channel and key only the newest message; without a place to begin, of all that is kept.
    pub fn latest(self) -> PageRequest {
        self.with("latest", true)
    }

    /// `events`: edits and deletes as they happened; `current`: messages as they are now.
    pub fn view(self, view: impl Display) -> PageRequest {
        self.with("view", view)
    }

    fn with(mut self, name: &str, value: impl Display) -> PageRequest {
        self.target = self.target.with(name, value.to_string());
        self
    }
}

impl IntoFuture for PageRequest {
    type Output = Result<Page, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<Page, Error>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let answer = self.reach.get(&self.target, "application/json").await?;
            Page::read(&self.reach, &answer)
        })
    }
}
