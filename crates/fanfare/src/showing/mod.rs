//! What people see: text without surprises, colours where they are wanted, messages in one line.

mod listing;
mod message;
mod output;
mod plain;
mod progress;
mod table;
mod terminal;

pub use listing::Listing;
pub use message::pretty;
pub use output::write_line;
pub use plain::{bytes, count, printable};
pub use progress::Bar;
pub use table::Table;
pub use terminal::Paint;
