//! Circles: inside a crate, what a top-level module needs does not need that module.
//!
//! A module needs what its files name as `crate::x` or by as many `super` as lead to the root. `crate::Name` is
//! what the root re-exports under that name. Inline tests are not read: a test may look anywhere.

use super::{Check, Violation};
use crate::rust::{Token, closing, is_test_only, text};
use crate::tree::{File, Package, Tree};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

pub(super) const CHECK: Check = Check {
    name: "circles",
    rule: "the top-level modules of a crate do not need each other in a circle",
    run,
};

/// From a module to the modules it needs, each with a place where it says so.
type Needs = BTreeMap<String, BTreeMap<String, (String, usize)>>;

fn run(tree: &Tree) -> Vec<Violation> {
    tree.packages.iter().flat_map(|package| judge(tree, package)).collect()
}

fn judge(tree: &Tree, package: &Package) -> Vec<Violation> {
    let folder = format!("{}/src", package.folder);
    let files: BTreeMap<&str, &File> = tree.rust_below(&folder).collect();
    let Some(root) = files.get("lib.rs").or(files.get("main.rs")).map(|file| Root::read(&file.rust.code))
    else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut needs = Needs::new();
    for (path, file) in files {
        let Some(place) = Place::of(path).filter(|place| !root.tests.contains(place.module)) else {
            continue;
        };
        let needed = needs.entry(place.module.to_owned()).or_default();
        for named in named(&file.rust.code, place.depth) {
            match root.owner(&named.text) {
                Some(module) if module.is_empty() || module == place.module => {}
                Some(module) => {
                    needed.entry(module.to_owned()).or_insert((file.path.clone(), named.line));
                }
                None => {
                    let owner = "is the root's own, and the root needs its modules: give it a module";
                    let message = format!("`crate::{}` {owner}", named.text);
                    found.push(Violation::new(&file.path, named.line, message));
                }
            }
        }
    }
    found.extend(circles(&needs));
    found
}

/// Where a file stands in the tree of modules.
struct Place<'a> {
    module: &'a str,
    depth: usize,
}

impl Place<'_> {
    /// Of a path below `src`; `None` for roots.
    fn of(path: &str) -> Option<Place<'_>> {
        let path = path.strip_suffix(".rs")?;
        let path = path.strip_suffix("/mod").unwrap_or(path);
        let module = path.split('/').next()?;
        let root = matches!(path, "lib" | "main") || module == "bin";
        (!root).then(|| Place { module, depth: path.split('/').count() })
    }
}

/// What the root of a crate says about names.
#[derive(Default)]
struct Root {
    modules: BTreeSet<String>,
    tests: BTreeSet<String>,
    /// From a re-exported name to the first name of its path.
    exports: BTreeMap<String, String>,
}

impl Root {
    fn read(code: &[Token]) -> Root {
        let mut root = Root::default();
        let mut test_only = false;
        let mut at = 0;
        while at < code.len() {
            match text(code, at) {
                "#" => test_only |= is_test_only(code, at),
                "mod" if test_only => {
                    root.tests.insert(text(code, at + 1).to_owned());
                }
                "mod" => {
                    root.modules.insert(text(code, at + 1).to_owned());
                }
                "use" => {
                    leaves(code, at + 1, None, &mut root.exports);
                }
                ";" => test_only = false,
                _ => {}
            }
            at = closing(code, at) + 1;
        }
        root
    }

    /// The module a name of the root belongs to; empty for what comes from another crate.
    fn owner(&self, name: &str) -> Option<&str> {
        if let Some(module) = self.modules.get(name) {
            return Some(module);
        }
        let first = self.exports.get(name)?;
        Some(self.modules.get(first).map_or("", |module| module))
    }
}

/// Reads a use tree from an index on; answers the index behind it.
fn leaves<'a>(
    code: &'a [Token],
    mut at: usize,
    mut first: Option<&'a str>,
    out: &mut BTreeMap<String, String>,
) -> usize {
    loop {
        let name = text(code, at);
        if name == "{" {
            let end = closing(code, at);
            at += 1;
            while at < end {
                at = leaves(code, at, first, out) + 1;
            }
            return end + 1;
        }
        if !matches!(name, "crate" | "self" | "super") && first.is_none() {
            first = code.get(at).map(|token| &*token.text);
        }
        if text(code, at + 1) == "::" {
            at += 2;
            continue;
        }
        let renamed = text(code, at + 1) == "as";
        let leaf = if renamed { text(code, at + 2) } else { name };
        // A glob gives names that a reader of the root does not see, nor does this check.
        if leaf != "*" {
            out.insert(leaf.to_owned(), first.unwrap_or(name).to_owned());
        }
        return if renamed { at + 3 } else { at + 1 };
    }
}

/// The names that a file takes from the root of its crate. `depth` is the file's own.
fn named(code: &[Token], depth: usize) -> Vec<&Token> {
    let mut found = Vec::new();
    let mut inline: Vec<usize> = Vec::new();
    for (index, token) in code.iter().enumerate() {
        inline.retain(|end| *end > index);
        let after = match &*token.text {
            "mod" if text(code, index + 2) == "{" => {
                inline.push(closing(code, index + 2));
                continue;
            }
            "crate" => 1,
            "super" if index < 2 || text(code, index - 2) != "super" => {
                let supers = (index..).step_by(2).take_while(|at| text(code, *at) == "super").count();
                if supers != depth + inline.len() {
                    continue;
                }
                supers * 2 - 1
            }
            _ => continue,
        };
        if text(code, index + after) == "::" {
            found.extend(heads(code, index + after + 1));
        }
    }
    found
}

/// The first names of a path or of a group of paths. Macros are skipped: the root owns them all.
fn heads(code: &[Token], at: usize) -> Vec<&Token> {
    let mut heads = Vec::new();
    if text(code, at) != "{" {
        heads.extend(code.get(at).filter(|_| text(code, at + 1) != "!"));
        return heads;
    }
    let (end, mut at) = (closing(code, at), at + 1);
    while at < end {
        heads.push(&code[at]);
        while at < end && text(code, at) != "," {
            at = closing(code, at) + 1;
        }
        at += 1;
    }
    heads
}

/// One violation for each set of modules that need each other, showing a shortest way round.
fn circles(needs: &Needs) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut told: BTreeSet<&str> = BTreeSet::new();
    for start in needs.keys() {
        let Some(way) = way_round(needs, start).filter(|_| !told.contains(&**start)) else { continue };
        let back = |module: &&String| reaches(needs, module, start) && reaches(needs, start, module);
        told.extend(needs.keys().filter(back).map(|module| &**module));
        let (path, line) = &needs[start][way[1]];
        let places = way.windows(2).map(|step| {
            let (path, line) = &needs[step[0]][step[1]];
            format!("{path}:{line}")
        });
        let places: Vec<String> = places.collect();
        let message = format!("a circle: {} ({})", way.join(" -> "), places.join(", "));
        found.push(Violation::new(path, *line, message));
    }
    found
}

fn reaches(needs: &Needs, from: &str, to: &str) -> bool {
    let mut seen = BTreeSet::from([from]);
    let mut next = vec![from];
    while let Some(module) = next.pop() {
        let needed = needs.get(module).into_iter().flat_map(BTreeMap::keys);
        next.extend(needed.map(|module| &**module).filter(|module| seen.insert(module)));
    }
    seen.contains(to)
}

/// A shortest way from a module back to itself.
fn way_round<'a>(needs: &'a Needs, start: &'a str) -> Option<Vec<&'a str>> {
    let mut ways = VecDeque::from([vec![start]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        let last = *way.last()?;
        for module in needs.get(last).into_iter().flat_map(BTreeMap::keys) {
            let longer: Vec<&str> = way.iter().copied().chain([&**module]).collect();
            if module == start {
                return Some(longer);
            }
            if seen.insert(module) {
                ways.push_back(longer);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::samples::{messages, package, places, tree};
    use super::*;

    fn a_crate(files: &[(&str, &str)]) -> Tree {
        let files: Vec<_> =
            files.iter().map(|(path, text)| (format!("crates/a/src/{path}"), *text)).collect();
        let files: Vec<_> = files.iter().map(|(path, text)| (&**path, *text)).collect();
        Tree { packages: vec![package("a", &[])], ..tree(&files) }
    }

    #[test]
    fn a_circle_is_found_once_with_its_places() {
        let root = "mod b; mod c; mod d;";
        let b = "\nuse crate::c::C;";
        let d = "fn d() { crate::b::b() }";
        let tree =
            a_crate(&[("lib.rs", root), ("b.rs", b), ("c.rs", "use crate::{fmt, d::D};"), ("d.rs", d)]);
        let found = messages(&CHECK, &tree);
        let way = "crates/a/src/b.rs:2, crates/a/src/c.rs:1, crates/a/src/d.rs:1";
        assert!(found.contains(&format!("a circle: b -> c -> d -> b ({way})")), "{found:?}");
        assert_eq!(found.len(), 2, "one circle and one unknown name: {found:?}");
    }

    #[test]
    fn re_exports_lead_to_their_module() {
        let root = "mod b; mod c; pub use b::{x::B as Other, y}; pub use bytes::Bytes;";
        let c = "use crate::{Other, Bytes};";
        let tree = a_crate(&[("lib.rs", root), ("b.rs", "use crate::c;"), ("c.rs", c)]);
        assert_eq!(places(&CHECK, &tree), ["crates/a/src/b.rs:1"]);
    }

    #[test]
    fn supers_that_lead_to_the_root_count() {
        let inner = "use super::super::c; mod e { use super::super::super::c; } use super::f;";
        let files = [
            ("main.rs", "mod b; mod c;"),
            ("b/mod.rs", "mod d;"),
            ("b/d.rs", inner),
            ("c.rs", "use super::b;"),
        ];
        assert_eq!(messages(&CHECK, &a_crate(&files)).len(), 1);
        let files = [
            ("main.rs", "mod b; mod c;"),
            ("b/mod.rs", "mod d;"),
            ("b/d.rs", "use super::c;"),
            ("c.rs", "use super::b;"),
        ];
        assert!(run(&a_crate(&files)).is_empty());
    }

    #[test]
    fn a_line_and_a_tree_are_fine() {
        let files = [
            ("lib.rs", "mod b; mod c; #[cfg(test)] mod checks; pub(crate) use c::C;"),
            ("b.rs", "use crate::C; use crate::b::B; use std::fmt; #[cfg(test)] mod tests { use crate::c; }"),
            (
                "c.rs",
                "pub(in crate::c) struct C; fn c() { crate::shout!(); } #[cfg(test)] mod tests { use crate::b; }",
            ),
            ("checks.rs", "use crate::{b, c};"),
        ];
        assert!(run(&a_crate(&files)).is_empty(), "{:?}", run(&a_crate(&files)));
    }

    #[test]
    fn what_only_the_root_has_is_found() {
        let files =
            [("main.rs", "mod b; fn main() { b::b() } fn exit() {}"), ("b.rs", "fn b() { crate::exit() }")];
        assert!(messages(&CHECK, &a_crate(&files))[0].contains("`crate::exit`"));
        let files = [("lib.rs", "mod b; pub use b::*;"), ("b.rs", "use crate::*;")];
        assert!(!run(&a_crate(&files)).is_empty());
    }
}
