//! The options in `docs/configuration.md` are written from the lists of options: `make guide`.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use fanfare_server::config::{ALL, Form, NAMESPACE, Setting, change, variable};
use std::fmt::Write;
use std::path::Path;

/// All after this is written.
const MARK: &str = "<!-- All below is written by `make guide`";

fn path() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md")
}

/// The guide: what people wrote, and what is to follow.
fn guide() -> (String, String) {
    let text = std::fs::read_to_string(path()).unwrap();
    let mark = text.find(MARK).unwrap_or_else(|| panic!("the guide lacks the line {MARK:?}"));
    let end = mark + text[mark..].find('\n').unwrap() + 1;
    (text[..end].to_owned(), text[end..].to_owned())
}

/// What the lists of options say.
fn options() -> String {
    let server = sections(ALL, true);
    let namespace = sections(NAMESPACE, false);
    format!(
        "\n## Options of the server\n\n{server}## Options of a namespace\n\nEach changes when the server is started \
         again.\n\n{}\n",
        namespace.trim_end()
    )
}

/// A section for each option of a list.
fn sections<T>(list: &[Setting<T>], top: bool) -> String {
    let mut text = String::new();
    for setting in list {
        let Setting { key, form, default, allowed, about, .. } = setting;
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
            writeln!(text, "- {}", change(setting)).unwrap();
        }
        text.push('\n');
    }
    text
}

#[test]
fn the_options_of_the_guide_are_those_of_the_lists() {
    assert!(
        guide().1 == options(),
        "docs/configuration.md is not what the lists of options say: `make guide`"
    );
}

#[test]
#[ignore = "it writes the guide: `make guide`"]
fn write_the_guide() {
    std::fs::write(path(), guide().0 + &options()).unwrap();
}
