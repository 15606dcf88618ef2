//! Reasons: who adds a dependency says what for.

use super::{Check, Violation};
use crate::tree::Tree;
use std::collections::BTreeSet;

pub(super) const CHECK: Check = Check {
    name: "reasons",
    rule: "each dependency has a line in docs/dependencies.md, and each line one",
    run,
};

const REASONS: &str = "docs/dependencies.md";

fn run(tree: &Tree) -> Vec<Violation> {
    let text = tree.files.iter().find(|file| file.path == REASONS).map_or("", |file| &file.text);
    let own: BTreeSet<&str> = tree.packages.iter().map(|package| &*package.name).collect();
    let mut used = BTreeSet::new();
    let mut found = Vec::new();
    for package in &tree.packages {
        for dependency in package.dependencies.iter().filter(|dependency| !own.contains(&*dependency.name)) {
            let first = used.insert(&*dependency.name);
            if first && !text.lines().any(|line| crate_of(line) == Some(&dependency.name)) {
                let (path, line) = tree.manifest_line(package, &dependency.name);
                let message =
                    format!("`{}` has no line in {REASONS}: what for, and why this one?", dependency.name);
                found.push(Violation::new(&path, line, message));
            }
        }
    }
    let lines = text.lines().enumerate().filter_map(|(index, line)| Some((index + 1, crate_of(line)?)));
    let stale = lines.filter(|(_, name)| !used.contains(name));
    found.extend(
        stale.map(|(line, name)| Violation::new(REASONS, line, format!("nothing depends on `{name}`"))),
    );
    found
}

/// The crate that a line of a table is about.
fn crate_of(line: &str) -> Option<&str> {
    line.strip_prefix("| `")?.split_once('`').map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::super::samples::{package, places, tree};
    use super::*;

    #[test]
    fn both_directions_are_held() {
        let reasons = (REASONS, "| crate |\n| `bytes` | bodies |\n| `gone` | nothing |\n");
        let packages = vec![package("a", &["bytes", "serde", "b"]), package("b", &["serde"])];
        let tree = Tree { packages, ..tree(&[reasons]) };
        assert_eq!(places(&CHECK, &tree), ["crates/a/Cargo.toml:1", "docs/dependencies.md:3"]);
    }
}
