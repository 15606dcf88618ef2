//! Files: no file is longer than one sitting.

use super::{Check, Violation};
use crate::tree::{File, Tree};

pub(super) const CHECK: Check =
    Check { name: "files", rule: "a Rust file has at most 400 lines, inline tests not counted", run };

const LINES: usize = 400;

fn run(tree: &Tree) -> Vec<Violation> {
    let long = tree.rust().filter(|file| lines(file) > LINES);
    let message =
        |file| format!("{} lines without tests; at most {LINES}: what second thing lives here?", lines(file));
    long.map(|file| Violation::new(&file.path, 1, message(file))).collect()
}

fn lines(file: &File) -> usize {
    file.text.lines().count() - file.rust.test_lines
}

pub(super) fn longest(tree: &Tree) -> Option<String> {
    let file = tree.rust().max_by_key(|file| lines(file))?;
    Some(format!("longest file: {}, {} of {LINES} lines", file.path, lines(file)))
}

#[cfg(test)]
mod tests {
    use super::super::samples::{places, tree};
    use super::*;

    #[test]
    fn the_border() {
        let (full, over) = ("\n".repeat(LINES), "\n".repeat(LINES + 1));
        let tree = tree(&[("a.rs", &full), ("b.rs", &over), ("c.md", &over)]);
        assert_eq!(places(&CHECK, &tree), ["b.rs:1"]);
    }

    #[test]
    fn inline_tests_are_not_counted() {
        let text = format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", "\n".repeat(LINES), "\n".repeat(50));
        assert!(run(&tree(&[("a.rs", &text)])).is_empty());
    }
}
