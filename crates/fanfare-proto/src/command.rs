//! What is asked of a node.

use crate::{
    Ack, AsReader, Code, Cursor, Filter, Pattern, Preferences, Present, Publish, Refusal, Selection, Start,
    View, limits,
};

/// A request to hear channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscribe {
    /// Channels and patterns, at least one, at most [`limits::SUBSCRIPTIONS`](crate::limits::SUBSCRIPTIONS).
    pub patterns: Vec<Pattern>,
    /// What is wanted of each.
    pub preferences: Preferences,
    /// Where to start.
    pub start: Start,
    /// Who wants to be seen on the channels, which are no patterns then.
    pub presence: Option<Present>,
    /// As which acked reader: the server keeps its place. Without patterns it hears what it heard before.
    pub reader: Option<AsReader>,
}

impl Subscribe {
    /// What is to be heard.
    pub fn selection(&self) -> Selection {
        let Preferences { filter, view, .. } = &self.preferences;
        Selection::filtered(self.patterns.clone(), filter.as_ref()).viewed(*view)
    }

    /// Refuses what an acked reader cannot have.
    pub fn check_reader(&self) -> Result<(), Refusal> {
        let bad = |detail| Err(Refusal::new(Code::BAD_FIELD, detail));
        if self.preferences.pace.is_some() || self.preferences.latest || self.preferences.view.is_some() {
            return bad(
                "reader: an acked reader hears every message; leave `rate`, `bytes`, `latest` and `view` out",
            );
        }
        if self.presence.is_some() {
            return bad("reader: an acked reader is not present; use another session for `presence`");
        }
        if self.patterns.len() > limits::READER_PATTERNS {
            let detail = format!("a reader has at most {} channels and patterns", limits::READER_PATTERNS);
            return Err(Refusal::new(Code::TOO_MANY, detail));
        }
        Ok(())
    }
}

/// A request for a page of what was said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    /// Channels and patterns.
    pub patterns: Vec<Pattern>,
    /// Which of their messages.
    pub filter: Option<Filter>,
    /// Of each channel and key only the newest.
    pub latest: bool,
    /// How what was edited or deleted is shown.
    pub view: View,
    /// The page's messages come after this place...
    pub start: Start,
    /// ...and, when set, not after this one, the newest first reached (paging backwards).
    pub before: Option<Cursor>,
    /// Messages of the page at the most.
    pub limit: usize,
}

impl History {
    /// What is wanted.
    pub fn selection(&self) -> Selection {
        // The newest of a key is what it is now.
        let view = if self.latest { View::Current } else { self.view };
        Selection::filtered(self.patterns.clone(), self.filter.as_ref()).viewed(Some(view))
    }

    /// A question about the past as it is asked: `before` pages backwards; with no start it is about the newest; with
    /// no limit it is about as many as were asked for, or a page of the usual length.
    pub fn asked(
        patterns: Vec<Pattern>,
        Preferences { filter, latest, pace, view }: Preferences,
        start: Option<Start>,
        before: Option<Cursor>,
        limit: Option<usize>,
    ) -> Result<History, Refusal> {
        let bad = |detail| Err(Refusal::new(Code::BAD_FIELD, detail));
        if pace.is_some() {
            return bad(
                "`rate` and `bytes` are for readers that are held open, such as via=sse; a page comes at once",
            );
        }
        if before.is_some() && (start.is_some() || latest) {
            return bad("`before` pages backwards; give it without `after`, `last`, `since` and `latest`");
        }
        let usual = match start {
            Some(Start::Last(count)) => (count as usize).clamp(1, limits::PAGE_MESSAGES),
            _ => limits::PAGE_MESSAGES_DEFAULT,
        };
        let limit = limit.unwrap_or(usual);
        let start = start.unwrap_or(Start::Last(limit as u32));
        let view = view.unwrap_or_default();
        Ok(History { patterns, filter, latest, view, start, before, limit })
    }

    /// Reads how long a page is to be.
    pub fn limit(text: &str) -> Result<usize, Refusal> {
        let limit = text.parse::<usize>().ok().filter(|limit| (1..=limits::PAGE_MESSAGES).contains(limit));
        limit.ok_or_else(|| {
            let detail = format!("limit is a number from 1 to {}", limits::PAGE_MESSAGES);
            Refusal::new(Code::BAD_FIELD, detail)
        })
    }
}

/// What a session is asked to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// To hear more.
    Subscribe(Subscribe),
    /// To hear less.
    Unsubscribe(Vec<Pattern>),
    /// To add a message.
    Publish(Box<Publish>),
    /// To look back.
    History(History),
    /// To take note that messages of the session's acked reader are done, or are to be given again.
    Ack(Ack),
    /// To answer.
    Ping,
    /// To say what it is.
    Session,
}
