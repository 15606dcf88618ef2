//! Looking at a store from outside, whether or not a server has it: read only, and in short snapshots, which hold nobody
//! up.

use super::NAME;
use super::copy::head_of;
use super::error::meaning;
use super::row::Names;
use super::scan::Outside;
use super::{lookup, mark, scan, schema};
use crate::page::Filling;
use crate::retention::Rules;
use crate::{Page, Read, StoreError};
use fanfare_proto::{Epoch, Keeping, LogId, Namespace, Namespaces, Pattern, Position, Selection};
use rusqlite::{Connection, Result as SqlResult};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A store that is only looked at.
pub struct Look {
    connection: Connection,
    names: Names,
    rules: Rules,
    epoch: Epoch,
    /// What was acknowledged and is not there.
    lost: Option<String>,
}

/// What comes next in a store that may be damaged.
#[derive(Debug, Clone)]
pub enum Piece {
    /// A page.
    Page(Page),
    /// Nothing after the first and up to the second position can be read.
    Unreadable {
        /// After this position.
        from: Position,
        /// Up to this one.
        to: Position,
        /// What SQLite says.
        why: String,
    },
}

impl Look {
    /// Opens the store of a folder, or a file that is one.
    pub fn open(store: &Path) -> Result<Look, StoreError> {
        let file = file_of(store);
        // Before the first snapshot: what was noted by then is in it.
        let noted = mark::noted(&file)?;
        let connection = schema::open_looker(&file)?;
        let lost = noted.map(|noted| noted.is_lost_from(&connection)).transpose()?.flatten();
        let rules = Rules::new(LogId::KEPT, Arc::new(stored_namespaces(&connection)?));
        let epoch = "SELECT epoch FROM meta";
        let epoch = connection.query_row(epoch, [], |row| row.get(0).map(Epoch)).map_err(meaning)?;
        Ok(Look { connection, names: Names::default(), rules, epoch, lost })
    }

    /// Which life of the log this is.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Says so if something was acknowledged that is not there any more.
    pub fn lost(&self) -> Option<&str> {
        self.lost.as_deref()
    }

    /// The newest position ever given out, by now.
    pub fn head(&self) -> Result<Position, StoreError> {
        head_of(&self.connection).map_err(meaning)
    }

    /// Every channel there is, system channels included.
    pub fn everything(&self) -> Result<Selection, StoreError> {
        let system = || {
            // `%` is what follows `$`.
            let names = "SELECT name FROM channel WHERE name >= '$' AND name < '%'";
            let mut statement = self.connection.prepare(names)?;
            let names = statement.query_map([], |row| row.get::<_, String>(0))?;
            names.collect::<SqlResult<Vec<_>>>()
        };
        let below = |name: String| {
            let first = name.split('/').next().unwrap_or_default();
            Pattern::parse(&format!("{first}/**")).ok()
        };
        let system = system().map_err(meaning)?.into_iter().filter_map(below);
        Ok(Selection::new(system.chain([Pattern::everything()]).collect()))
    }

    /// The next messages forward, or what of them cannot be read.
    pub fn next(&mut self, read: &Read) -> Result<Piece, StoreError> {
        let single = |from| Read { from, messages: 1, ..read.clone() };
        let why = match self.page(read) {
            Ok(page) => return Ok(Piece::Page(page)),
            Err(StoreError::Corrupt(why)) => why,
            Err(error) => return Err(error),
        };
        if let Ok(page) = self.page(&single(read.from)) {
            return Ok(Piece::Page(page));
        }
        // From somewhere between these on it can be read again.
        let (mut low, mut high, head) = (read.from.0, read.from.0, self.head()?.0);
        let mut step = 1;
        while high < head && (high == low || self.page(&single(Position(high))).is_err()) {
            low = high;
            high = high.saturating_add(step).min(head);
            step *= 2;
        }
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            match self.page(&single(Position(middle))) {
                Ok(_) => high = middle,
                Err(_) => low = middle,
            }
        }
        Ok(Piece::Unreadable { from: read.from, to: Position(high), why })
    }

    fn page(&mut self, read: &Read) -> Result<Page, StoreError> {
        let snapshot = self.connection.transaction().map_err(meaning)?;
        let head = head_of(&snapshot).map_err(meaning)?;
        let gone = lookup::gone(&snapshot, &self.rules, read, None).map_err(meaning)?;
        let mut filling = Filling::new(read);
        let end = match read.from >= head {
            true => head,
            false => scan::read(&snapshot, &mut self.names, read, head, Outside::Anything, &mut filling)?,
        };
        Ok(filling.finish(end, gone.gap_after(read.from)))
    }
}

/// The file of a store that is given by its folder or itself.
pub(super) fn file_of(store: &Path) -> PathBuf {
    if store.is_dir() { store.join(NAME) } else { store.to_owned() }
}

/// The namespaces that ruled when the store was open last; of these only their patterns are stored.
pub(super) fn stored_namespaces(connection: &Connection) -> Result<Namespaces, StoreError> {
    let text = "SELECT namespaces FROM meta";
    let text: String = connection.query_row(text, [], |row| row.get(0)).map_err(meaning)?;
    let wrong = |error| StoreError::Corrupt(format!("stored namespaces {text:?}: {error}"));
    let patterns = text.lines().map(Pattern::parse).collect::<Result<Vec<_>, _>>().map_err(wrong)?;
    // The last one is the default, which every list has.
    let own = patterns.len().saturating_sub(1);
    let rules = patterns.into_iter().take(own).map(|pattern| Namespace::new(pattern, Keeping::Kept));
    Ok(Namespaces::new(rules))
}
