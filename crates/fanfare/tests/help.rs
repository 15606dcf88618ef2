//! What the command says about itself, and `docs/cli.md`, which says the same.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use support::command::{fanfare, run};
use support::http::ask;
use support::server::Server;

const GUIDE: &str = include_str!("../../../docs/cli.md");

fn help(args: &[&str]) -> String {
    let mut command = fanfare("", args);
    command.env_remove("FANFARE_SERVER");
    run(command).with(0).stdout
}

/// The names below some names, as their help lists them.
fn below(names: &str) -> Vec<String> {
    let mut args: Vec<&str> = names.split_whitespace().collect();
    args.push("--help");
    let help = help(&args);
    let Some((_, list)) = help.split_once("Commands:\n") else { return Vec::new() };
    let (list, _) = list.split_once("\n\n").unwrap();
    let listed = list.lines().map(|line| line.split_whitespace().next().unwrap());
    listed.filter(|name| *name != "help").map(|name| format!("{names} {name}").trim().to_owned()).collect()
}

/// Every command: those that are names for several first, then these.
fn commands() -> Vec<String> {
    let mut all = below("");
    let mut looked = 0;
    while looked < all.len() {
        let more = below(&all[looked]);
        all.extend(more);
        looked += 1;
    }
    all
}

fn help_of(command: &str) -> String {
    let args: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
    help(&args)
}

#[test]
fn the_guide_has_the_help_of_every_command() {
    let expected = [
        "serve",
        "publish",
        "readers",
        "schedules",
        "conditions",
        "webhooks",
        "subscribe",
        "history",
        "channels",
        "presence",
        "remove",
        "top",
        "health",
        "protocols",
        "config",
        "db",
        "completions",
        "man",
    ];
    assert_eq!(below(""), expected);
    let whole = help(&["--help"]);
    assert!(GUIDE.contains(&format!("```text\n{whole}```\n")), "put this into the guide:\n{whole}");
    for name in commands() {
        let text = help_of(&name);
        let section = format!("\n## `fanfare {name}`\n");
        assert!(GUIDE.contains(&section), "the guide lacks {section}");
        assert!(GUIDE.contains(&format!("```text\n{text}```\n")), "put this into the guide:\n{text}");
    }
}

/// `make guide` runs this: it writes the help of each command that has a section into the guide.
#[test]
#[ignore = "writes docs/cli.md"]
fn write_the_guide() {
    let mut guide = GUIDE.to_owned();
    let mut write = |heading: &str, text: &str| {
        let Some(section) = guide.find(heading) else { return };
        let fence = "```text\nFanfare pushes";
        let of_whole = heading == "# The command line\n";
        let begin = match of_whole {
            true => guide[section..].find(fence).map(|at| at + "```text\n".len()),
            // A section may have other blocks: that of help has the line of usage.
            false => guide[section..].find("\nUsage: ").and_then(|usage| {
                guide[section..section + usage].rfind("```text\n").map(|at| at + "```text\n".len())
            }),
        };
        let begin = section + begin.unwrap();
        let end = begin + guide[begin..].find("```\n").unwrap();
        guide.replace_range(begin..end, text);
    };
    write("# The command line\n", &help(&["--help"]));
    for name in commands() {
        write(&format!("\n## `fanfare {name}`\n"), &help_of(&name));
    }
    std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/cli.md"), guide).unwrap();
}

#[test]
fn every_command_has_examples_that_the_command_line_takes() {
    for name in commands() {
        let text = help_of(&name);
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
fn what_is_below_zero_is_told_what_is_allowed() {
    for (args, said) in [
        (&["subscribe", "a", "--last", "-5"][..], "-5 is not in 0..=10000"),
        (&["subscribe", "a", "--count", "-1"], "1 or more"),
        (&["subscribe", "a", "--rate", "-1"], "`-1` is not a number of messages a second"),
        (&["history", "a", "--last", "-5"], "-5 is not in 0..=10000"),
        (&["history", "a", "--limit", "-2"], "1 or more"),
        (&["remove", "a", "-5"], "1 or more"),
        (&["remove", "a", "0"], "1 or more"),
        (&["publish", "a", "b", "--priority", "-3"], "-3"),
        (&["publish", "a", "b", "--ttl", "-3"], "the units are w, d, h, m, s and ms"),
        (&["readers", "make", "r", "a", "--window", "-3"], "1..=256"),
    ] {
        let ended = run(fanfare("http://127.0.0.1:9", args)).with(2);
        assert!(ended.stderr.contains(said) && !ended.stderr.contains("tip:"), "{args:?}: {ended:?}");
    }
    // What is no option is still none.
    let ended = run(fanfare("", &["subscribe", "a", "-x"])).with(2);
    assert!(ended.stderr.contains("unexpected argument '-x'"), "{ended:?}");
}

#[test]
fn numbers_that_are_too_large_and_units_that_are_none_are_told() {
    let server = Server::start();
    let url = server.url("");
    for (args, said) in [
        (&["history", "a", "--filter", "x > 1e999"][..], "`1e999` is too large a number"),
        (&["history", "a", "--since", "1d57w"], "the units are w, d, h, m, s and ms, the larger first"),
        (&["subscribe", "a", "--since", "5y"], "the units are w, d, h, m, s and ms"),
    ] {
        let ended = run(fanfare(&url, args)).with(4);
        assert!(ended.stderr.contains(said), "{args:?}: {ended:?}");
    }
    run(fanfare(&url, &["history", "a", "--since", "57w1d"])).with(0);
    let envelope = r#"{"channel":"a","body":"","tags":{"x":1e999}}"#;
    let refused = ask(server.address, "POST /publish HTTP/1.1", envelope.as_bytes());
    assert!(refused.text().contains("tags: a number is too large"), "{refused:?}");
}

#[test]
fn the_version_is_told() {
    let expected = format!("fanfare {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(run(fanfare("", &["--version"])).with(0).stdout, expected);
}
