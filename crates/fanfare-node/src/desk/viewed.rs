//! Where a reader that is behind reads on. One that wants what is current reads the log as long as edits and deletes lie
//! before it: there they are folded into what they are of. What comes once it is at the head, it hears as it happens.

use super::Desk;
use fanfare_proto::{LogId, LogSet, Mark, View};

/// Where a reader reads on.
pub(super) enum Join {
    /// In the window, from this place on.
    Window(u64),
    /// In this log.
    Log(LogId),
}

impl Desk {
    /// Where a reader that has heard everything up to a mark reads on.
    pub(super) fn join_at(&self, view: View, own: &Mark, logs: LogSet) -> Option<Join> {
        match self.window.join(own, logs) {
            Some(at) if view == View::Current && self.window.is_amended_from(at) => {
                let head = self.window.head();
                let behind = logs.iter().find(|log| own.get(*log) < head.get(*log));
                Some(behind.map_or(Join::Window(at), Join::Log))
            }
            Some(at) => Some(Join::Window(at)),
            None => self.window.behind_in(own, logs).map(Join::Log),
        }
    }
}
