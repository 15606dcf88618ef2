//! The one way to write a filter: every name in full, single spaces, double quotes, no parenthesis too many.

use super::scan::is_word;
use super::tree::{Field, Node, Path, Tree};
use super::value::Literal;
use std::fmt::Write;

/// The filter as text.
pub(super) fn print(tree: &Tree) -> String {
    let mut printer = Printer { out: String::new(), paths: &tree.paths };
    printer.node(&tree.root);
    printer.out
}

struct Printer<'p> {
    out: String,
    paths: &'p [Path],
}

impl Printer<'_> {
    fn node(&mut self, node: &Node) {
        match node {
            Node::Any(nodes) => self.joined(nodes, " or "),
            Node::All(nodes) => self.joined(nodes, " and "),
            Node::Not(inner) => {
                self.out.push_str("not ");
                self.inner(inner);
            }
            Node::Compare(field, operator, literal) => {
                self.field(field);
                self.out.push(' ');
                self.out.push_str(operator.sign());
                self.out.push(' ');
                self.literal(literal);
            }
            Node::In(field, list) => {
                self.field(field);
                self.out.push_str(" in (");
                for (index, literal) in list.iter().enumerate() {
                    self.out.push_str(if index == 0 { "" } else { ", " });
                    self.literal(literal);
                }
                self.out.push(')');
            }
            Node::StartsWith(field, start) => {
                self.out.push_str("starts_with(");
                self.field(field);
                self.out.push_str(", ");
                self.quoted(start);
                self.out.push(')');
            }
            Node::Became(fate) => self.out.push_str(fate.word()),
            Node::Exists(field) => {
                self.out.push_str("exists(");
                self.field(field);
                self.out.push(')');
            }
        }
    }

    fn joined(&mut self, nodes: &[Node], word: &str) {
        for (index, node) in nodes.iter().enumerate() {
            self.out.push_str(if index == 0 { "" } else { word });
            // `and` binds closer than `or`.
            match node {
                Node::All(_) if word == " or " => self.node(node),
                node => self.inner(node),
            }
        }
    }

    /// A part that a neighbour would tear apart stands in parentheses.
    fn inner(&mut self, node: &Node) {
        if let Node::Any(_) | Node::All(_) = node {
            self.out.push('(');
            self.node(node);
            self.out.push(')');
        } else {
            self.node(node);
        }
    }

    fn field(&mut self, field: &Field) {
        let name = match field {
            Field::Channel => "channel",
            Field::Event => "event",
            Field::Key => "key",
            Field::Priority => "priority",
            Field::Time => "time",
            Field::Tag(_) => "tags",
            Field::Body(_) => "body",
        };
        self.out.push_str(name);
        match field {
            Field::Tag(name) => self.segment(name),
            Field::Body(path) => {
                let paths = self.paths;
                paths[*path].iter().for_each(|name| self.segment(name));
            }
            _ => {}
        }
    }

    fn segment(&mut self, name: &str) {
        if !name.is_empty() && name.chars().all(is_word) {
            self.out.push('.');
            self.out.push_str(name);
        } else {
            self.out.push('[');
            self.quoted(name);
            self.out.push(']');
        }
    }

    fn literal(&mut self, literal: &Literal) {
        // Writing into a String cannot fail.
        let _ = match literal {
            Literal::Bool(value) => write!(self.out, "{value}"),
            // Whole numbers as people write them; the other form has an exponent where it is shorter.
            Literal::Number(number) if number.fract() == 0.0 && number.abs() < 1e16 => {
                write!(self.out, "{number}")
            }
            Literal::Number(number) => write!(self.out, "{number:?}"),
            Literal::Text(text) => return self.quoted(text),
            Literal::Moment(moment) => write!(self.out, "\"{moment}\""),
        };
    }

    fn quoted(&mut self, text: &str) {
        self.out.push('"');
        for c in text.chars() {
            if matches!(c, '"' | '\\') {
                self.out.push('\\');
            }
            self.out.push(c);
        }
        self.out.push('"');
    }
}
