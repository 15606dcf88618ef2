//! `docs/configuration.md` says what the lists of options say.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use fanfare_server::config::{ALL, Form, NAMESPACE, Setting, variable};
use std::fmt::Write;

const GUIDE: &str = include_str!("../../../docs/configuration.md");

/// A section for each option of a list.
fn sections<T>(list: &[Setting<T>], top: bool) -> String {
    let mut text = String::new();
    for Setting { key, form, default, allowed, about, .. } in list {
        write!(text, "### `{key}`\n\n{about}\n\n").unwrap();
        if !default.is_empty() {
            writeln!(text, "- Default: `{default}`").unwrap();
        }
        writeln!(text, "- Allowed: {allowed}").unwrap();
        if top {
            writeln!(text, "- Environment: `{}`", variable(key)).unwrap();
            let flag = format!("--{}", key.replace('_', "-"));
            match form {
                Form::Value(value) => writeln!(text, "- Flag: `{flag} {value}`").unwrap(),
                Form::Switch => writeln!(text, "- Flag: `{flag}`").unwrap(),
                Form::Tables => {}
            }
        }
        text.push('\n');
    }
    text
}

/// Compares a part of the guide, between two lines, with what it should be.
fn holds(from: &str, to: &str, expected: &str) {
    let (_, after) = GUIDE.split_once(from).unwrap_or_else(|| panic!("the guide lacks the line {from:?}"));
    let (part, _) = after.split_once(to).unwrap_or_else(|| panic!("the guide lacks the line {to:?}"));
    assert!(part.trim() == expected.trim(), "between {from:?} and {to:?} put this:\n\n{expected}");
}

#[test]
fn every_option_is_in_the_guide() {
    holds("## Options of the server\n", "## Options of a namespace\n", &sections(ALL, true));
}

#[test]
fn every_option_of_a_namespace_is_in_the_guide() {
    holds("Each has these options:\n", "## Example\n", &sections(NAMESPACE, false));
}

#[test]
fn the_example_is_a_configuration() {
    let (_, after) = GUIDE.split_once("```toml\n").unwrap();
    let (example, _) = after.split_once("```").unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), example).unwrap();
    let sources =
        fanfare_server::config::Sources { file: Some(file.path().to_owned()), ..Default::default() };
    let config = fanfare_server::Config::load(&sources).unwrap();
    assert!(!config.namespaces.is_empty());
}
