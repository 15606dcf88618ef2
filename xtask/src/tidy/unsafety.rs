//! Unsafety: `unsafe` stands only where a reason is written down.
//!
//! The compiler denies it too, but a single attribute lifts that. Here lifting it needs a line in [`LISTED`], and
//! a line that is no longer needed has to go.

use super::{Check, Violation};
use crate::tree::Tree;

pub(super) const CHECK: Check =
    Check { name: "unsafety", rule: "`unsafe` only in listed files, each with its reason", run };

/// The files that may, and why they must.
const LISTED: &[(&str, &str)] = &[
    (
        "crates/fanfare-store/src/sqlite/rewrite.rs",
        "SQLite gives the file that it writes to only as a pointer; the power-loss tests cover it",
    ),
    ("crates/fanfare-store/tests/power_loss/vfs.rs", "an SQLite VFS is a table of C functions; tests only"),
];

fn run(tree: &Tree) -> Vec<Violation> {
    judge(tree, LISTED)
}

fn judge(tree: &Tree, listed: &[(&str, &str)]) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in tree.rust().filter(|file| !listed.iter().any(|(path, _)| *path == file.path)) {
        for token in file.rust.tokens.iter().filter(|token| token.text == "unsafe") {
            let message = "`unsafe` in a file that is not listed in xtask/src/tidy/unsafety.rs";
            found.push(Violation::new(&file.path, token.line, message));
        }
    }
    for (path, _) in listed {
        let file = tree.rust().find(|file| file.path == *path);
        if !file.is_some_and(|file| file.rust.tokens.iter().any(|token| token.text == "unsafe")) {
            found.push(Violation::new(path, 1, "listed in xtask/src/tidy/unsafety.rs, but has no `unsafe`"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::samples::tree;
    use super::*;

    #[test]
    fn only_listed_files_may() {
        let tree = tree(&[("a.rs", "// unsafe\nfn a() { unsafe { b() } }"), ("c.rs", "unsafe fn c() {}")]);
        let found = judge(&tree, &[("c.rs", "a reason")]);
        assert_eq!(found.iter().map(|found| (&*found.path, found.line)).collect::<Vec<_>>(), [("a.rs", 2)]);
    }

    #[test]
    fn a_reason_without_need_is_found() {
        assert_eq!(
            judge(&tree(&[("a.rs", "fn a() {}")]), &[("a.rs", "a reason"), ("gone.rs", "another")]).len(),
            2
        );
    }

    #[test]
    fn reasons_are_sentences() {
        assert!(LISTED.iter().all(|(_, reason)| reason.len() > 20));
    }
}
