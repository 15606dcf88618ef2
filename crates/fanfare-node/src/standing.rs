//! The newest message of a channel that stands: none that says that a key has ended, and of such a key nothing older. Looked
//! for from the newest on, page by page; what has no key ends nothing.

use crate::locate::heads;
use crate::node::Node;
use crate::reading::Logs;
use fanfare_proto::{
    Channel, Code, Cursor, Grant, LogId, Message, Pattern, Position, Refusal, Selection, Time, View, limits,
};
use fanfare_store::{Log, Order, Read, StoreError};
use std::collections::HashSet;
use std::sync::Arc;

impl Node {
    /// The newest message of a channel that stands, and the cursor of a reader that has heard up to it; `NOT_FOUND` if there
    /// is none among its newest [`limits::LAST`].
    pub async fn newest(&self, grant: &Grant, channel: &Channel) -> Result<(Arc<Message>, Cursor), Refusal> {
        let pattern = Pattern::from(channel);
        let set = self.logs_for(grant, [&pattern])?;
        let now = self.now();
        // What today's rules do not name is what an earlier configuration left: it is older.
        let first = self.log_of(channel);
        let mut rest: Vec<LogId> = set.iter().filter(|log| *log != first).collect();
        rest.push(first);
        let (mut mark, mut search) = (None, Search::new(pattern));
        while let Some(log) = rest.last().copied() {
            let (looked, came, at) = self
                .read(move |logs: &Logs| {
                    let at = heads(logs, set);
                    let looked = search.go_on(&**logs.get(log), now)?;
                    Ok((looked, search, at))
                })
                .await?;
            search = came;
            let mark = mark.get_or_insert(at);
            match looked {
                Looked::Found(message) => {
                    mark.set(log, message.position);
                    return Ok((message, self.inner().places.cursor(mark, set)));
                }
                Looked::Nothing => {
                    rest.pop();
                    search.from = None;
                }
                Looked::Enough => {
                    let detail = format!(
                        "of the newest {} messages of `{channel}` none stands: their keys have ended",
                        limits::LAST
                    );
                    return Err(Refusal::new(Code::NOT_FOUND, detail));
                }
                Looked::NotAll => {}
            }
        }
        let detail = match search.ended.is_empty() {
            true => format!("`{channel}` holds no message"),
            false => format!("`{channel}` holds no message that stands: its keys have ended"),
        };
        Err(Refusal::new(Code::NOT_FOUND, detail))
    }
}

/// A look back through a channel.
struct Search {
    selection: Selection,
    /// What lies before is to be looked at; everything, if nothing was yet.
    from: Option<Position>,
    /// Keys that have no value any more.
    ended: HashSet<Box<str>>,
    looked: usize,
}

enum Looked {
    Found(Arc<Message>),
    Nothing,
    /// More than that is not looked at.
    Enough,
    /// So much of it that it is another one's turn.
    NotAll,
}

impl Search {
    fn new(pattern: Pattern) -> Search {
        let selection = Selection::new(vec![pattern]).viewed(Some(View::Current));
        Search { selection, from: None, ended: HashSet::new(), looked: 0 }
    }

    fn go_on(&mut self, log: &dyn Log, now: Time) -> Result<Looked, StoreError> {
        for _ in 0..limits::LOOK_PAGES {
            let from = self.from.unwrap_or(Position(log.status().head.0.saturating_add(1)));
            let page = log.read(&Read {
                selection: self.selection.clone(),
                from,
                began: Position::START,
                order: Order::Backward,
                // Most often the first one stands.
                messages: if self.looked == 0 { 1 } else { limits::STEP_MESSAGES },
                bytes: limits::STEP_BYTES,
            })?;
            self.looked += page.messages.len();
            if let Some(found) = page.messages.into_iter().rev().find(|message| self.stands(message, now)) {
                return Ok(Looked::Found(found));
            }
            if page.through == Position::START || page.through >= from {
                return Ok(Looked::Nothing);
            }
            if self.looked >= limits::LAST as usize {
                return Ok(Looked::Enough);
            }
            self.from = Some(page.through);
        }
        Ok(Looked::NotAll)
    }

    /// Whether a message stands, when all that are newer are known. What has expired ends its key, too, as `latest` has it.
    fn stands(&mut self, message: &Message, now: Time) -> bool {
        let over = message.is_tombstone() || message.is_expired(now);
        match &message.content.key {
            Some(key) if over => {
                self.ended.insert(key.clone());
                false
            }
            Some(key) => !self.ended.contains(key),
            None => !over,
        }
    }
}
