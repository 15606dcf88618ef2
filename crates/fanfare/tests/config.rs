//! `fanfare config`: what it says of a configuration, and the guide, whose examples are executed.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use fanfare_server::config::{ALL, NAMESPACE};
use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::{Command, Stdio};
use support::command::{Ended, fanfare, run};
use support::server::FANFARE;
use tempfile::TempDir;

const GUIDE: &str = include_str!("../../../docs/configuration.md");

/// Runs `fanfare config` in a folder, with these variables.
fn config(folder: &Path, args: &[&str], variables: &[(&str, &str)]) -> Ended {
    let mut command = fanfare("", &["config"]);
    command.args(args).current_dir(folder).env_remove("FANFARE_SERVER").envs(variables.iter().copied());
    run(command)
}

/// A folder with this configuration in `fanfare.toml`.
fn folder(text: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("fanfare.toml"), text).unwrap();
    folder
}

/// The first block of this kind in a text, and what follows it.
fn block<'a>(kind: &str, text: &'a str) -> Option<(&'a str, &'a str)> {
    text.split_once(&format!("```{kind}\n"))?.1.split_once("```")
}

#[test]
fn the_guide_is_executed() {
    let (example, mut rest) = block("toml", GUIDE).unwrap();
    let folder = folder(example);
    let path =
        format!("{}:{}", Path::new(FANFARE).parent().unwrap().display(), std::env::var("PATH").unwrap());
    let mut executed = 0;
    while let Some((line, after)) = block("sh", rest) {
        let (expected, after) = block("text", after).unwrap();
        let mut bash = Command::new("bash");
        bash.args(["-euc", line]).env_clear().env("PATH", &path).current_dir(&folder).stdin(Stdio::null());
        let ended = bash.output().unwrap();
        let said = String::from_utf8(ended.stdout).unwrap();
        assert!(ended.status.success(), "{line}{}", String::from_utf8_lossy(&ended.stderr));
        assert!(said == expected, "below {line}put this:\n{said}");
        (rest, executed) = (after, executed + 1);
    }
    assert_eq!(executed, 4);
}

#[test]
fn check_says_every_error_as_serve_does() {
    let folder =
        folder("lisen = 'x'\n[[namespace]]\nage = '5y'\n[[namespace]]\npattern = 'a//b'\nbody = 0\n");
    let variables = [("FANFARE_STORE_BYTES", "1"), ("FANFARE_HOTS", "true")];
    let flags = ["--config", "fanfare.toml", "--workers", "many"];
    let ended = config(folder.path(), &[&["check"], &flags[..]].concat(), &variables).with(2);
    let wrong = [
        "fanfare.toml, line 1: there is no option `lisen`; did you mean `listen`?",
        "fanfare.toml, line 3: `age` cannot be \"5y\"",
        "fanfare.toml, line 5: `pattern` cannot be \"a//b\"",
        "fanfare.toml, line 6: `body` cannot be 0",
        "environment variable FANFARE_HOTS: there is no option `hots`; did you mean `host`?",
        "environment variable FANFARE_STORE_BYTES: `store_bytes` cannot be \"1\"",
        "--workers: `workers` cannot be \"many\"",
    ];
    let mut said: Vec<&str> = ended.stderr.lines().collect();
    // The system gives variables in no order.
    said[4..6].sort_unstable();
    assert_eq!(said.len(), wrong.len(), "{said:#?}");
    for (said, wrong) in said.iter().zip(wrong) {
        assert!(said.starts_with(&format!("error: {wrong}")), "{said}");
    }
    let mut serve = fanfare("", &["serve"]);
    serve.args(flags).current_dir(&folder).envs(variables);
    let mut refused: Vec<String> = run(serve).with(2).stderr.lines().map(str::to_owned).collect();
    refused[4..6].sort_unstable();
    assert_eq!(refused, said);
}

#[test]
fn check_refuses_what_a_start_would_refuse_later() {
    let folder = folder("listen = '0.0.0.0:80'\n");
    let ended = config(folder.path(), &["check", "--config", "fanfare.toml"], &[]).with(2);
    assert!(ended.stderr.contains("0.0.0.0:80 can be reached from other machines"), "{ended:?}");
    assert!(ended.stderr.contains("--insecure-open"), "{ended:?}");
    let ended = config(folder.path(), &["check", "--config", "none.toml"], &[]).with(2);
    assert!(ended.stderr.contains("the configuration file none.toml cannot be read"), "{ended:?}");
}

#[test]
fn check_says_what_has_no_effect() {
    let file = "workers = 2\norigins = ['*', 'https://a.example']\ninsecure_open = true\nstore_bytes = '2GiB'\n\
                [[namespace]]\npattern = 'a/**'\nbytes = '3GiB'\n[[namespace]]\npattern = 'a/b'\n";
    let folder = folder(file);
    let variables = [("FANFARE_WORKERS", "3"), ("FANFARE_PORT", "tcp://10.0.0.1:80")];
    let args = ["check", "--config", "fanfare.toml", "--workers", "4"];
    let ended = config(folder.path(), &args, &variables).with(0);
    let expected = [
        "fanfare.toml, line 1: this `workers` is beaten by that of --workers",
        "environment variable FANFARE_WORKERS: this `workers` is beaten by that of --workers",
        "fanfare.toml, line 8: the namespace `a/b` has no channels: `a/**` comes first (fanfare.toml, line 5)",
        "fanfare.toml, line 5: the namespace `a/**` has more `bytes` than `store_bytes` lets the whole store keep",
        "fanfare.toml, line 3: `insecure_open` does nothing: nobody else can reach 127.0.0.1:8080",
        "fanfare.toml, line 2: beside `*`, which is every origin, `origins` needs no others",
        "environment variable FANFARE_PORT: no option has this name; it is left alone",
    ];
    let said = ended.lines();
    assert!(said[0].starts_with("All is well: "), "{said:#?}");
    assert_eq!(said[1..], expected.map(|line| format!("No effect: {line}")), "{said:#?}");
    let ended = config(folder.path(), &["check"], &[]).with(0);
    let expected =
        "All is well: no file, the environment and flags set 0 values; the rest has its defaults.\n";
    assert_eq!(ended.stdout, expected);
}

#[test]
fn check_says_that_names_of_the_server_have_no_namespaces() {
    let own = ["$presence/**", "$sys/**", "$dead/**"];
    let file: String = own.map(|pattern| format!("[[namespace]]\npattern = '{pattern}'\n")).concat();
    let folder = folder(&file);
    let ended = config(folder.path(), &["check", "--config", "fanfare.toml"], &[]).with(0);
    let said = ended.lines();
    let expected = [
        "No effect: fanfare.toml, line 1: `keeping`, `latest` and `compact` of the namespace `$presence/**` are of no \
         channel: presence is the server's own, live, and told as it is now",
        "No effect: fanfare.toml, line 3: the namespace `$sys/**` has no channels: of names that begin with `$` there \
         are `$dead/...` and `$presence/...`",
    ];
    assert_eq!(said[1..], expected, "{said:#?}");
}

#[test]
fn show_names_where_each_value_comes_from_and_is_a_configuration() {
    let folder = folder("data = 'here'\n\n[[namespace]]\npattern = 'a'\nbody = 7\n");
    let args = ["show", "--config", "fanfare.toml", "--host", "--store-bytes", "3000000"];
    let variables = [("FANFARE_WORKERS", "3")];
    let shown = config(folder.path(), &args, &variables).with(0).stdout;
    let places: Vec<(&str, &str)> = shown
        .lines()
        .filter_map(|line| line.split_once('#'))
        .map(|(code, place)| (code.trim(), place.trim()))
        .collect();
    for line in [
        ("listen = \"127.0.0.1:8080\"", "default"),
        ("data = \"here\"", "fanfare.toml, line 1"),
        ("workers = 3", "environment variable FANFARE_WORKERS"),
        ("origins = []", "default; changes at SIGHUP"),
        ("log_level = \"info\"", "default; changes at SIGHUP"),
        ("store_bytes = 3000000", "--store-bytes"),
        ("host = true", "--host"),
        ("[[namespace]]", "fanfare.toml, line 3"),
    ] {
        assert!(places.contains(&line), "{line:?}: {places:#?}");
    }
    for key in ALL.iter().map(|setting| setting.key).chain(NAMESPACE.iter().map(|setting| setting.key)) {
        assert!(shown.contains(key), "{key}: {shown}");
    }
    assert!(
        shown.contains("# then, because of `host`: pattern = \"host/**\", keeping = \"live\""),
        "{shown}"
    );
    fs::write(folder.path().join("shown.toml"), &shown).unwrap();
    let again = config(folder.path(), &["show", "--config", "shown.toml"], &[]).with(0).stdout;
    let values = |text: &str| -> Vec<String> {
        text.lines().map(|line| line.split('#').next().unwrap().trim().to_owned()).collect()
    };
    assert_eq!(values(&again), values(&shown));
}

#[test]
fn the_number_of_cores_is_shown_and_not_written_down() {
    let folder = folder("workers = 'cores'\n");
    let cores = std::thread::available_parallelism().unwrap().min(NonZeroUsize::new(256).unwrap());
    for (args, place) in [(&["show"][..], "default"), (&["show", "fanfare.toml"], "fanfare.toml, line 1")] {
        let shown = config(folder.path(), args, &[]).with(0).stdout;
        let line = shown.lines().find(|line| line.starts_with("workers")).unwrap();
        let (value, comment) = line.split_once('#').unwrap();
        assert_eq!(
            (value.trim(), comment.trim()),
            ("workers = \"cores\"", &*format!("{place}; {cores} here"))
        );
    }
}

#[test]
fn a_file_is_named_with_or_without_a_flag() {
    let folder = folder("workers = 0\n");
    fs::write(folder.path().join("other.toml"), "").unwrap();
    let refused = "error: fanfare.toml, line 1: `workers` cannot be 0";
    for args in [&["check", "fanfare.toml"][..], &["show", "fanfare.toml"]] {
        let ended = config(folder.path(), args, &[("FANFARE_CONFIG", "other.toml")]).with(2);
        assert!(ended.stderr.starts_with(refused), "{ended:?}");
    }
    let ended = config(folder.path(), &["check", "other.toml"], &[]).with(0);
    assert!(ended.stdout.starts_with("All is well: other.toml, "), "{ended:?}");
}

#[test]
fn init_writes_a_file_that_check_likes_and_never_over_another() {
    let folder = TempDir::new().unwrap();
    let ended = config(folder.path(), &["init"], &[]).with(0);
    assert_eq!(ended.stdout, "Wrote fanfare.toml. Next: fanfare serve --config fanfare.toml\n");
    let path = folder.path().join("fanfare.toml");
    let written = fs::read_to_string(&path).unwrap();
    config(folder.path(), &["check", "--config", "fanfare.toml"], &[]).with(0);
    // Without the signs in front, it says what is so anyway.
    let open: Vec<&str> = written
        .lines()
        .map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line))
        .collect();
    fs::write(folder.path().join("open.toml"), open.join("\n")).unwrap();
    let checked = config(folder.path(), &["check", "--config", "open.toml"], &[]).with(0);
    assert!(checked.stdout.contains(&format!("set {} values", ALL.len())), "{checked:?}");
    let shown = |file: &str| config(folder.path(), &["show", "--config", file], &[]).with(0).stdout;
    let values = |text: String| -> Vec<String> {
        text.lines()
            .take(ALL.len() - 1)
            .map(|line| line.split('#').next().unwrap().trim().to_owned())
            .collect()
    };
    assert_eq!(values(shown("open.toml")), values(shown("fanfare.toml")));

    fs::write(&path, "workers = 1\n").unwrap();
    let ended = config(folder.path(), &["init"], &[]).with(1);
    assert!(ended.stderr.contains("fanfare.toml exists, and is left as it is"), "{ended:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "workers = 1\n");
    assert_eq!(config(folder.path(), &["init", "-"], &[]).with(0).stdout, written);
    let ended = config(folder.path(), &["init", "no/such/fanfare.toml"], &[]).with(1);
    assert!(ended.stderr.contains("no/such/fanfare.toml cannot be written"), "{ended:?}");
}

#[test]
fn explain_says_why_each_rule_is_not_the_one() {
    let file = "[[namespace]]\npattern = 'a/b'\n[[namespace]]\npattern = '*/x/c'\n[[namespace]]\npattern = '*'\n\
                [[namespace]]\npattern = 'a/*/*/**'\n[[namespace]]\npattern = 'a/**'\nkeeping = 'live'\nage = '90s'\n";
    let folder = folder(file);
    let explain = |channel: &str| {
        let ended = config(folder.path(), &["explain", channel, "--config", "fanfare.toml"], &[]);
        ended.with(0).stdout
    };
    let said = explain("a/c");
    assert!(said.starts_with("a/c is ruled by rule 5, `a/**` (fanfare.toml, line 9).\n"), "{said}");
    for part in [
        "does not match: segment 2 is `c`, not `b`",
        "does not match: it has 2 segments; the pattern has 1",
        "does not match: it has 2 segments; the pattern has 3 or more",
        "matches, and is the first that does",
        "default               would match, but comes later",
        "\"live\"    in memory only",
        "\"1m30s\"   older messages go",
        "\"64KiB\"   a larger body is refused",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let said = explain("$presence/a");
    assert!(said.starts_with("$presence/a is a system channel that no rule is for"), "{said}");
    assert!(said.contains("a star in front means no system channels"), "{said}");
    for setting in NAMESPACE.iter().filter(|setting| setting.key != "pattern") {
        assert!(said.contains(&format!("\n{} ", setting.key)), "{}: {said}", setting.key);
    }
    for wrong in ["a//b", "a/*", ""] {
        let ended = config(folder.path(), &["explain", wrong], &[]).with(2);
        assert!(ended.stderr.contains(&format!("`{wrong}` is no channel: ")), "{ended:?}");
        assert!(ended.stderr.contains("name one channel"), "{ended:?}");
    }
}
