//! Watching a server: a look at what it counts, what two looks make, and how that is drawn.

mod look;
mod scrape;
mod screen;
mod view;

pub use look::{Look, look};
pub use screen::{Late, Screen, draw};
pub use view::{Sort, View};
