//! What the command says about itself, and `docs/cli.md`, which says the same.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use support::command::{fanfare, run};

const GUIDE: &str = include_str!("../../../docs/cli.md");

fn help(args: &[&str]) -> String {
    let mut command = fanfare("", args);
    command.env_remove("FANFARE_SERVER");
    run(command).with(0).stdout
}

fn commands() -> Vec<String> {
    let help = help(&["--help"]);
    let (_, list) = help.split_once("Commands:\n").unwrap();
    let (list, _) = list.split_once("\n\n").unwrap();
    let names = list.lines().map(|line| line.split_whitespace().next().unwrap().to_owned());
    names.filter(|name| name != "help").collect()
}

#[test]
fn the_guide_has_the_help_of_every_command() {
    assert_eq!(commands(), ["serve", "publish", "subscribe", "history", "channels", "protocols"]);
    let whole = help(&["--help"]);
    assert!(GUIDE.contains(&format!("```text\n{whole}```\n")), "put this into the guide:\n{whole}");
    for name in commands() {
        let text = help(&[&name, "--help"]);
        let section = format!("\n## `fanfare {name}`\n");
        assert!(GUIDE.contains(&section), "the guide lacks {section}");
        assert!(GUIDE.contains(&format!("```text\n{text}```\n")), "put this into the guide:\n{text}");
    }
}

#[test]
fn every_command_has_examples_that_the_command_line_takes() {
    for name in commands() {
        let text = help(&[&name, "--help"]);
        let (_, examples) = text.split_once("Examples:\n").unwrap_or_else(|| panic!("no examples: {text}"));
        assert!(examples.lines().any(|line| line.contains(&format!("fanfare {name}"))), "{text}");
    }
}

#[test]
fn a_wrong_command_line_is_a_usage_error() {
    for args in [&["serv"][..], &[], &["publish", "--nonsense"], &["subscribe"], &["history"]] {
        let ended = run(fanfare("", args)).with(2);
        assert!(ended.stdout.is_empty() && !ended.stderr.is_empty(), "{ended:?}");
    }
    assert!(run(fanfare("", &["serv"])).stderr.contains("serve"));
}

#[test]
fn the_version_is_told() {
    let expected = format!("fanfare {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(run(fanfare("", &["--version"])).with(0).stdout, expected);
}
