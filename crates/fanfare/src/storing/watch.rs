//! How far the store's long work is, as a bar.

use crate::showing::Bar;
use fanfare_store::Progress;

/// Shows what it is told.
pub fn watch(bar: &mut Bar) -> impl FnMut(Progress) {
    move |progress| match progress {
        Progress::Copied { done, all } => bar.bytes("copying", done, all),
        Progress::Verifying => bar.waiting("verifying"),
        Progress::Looked { done, all } => bar.count("checking", done, all),
        Progress::Naming => {}
    }
}
