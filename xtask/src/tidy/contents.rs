//! Contents: a `lib.rs` says what the crate is and what its parts are. Code lives in the parts.

use super::{Check, Violation};
use crate::rust::{Token, closing, reads, text};
use crate::tree::Tree;

pub(super) const CHECK: Check =
    Check { name: "contents", rule: "lib.rs has documentation, `mod` and `use`, nothing else", run };

fn run(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in tree.rust().filter(|file| file.path.ends_with("src/lib.rs")) {
        if !file.text.starts_with("//!") {
            found.push(Violation::new(&file.path, 1, "lib.rs begins by saying what the crate is: `//! ...`"));
        }
        for (line, item) in others(&file.rust.tokens) {
            let message =
                format!("`{item}` in lib.rs, which is a contents page: documentation, `mod ...;`, `use`");
            found.push(Violation::new(&file.path, line, message));
        }
    }
    found
}

/// Top-level items that are neither `mod name;` nor `use`: their line and first word.
fn others(tokens: &[Token]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        at = after_attributes(tokens, at);
        let word = after_visibility(tokens, at);
        let Some(token) = tokens.get(word) else { break };
        let contents = match &*token.text {
            "use" | ";" => true,
            "mod" => text(tokens, word + 2) == ";",
            _ => false,
        };
        if !contents {
            found.push((token.line, token.text.clone()));
        }
        at = item_end(tokens, word) + 1;
    }
    found
}

fn after_attributes(tokens: &[Token], mut at: usize) -> usize {
    while text(tokens, at) == "#" {
        let bracket = if text(tokens, at + 1) == "!" { at + 2 } else { at + 1 };
        at = closing(tokens, bracket) + 1;
    }
    at
}

fn after_visibility(tokens: &[Token], at: usize) -> usize {
    match (text(tokens, at), reads(tokens, at + 1, &["("])) {
        ("pub", true) => closing(tokens, at + 1) + 1,
        ("pub", false) => at + 1,
        _ => at,
    }
}

/// The last token of the item at an index: a semicolon, or the braces of a body.
fn item_end(tokens: &[Token], item: usize) -> usize {
    let mut at = item;
    while at < tokens.len() {
        let end = closing(tokens, at);
        let body = text(tokens, at) == "{" && text(tokens, item) != "use";
        if body || text(tokens, at) == ";" {
            return end;
        }
        at = end + 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::super::samples::{messages, places, tree};
    use super::*;

    #[test]
    fn a_contents_page() {
        let page = "//! What.\n#![allow(x)]\n\nmod a;\npub mod b;\n/// Doc.\n#[doc(inline)]\npub use a::{A, b::B};\n\
                    #[cfg(test)]\npub(crate) mod c;\nuse d as _;\n";
        assert!(run(&tree(&[("crates/a/src/lib.rs", page), ("crates/a/src/a.rs", "fn a() {}")])).is_empty());
    }

    #[test]
    fn code_is_found() {
        let page = "//! What.\nmod a;\nfn b() { c(); }\npub struct D { e: u8 }\nimpl D {}\nconst F: u8 = { 1 };\nmod g { }\n";
        let tree = tree(&[("crates/a/src/lib.rs", page)]);
        assert_eq!(places(&CHECK, &tree), [3, 4, 5, 6, 7].map(|line| format!("crates/a/src/lib.rs:{line}")));
    }

    #[test]
    fn silence_is_found() {
        assert!(
            messages(&CHECK, &tree(&[("xtask/src/lib.rs", "mod a;\n")]))[0].contains("what the crate is")
        );
    }
}
