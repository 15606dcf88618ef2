//! `fanfare config show`: what is in force, and where each value comes from. It is a configuration file itself.

use super::Command;
use crate::configuring::{self, Flags};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::showing::{Paint, printable, write_line};
use clap::ArgMatches;
use fanfare_proto::Namespace;
use fanfare_server::config::{ALL, Change, Form, Reading, Workers, show_one};

pub const COMMAND: Command = Command {
    name: "show",
    about: "Print every option that is in force, and where its value comes from",
    examples: &[
        ("With a file", "fanfare config show /etc/fanfare.toml"),
        ("As one file, whatever the environment says", "fanfare config show > fanfare.toml"),
    ],
    arguments: |command| configuring::arguments(configuring::file_argument(command), Flags::Hidden),
    run,
};

fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let reading = configuring::read(&configuring::sources(matches))?;
    let mut lines = options(&reading);
    let rules = reading.rules();
    let (configured, own) = rules.split_at(reading.config.namespaces.len());
    for (rule, place) in configured {
        lines.push((String::new(), String::new()));
        lines.push(("[[namespace]]".to_owned(), place.clone()));
        lines.extend(show_one(rule).map(|(key, value)| (format!("{key} = {value}"), String::new())));
    }
    lines.push((String::new(), String::new()));
    lines.extend(own.iter().map(|(rule, place)| (String::new(), after(rule, place))));
    write_line(aligned(&lines).as_bytes())?;
    Ok(Exit::DONE)
}

/// A line for each option, and what there is to know about it.
fn options(reading: &Reading) -> Vec<(String, String)> {
    let single = ALL.iter().filter(|setting| setting.form != Form::Tables);
    let line = |setting: &fanfare_server::config::Setting<_>| {
        let changes = match setting.change {
            Change::Running(_) => "; changes at SIGHUP",
            Change::Restart => "",
        };
        let (key, value) = (setting.key, (setting.show)(&reading.config));
        let now = match (key, reading.config.workers) {
            ("workers", Workers::Cores) => format!("; {} here", Workers::Cores.count()),
            _ => String::new(),
        };
        (format!("{key} = {value}"), format!("{}{now}{changes}", reading.place(key)))
    };
    single.map(line).collect()
}

/// A rule that nobody wrote.
fn after(rule: &Namespace, place: &str) -> String {
    let pairs: Vec<String> = show_one(rule).map(|(key, value)| format!("{key} = {value}")).collect();
    format!("then, {place}: {}", pairs.join(", "))
}

/// Comments below each other.
fn aligned(lines: &[(String, String)]) -> String {
    let paint = Paint::stdout();
    let commented = lines.iter().filter(|(code, comment)| !code.is_empty() && !comment.is_empty());
    // One long value does not push all comments out of sight.
    let width =
        commented.map(|(code, _)| code.chars().count()).filter(|width| *width <= 50).max().unwrap_or(0);
    let line = |(code, comment): &(String, String)| match (&**code, &**comment) {
        (code, "") => code.to_owned(),
        ("", comment) => paint.dim(format_args!("# {}", printable(comment))),
        (code, comment) => format!("{code:width$}  {}", paint.dim(format_args!("# {}", printable(comment)))),
    };
    lines.iter().map(line).collect::<Vec<_>>().join("\n")
}
