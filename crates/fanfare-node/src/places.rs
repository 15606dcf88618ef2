//! Marks as cursors and back.

use fanfare_proto::{Cursor, CursorPart, Epoch, Gap, GapReason, LogId, LogSet, Mark, Position, limits};

/// The epochs of a node's logs: what turns a mark into a cursor.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Places {
    pub(crate) epochs: [Epoch; limits::LOGS],
}

/// What a cursor says about one log of this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Heard up to here.
    At(Position),
    /// The cursor has no word about this log.
    Unsaid,
    /// The cursor's place does not exist here: begin at the oldest, after telling this.
    Lost(Gap),
}

impl Places {
    /// The cursor of a reader of some logs at a mark.
    pub(crate) fn cursor(&self, mark: &Mark, logs: LogSet) -> Cursor {
        Cursor::new(logs.iter().map(|log| CursorPart {
            log,
            epoch: self.epochs[log.index()],
            position: mark.get(log),
        }))
    }

    /// What a cursor says about a log with this head (design rule 6).
    pub(crate) fn place(&self, cursor: &Cursor, log: LogId, head: Position) -> Place {
        let Some(part) = cursor.part(log) else { return Place::Unsaid };
        let lost = |reason| Place::Lost(Gap { from: part.position, to: head, reason });
        if part.epoch != self.epochs[log.index()] {
            lost(GapReason::Epoch)
        } else if part.position > head {
            lost(GapReason::WentBack)
        } else {
            Place::At(part.position)
        }
    }
}
