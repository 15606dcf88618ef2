//! Purity: in some crates time, chance and bytes from outside are arguments.
//!
//! Two halves. Their dependencies are a closed list, because a list of what is forbidden always misses one. Their
//! sources do not reach into the parts of `std` that touch the world.

use super::{Check, Violation};
use crate::rust::{Token, closing, reads, text};
use crate::tree::Tree;

pub(super) const CHECK: Check =
    Check { name: "purity", rule: "pure crates have no IO, no clock, no chance and no threads", run };

const PURE: &[&str] = &["fanfare-proto", "fanfare-hub", "fanfare-auth", "fanfare-webpush", "fanfare-cast"];

/// What a pure crate may depend on: each only computes.
const ALLOWED: &[&str] = &[
    "base64",
    "bytes",
    "crc32fast",
    "fanfare-proto",
    "flate2",
    "hashbrown",
    "httparse",
    "itoa",
    "jiff",
    "memchr",
    "rustc-hash",
    "serde",
    "serde_json",
    "sha1",
    "slab",
    "strsim",
    "thiserror",
    "unicode-normalization",
];

/// Parts of `std` that touch the world. Addresses are values: `core::net` has them.
const WORLD: &[&str] = &["env", "fs", "net", "process", "thread"];

const CLOCKS: &[&str] = &["Instant", "SystemTime"];

fn run(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for package in tree.packages.iter().filter(|package| PURE.contains(&&*package.name)) {
        let used = package.dependencies.iter().filter(|dependency| !dependency.dev);
        for dependency in used.filter(|dependency| !ALLOWED.contains(&&*dependency.name)) {
            let (path, line) = tree.manifest_line(package, &dependency.name);
            let message = format!(
                "`{}` is pure and may not depend on `{}`; if that only computes, list it in xtask/src/tidy/purity.rs",
                package.name, dependency.name
            );
            found.push(Violation::new(&path, line, message));
        }
    }
    for name in PURE {
        for (_, file) in tree.rust_below(&format!("crates/{name}/src")) {
            for (line, what) in reaches(&file.rust.code) {
                let message = format!("`{what}` in `{name}`, which is pure; make it an argument");
                found.push(Violation::new(&file.path, line, message));
            }
        }
    }
    found
}

/// Where tokens reach into the world, and by what.
fn reaches(code: &[Token]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (index, token) in code.iter().enumerate() {
        if CLOCKS.contains(&&*token.text) && reads(code, index + 1, &["::", "now"]) {
            found.push((token.line, format!("{}::now", token.text)));
        }
        if token.text == "std" && text(code, index + 1) == "::" {
            let parts = heads(code, index + 2).into_iter().filter(|part| WORLD.contains(&&*part.text));
            found.extend(parts.map(|part| (part.line, format!("std::{}", part.text))));
        }
    }
    found
}

/// The first names of what follows `std::`: one, or those in braces.
fn heads(code: &[Token], at: usize) -> Vec<&Token> {
    if text(code, at) != "{" {
        return code.get(at).into_iter().collect();
    }
    let group = &code[at..closing(code, at).min(code.len())];
    group.windows(2).filter(|pair| matches!(&*pair[0].text, "{" | ",")).map(|pair| &pair[1]).collect()
}

#[cfg(test)]
mod tests {
    use super::super::samples::{messages, package, places, tree};
    use super::*;
    use crate::tree::Dependency;

    #[test]
    fn dependencies_are_a_closed_list() {
        let packages = vec![package("fanfare-hub", &["bytes", "tokio"]), package("fanfare-node", &["tokio"])];
        let tree = Tree { packages, ..tree(&[]) };
        assert!(messages(&CHECK, &tree)[0].contains("`tokio`"));
        assert_eq!(run(&tree).len(), 1);
    }

    #[test]
    fn tests_may_use_more() {
        let mut package = package("fanfare-hub", &[]);
        package.dependencies.push(Dependency { name: "proptest".into(), dev: true });
        assert!(run(&Tree { packages: vec![package], ..tree(&[]) }).is_empty());
    }

    #[test]
    fn clocks_and_sockets_are_seen() {
        let source = "use std::time::Instant;\nfn a() { Instant::now(); }\nuse std::{fmt, fs};\n\
                      fn b() { std::time::SystemTime::now(); std::net::lookup(); }\n";
        let tree = tree(&[("crates/fanfare-hub/src/a.rs", source), ("crates/fanfare-node/src/a.rs", source)]);
        let path = "crates/fanfare-hub/src/a.rs";
        assert_eq!(places(&CHECK, &tree), [2, 3, 4, 4].map(|line| format!("{path}:{line}")));
    }

    #[test]
    fn values_and_tests_are_fine() {
        let source = "use core::net::IpAddr;\nuse std::time::Duration;\n\
                      #[cfg(test)]\nmod tests { fn a() { std::env::vars(); } }\n";
        assert!(run(&tree(&[("crates/fanfare-hub/src/a.rs", source)])).is_empty());
    }
}
