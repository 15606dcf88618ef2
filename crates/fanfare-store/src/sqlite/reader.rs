//! The connections that read: as many pages at once as there are, each a short snapshot.

use super::error::meaning;
use super::ledger::Shared;
use super::row::Names;
use super::scan::Outside;
use super::{chain, lookup, scan};
use crate::page::Filling;
use crate::retention::Rules;
use crate::{Order, Page, Read, StoreError};
use fanfare_proto::Position;
use rusqlite::Connection;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// A connection that reads, and what it remembers.
pub(super) struct Reader {
    pub(super) connection: Connection,
    pub(super) names: Names,
}

/// All readers.
pub(super) struct Readers {
    readers: Vec<Mutex<Reader>>,
    turn: AtomicUsize,
}

impl Readers {
    pub(super) fn new(connections: Vec<Connection>) -> Readers {
        let reader = |connection| Mutex::new(Reader { connection, names: Names::default() });
        Readers { readers: connections.into_iter().map(reader).collect(), turn: AtomicUsize::new(0) }
    }

    /// Works with a reader that nobody uses, or waits for one.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Reader) -> T) -> T {
        let idle = self.readers.iter().find_map(|reader| reader.try_lock().ok());
        let mut reader = idle.unwrap_or_else(|| {
            let turn = self.turn.fetch_add(1, Ordering::Relaxed) % self.readers.len();
            self.readers[turn].lock().unwrap_or_else(PoisonError::into_inner)
        });
        work(&mut reader)
    }
}

impl Reader {
    /// Reads one page.
    ///
    /// The order matters. First the log's head: everything up to it is in every later snapshot. Then the heads of
    /// the wanted channels from memory: they are not older than the log's head, and the rows they name are in every
    /// later snapshot too. Then the snapshot; what is gone of the channels is read in it, since rows and what says
    /// that they are gone change together.
    pub(super) fn page(&mut self, shared: &Shared, rules: &Rules, read: &Read) -> Result<Page, StoreError> {
        let Reader { connection, names } = self;
        let forward = read.order == Order::Forward;
        let head = shared.status().head;
        let wanted = lookup::names(connection, &read.selection).map_err(meaning)?;
        let known = |name: String| (shared.heads.peek(shared.heads.key(&name)), name);
        let wanted = wanted.map(|names| names.into_iter().map(known).collect());
        let snapshot = connection.transaction().map_err(meaning)?;
        let channels = lookup::channels(&snapshot, wanted).map_err(meaning)?;
        let gone = lookup::gone(&snapshot, rules, read, channels.as_deref()).map_err(meaning)?;
        let gap = if forward { gone.gap_after(read.from) } else { None };
        let mut filling = Filling::new(read);
        let end = match channels {
            _ if forward && read.from >= head => head,
            Some(channels) if channels.len() <= chain::CHANNELS => {
                chain::read(&snapshot, channels, read, head, &mut filling)?
            }
            _ => scan::read(&snapshot, names, read, head, Outside::Whole, &mut filling)?,
        };
        Ok(filling.finish(end, gap))
    }
}

/// Where a page ends when there is no more to read.
pub(super) fn end_of(order: Order, head: Position) -> Position {
    match order {
        Order::Forward => head,
        Order::Backward => Position::START,
    }
}
