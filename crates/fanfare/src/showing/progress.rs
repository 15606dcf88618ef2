//! A bar on stderr for work that takes long, with the time left. Where stderr is no terminal nothing is shown.

use indicatif::{ProgressBar, ProgressStyle};
use std::time::Duration;

/// How often a bar that knows no end moves.
const TICK: Duration = Duration::from_millis(120);

/// The bar of one piece of work after the other. It is gone when this is dropped.
pub struct Bar {
    bar: ProgressBar,
    what: &'static str,
}

impl Bar {
    /// Nothing to see yet.
    pub fn new() -> Bar {
        Bar { bar: ProgressBar::hidden(), what: "" }
    }

    /// So many of so many bytes.
    pub fn bytes(&mut self, what: &'static str, done: u64, all: u64) {
        self.show(what, "{msg} {wide_bar} {bytes} of {total_bytes}, {eta} left", Some(all));
        self.bar.set_position(done);
    }

    /// So many of so many things.
    pub fn count(&mut self, what: &'static str, done: u64, all: u64) {
        self.show(what, "{msg} {wide_bar} {percent} %, {eta} left", Some(all));
        self.bar.set_position(done);
    }

    /// Something of which nobody knows how long it takes.
    pub fn waiting(&mut self, what: &'static str) {
        self.show(what, "{msg} {spinner} {elapsed}", None);
    }

    /// Work of another name begins a bar of its own, so that the time left is its own, too.
    fn show(&mut self, what: &'static str, template: &str, all: Option<u64>) {
        if self.what != what {
            self.bar.finish_and_clear();
            self.bar = all.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
            if all.is_none() {
                self.bar.enable_steady_tick(TICK);
            }
            if let Ok(style) = ProgressStyle::with_template(template) {
                self.bar.set_style(style);
            }
            self.bar.set_message(what);
            self.what = what;
        }
        if let Some(all) = all {
            self.bar.set_length(all);
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
