//! A configuration file with every option, each at its default and explained; nothing is changed by it.

use super::namespace::{NAMESPACE, show_one};
use super::options::ALL;
use super::setting::{Change, Form, Setting};
use fanfare_proto::{Keeping, Namespace, Pattern};

/// Columns of the text.
const WIDTH: usize = 100;

const HEAD: &str = "Configuration of Fanfare. Every option is here, at its default: take the `#` away in front of \
                    what you change. Environment variables and flags beat this file. `fanfare config check --config \
                    FILE` says what is wrong with it, `fanfare config show --config FILE` what is in force.";

const TABLES: &str = "Rules of channels. The first namespace whose pattern matches a channel rules it, so the narrow \
                      ones come first. Repeat the table for each. `fanfare config explain CHANNEL --config FILE` says \
                      which one rules a channel, and why.";

/// The text of such a file.
pub fn template() -> String {
    let mut text = comment(HEAD);
    for setting in ALL.iter().filter(|setting| setting.form != Form::Tables) {
        text.push('\n');
        text.push_str(&described(setting));
        text.push_str(&comment(change(setting)));
        text.push_str(&format!("#{} = {}\n", setting.key, setting.default));
    }
    text.push('\n');
    text.push_str(&comment(TABLES));
    text.push_str("#[[namespace]]\n");
    let shown = Namespace::new(Pattern::everything(), Keeping::Kept);
    for (setting, (key, value)) in NAMESPACE.iter().zip(show_one(&shown)) {
        text.push('\n');
        text.push_str(&described(setting));
        if !setting.default.is_empty() {
            text.push_str(&comment(&format!("Default: {}", setting.default)));
        }
        text.push_str(&format!("#{key} = {value}\n"));
    }
    text
}

/// When a running server takes a new value, as a sentence.
pub fn change<T>(setting: &Setting<T>) -> &'static str {
    match setting.change {
        Change::Running(_) => "Changes while the server runs, at SIGHUP.",
        Change::Restart => "Changes when the server is started again.",
    }
}

fn described<T>(setting: &Setting<T>) -> String {
    comment(setting.about) + &comment(&format!("Allowed: {}", setting.allowed))
}

/// Text as lines of a comment.
fn comment(text: &str) -> String {
    let mut lines = String::new();
    let mut line = String::from("#");
    for word in text.split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push_str(&line);
            lines.push('\n');
            "#".clone_into(&mut line);
        }
        line.push(' ');
        line.push_str(word);
    }
    lines + &line + "\n"
}
