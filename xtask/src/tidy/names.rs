//! Names: nothing is called by a word that would fit anything.

use super::{Check, Violation};
use crate::rust::words;
use crate::tree::Tree;

pub(super) const CHECK: Check = Check {
    name: "names",
    rule: "no file, module or type is a utility, a helper, a manager or a factory",
    run,
};

const EMPTY: &[&str] =
    &["util", "utils", "common", "misc", "helper", "helpers", "manager", "managers", "factory"];

fn run(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in tree.rust() {
        let parts = file.path.trim_end_matches(".rs").split('/').map(|part| (1, part));
        let names = file.rust.names().map(|named| (named.line, named.name));
        for (line, name) in parts.chain(names) {
            if let Some(word) = empty(name) {
                let message = format!("`{name}`: `{word}` fits anything; what is this one about?");
                found.push(Violation::new(&file.path, line, message));
            }
        }
    }
    found
}

fn empty(name: &str) -> Option<&'static str> {
    let parts = words(&name.replace('-', "_"));
    EMPTY.iter().find(|word| parts.iter().any(|part| part == *word)).copied()
}

#[cfg(test)]
mod tests {
    use super::super::samples::{places, tree};
    use super::*;

    #[test]
    fn empty_words_are_found() {
        let text = "mod utils;\nstruct SessionManager;\nfn helper() {}\nstruct Commonwealth;\n";
        let tree = tree(&[("crates/a/src/a.rs", text), ("crates/a/tests/common/mod.rs", "")]);
        assert_eq!(
            places(&CHECK, &tree),
            ["crates/a/src/a.rs:1", "crates/a/src/a.rs:2", "crates/a/tests/common/mod.rs:1"]
        );
    }
}
