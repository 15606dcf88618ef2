//! Leaks: what belongs to the machine of whoever wrote a file does not belong into the file.

use super::{Check, Violation};
use crate::tree::Tree;

pub(super) const CHECK: Check =
    Check { name: "leaks", rule: "no absolute path of a machine and no registry host in tracked files", run };

/// In two halves, so that this file passes.
const FORBIDDEN: &[(&str, &str, &str)] = &[
    ("/wo", "rk/", "an absolute path of one machine"),
    ("/ro", "ot/", "an absolute path of one machine"),
    ("crates", ".io", "the host of a package registry"),
    ("pypi", ".org", "the host of a package registry"),
    ("npmjs", ".org", "the host of a package registry"),
];

/// Cargo writes where packages come from, and must.
const LOCK: &str = "Cargo.lock";

fn run(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in tree.files.iter().filter(|file| !file.path.ends_with(LOCK)) {
        for (index, line) in file.text.lines().enumerate() {
            for (first, second, what) in FORBIDDEN {
                let word = format!("{first}{second}");
                if line.contains(&word) {
                    found.push(Violation::new(&file.path, index + 1, format!("`{word}` is {what}")));
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::samples::{places, tree};
    use super::*;

    #[test]
    fn paths_and_hosts_are_found() {
        let text = format!("fine\ncd {}{}x\nsee https://{}{}/crates/x\n", "/wo", "rk/", "crates", ".io");
        let tree = tree(&[("docs/a.md", &text), ("Cargo.lock", &text)]);
        assert_eq!(places(&CHECK, &tree), ["docs/a.md:2", "docs/a.md:3"]);
    }
}
