//! The checks. One file each; [`ALL`] is the only list.

mod circles;
mod contents;
mod files;
mod functions;
mod layers;
mod leaks;
mod names;
mod purity;
mod reasons;
mod unsafety;
mod words;

use crate::tree::Tree;
use std::fmt;

/// A rule of the house that a machine can hold.
#[derive(Debug)]
pub struct Check {
    /// A short name.
    pub name: &'static str,
    /// The rule, in a line.
    pub rule: &'static str,
    run: fn(&Tree) -> Vec<Violation>,
}

/// Every check.
pub const ALL: &[&Check] = &[
    &layers::CHECK,
    &purity::CHECK,
    &reasons::CHECK,
    &circles::CHECK,
    &contents::CHECK,
    &files::CHECK,
    &functions::CHECK,
    &words::CHECK,
    &names::CHECK,
    &unsafety::CHECK,
    &leaks::CHECK,
];

/// A place where a rule is broken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// The file.
    pub path: String,
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong and what would be right.
    pub message: String,
}

impl Violation {
    fn new(path: &str, line: usize, message: impl Into<String>) -> Violation {
        Violation { path: path.into(), line, message: message.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

/// What all checks say about a tree.
#[derive(Debug)]
pub struct Report {
    /// Where rules are broken.
    pub violations: Vec<Violation>,
    longest: [Option<String>; 2],
}

/// Runs every check.
pub fn run(tree: &Tree) -> Report {
    let violations = ALL.iter().flat_map(|check| (check.run)(tree)).collect();
    Report { violations, longest: [files::longest(tree), functions::longest(tree)] }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for violation in &self.violations {
            writeln!(f, "{violation}")?;
        }
        for longest in self.longest.iter().flatten() {
            writeln!(f, "{longest}")?;
        }
        match self.violations.len() {
            0 => writeln!(f, "tidy: {} checks, nothing to say", ALL.len()),
            count => writeln!(f, "tidy: {} checks, {count} violations", ALL.len()),
        }
    }
}

/// What the tests of the checks share: small trees and short answers.
#[cfg(test)]
mod samples {
    use super::{Check, Tree};
    use crate::tree::{Dependency, File, Package};

    pub(super) fn tree(files: &[(&str, &str)]) -> Tree {
        let file = |(path, text): &(&str, &str)| File::new(path, text).unwrap();
        Tree { files: files.iter().map(file).collect(), packages: Vec::new() }
    }

    pub(super) fn package(name: &str, dependencies: &[&str]) -> Package {
        let folder = format!("crates/{name}");
        let dependency = |name: &&str| Dependency { name: (*name).into(), dev: false };
        Package { name: name.into(), folder, dependencies: dependencies.iter().map(dependency).collect() }
    }

    /// `path:line` of every violation.
    pub(super) fn places(check: &Check, tree: &Tree) -> Vec<String> {
        (check.run)(tree).iter().map(|found| format!("{}:{}", found.path, found.line)).collect()
    }

    pub(super) fn messages(check: &Check, tree: &Tree) -> Vec<String> {
        (check.run)(tree).into_iter().map(|found| found.message).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_names_places_and_the_longest() {
        let report = run(&samples::tree(&[("crates/a/src/utils.rs", "fn a() {\n}\n")]));
        let text = report.to_string();
        assert!(text.contains("crates/a/src/utils.rs:1: "), "{text}");
        assert!(text.contains("longest file: crates/a/src/utils.rs, 2 of 400 lines"), "{text}");
        assert!(text.contains("longest function: a, crates/a/src/utils.rs:1, 2 of 70 lines"), "{text}");
        assert!(text.contains(" violations"), "{text}");
    }

    #[test]
    fn checks_have_different_names() {
        let mut names: Vec<_> = ALL.iter().map(|check| check.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
    }

    #[test]
    fn the_document_names_every_check() {
        let document = include_str!("../../../ARCHITECTURE.md");
        for check in ALL {
            assert!(document.contains(&format!("`tidy: {}`", check.name)), "ARCHITECTURE.md: {}", check.name);
        }
    }
}
