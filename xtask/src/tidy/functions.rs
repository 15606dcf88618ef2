//! Functions: no function is longer than a screen. Tests are held to it as well.

use super::{Check, Violation};
use crate::rust::Function;
use crate::tree::{File, Tree};

pub(super) const CHECK: Check =
    Check { name: "functions", rule: "a function has at most 70 lines, from `fn` to its last brace", run };

const LINES: usize = 70;

fn run(tree: &Tree) -> Vec<Violation> {
    let long = functions(tree).filter(|(_, function)| function.lines > LINES);
    let violation = |(file, function): (&File, Function)| {
        let message = format!("`{}` has {} lines; at most {LINES}", function.name, function.lines);
        Violation::new(&file.path, function.line, message)
    };
    long.map(violation).collect()
}

fn functions(tree: &Tree) -> impl Iterator<Item = (&File, Function)> {
    tree.rust().flat_map(|file| file.rust.functions().into_iter().map(move |function| (file, function)))
}

pub(super) fn longest(tree: &Tree) -> Option<String> {
    let (file, function) = functions(tree).max_by_key(|(_, function)| function.lines)?;
    let Function { name, line, lines } = function;
    Some(format!("longest function: {name}, {}:{line}, {lines} of {LINES} lines", file.path))
}

#[cfg(test)]
mod tests {
    use super::super::samples::{places, tree};
    use super::*;

    #[test]
    fn the_border() {
        let body = |lines: usize| format!("fn a() {{\n{}}}\n", "\n".repeat(lines - 2));
        let text = format!("{}{}", body(LINES), body(LINES + 1));
        assert_eq!(places(&CHECK, &tree(&[("a.rs", &text)])), [format!("a.rs:{}", LINES + 1)]);
    }
}
