//! Lists of things: a table for people, or a JSON object a line.

use super::output::write_line;
use super::table::Table;
use crate::failure::Failure;

/// A list on its way to stdout: lines as they come, a table once all are there.
pub enum Listing {
    /// One JSON object a line.
    Json,
    /// For people.
    Table(Table),
}

impl Listing {
    /// A list of JSON, or a table with these columns.
    pub fn new(json: bool, head: &[&str]) -> Listing {
        if json { Listing::Json } else { Listing::Table(Table::new(head)) }
    }

    /// Adds one: as it came, or as a row of the table.
    pub fn add<T: Into<String>, R: IntoIterator<Item = T>>(
        &mut self,
        raw: &str,
        row: impl FnOnce() -> R,
    ) -> Result<(), Failure> {
        match self {
            Listing::Json => write_line(raw.as_bytes()),
            Listing::Table(table) => {
                table.row(row());
                Ok(())
            }
        }
    }

    /// There are no more.
    pub fn end(self) -> Result<(), Failure> {
        match self {
            Listing::Json => Ok(()),
            Listing::Table(table) => table.print(),
        }
    }
}
