//! Progress bars, on terminals only.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar with the time left.
pub fn bar(what: &'static str, steps: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:24} {wide_bar} {pos}/{len} {eta} left");
    let bar = ProgressBar::new(steps).with_message(what);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
