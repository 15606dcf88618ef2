//! What packages are given: completions and pages for `man`, made by the command itself.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use support::command::{fanfare, run};

fn completions(shell: &str) -> String {
    run(fanfare("", &["completions", shell])).with(0).stdout
}

#[test]
fn completions_name_every_command() {
    let help = run(fanfare("", &["--help"])).with(0).stdout;
    let (_, list) = help.split_once("Commands:\n").unwrap();
    let listed = list.lines().take_while(|line| !line.is_empty());
    let commands: Vec<&str> = listed.map(|line| line.split_whitespace().next().unwrap()).collect();
    assert!(commands.contains(&"serve"), "{commands:?}");
    for shell in ["bash", "zsh", "fish"] {
        let script = completions(shell);
        for command in &commands {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
    let refused = run(fanfare("", &["completions", "teletype"])).with(2);
    assert!(refused.stderr.contains("bash"), "{refused:?}");
}

/// What bash would offer for the last of these words, in a folder with a file in it.
fn offered(words: &str) -> String {
    let (script, folder) = (completions("bash"), tempfile::tempdir().unwrap());
    fs::write(folder.path().join("a-file"), "").unwrap();
    let split: Vec<&str> = words.split(' ').collect();
    let (count, last, before) = (split.len() - 1, split[split.len() - 1], split[split.len() - 2]);
    let ask = format!(
        "COMP_WORDS=({words}); COMP_CWORD={count}; _fanfare fanfare '{last}' {before} 2>&-; echo \"${{COMPREPLY[*]}}\""
    );
    let mut bash = Command::new("bash");
    bash.current_dir(folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut bash = bash.spawn().unwrap();
    bash.stdin.take().unwrap().write_all(format!("{script}\n{ask}\n").as_bytes()).unwrap();
    let said = String::from_utf8(bash.wait_with_output().unwrap().stdout).unwrap();
    said.trim().to_owned()
}

#[test]
fn bash_completes_commands_flags_and_what_these_may_be() {
    for (words, wanted) in [
        ("fanfare pub", "publish"),
        ("fanfare subscribe --sin", "--since"),
        ("fanfare subscribe --transport ", "websocket event-stream long-poll"),
        ("fanfare top --sort ", "rate messages size newest name"),
        ("fanfare serve --log-format ", "text json"),
        ("fanfare serve --log-level e", "error"),
        ("fanfare publish --file ", "a-file"),
        ("fanfare subscribe --state ", "a-file"),
        ("fanfare history --last ", ""),
        ("fanfare subscribe --since ", ""),
        ("fanfare publish --key a", "a"),
        ("fanfare health --server ", ""),
    ] {
        assert_eq!(offered(words), wanted, "{words}");
    }
}

#[test]
fn every_command_has_a_page_for_man() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man/man1");
    run(fanfare("", &["man", pages.to_str().unwrap()])).with(0);
    let names: BTreeSet<String> = fs::read_dir(&pages)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    for name in ["fanfare.1", "fanfare-serve.1", "fanfare-publish.1", "fanfare-man.1"] {
        assert!(names.contains(name), "{names:?}");
    }
    // As it is shown, nearly: without fonts, and with plain signs.
    let page = |name: &str| {
        let source = fs::read_to_string(pages.join(name)).unwrap();
        let plain = [("\\-", "-"), ("\\*(Aq", "'"), ("\\fB", ""), ("\\fI", ""), ("\\fR", "")];
        plain.into_iter().fold(source, |page, (sign, shown)| page.replace(sign, shown))
    };
    for (name, lines) in [
        (
            "fanfare-publish.1",
            &["EXAMPLES", "    fanfare publish ops/deploys 'deploy finished'", "FANFARE_SERVER"][..],
        ),
        ("fanfare-subscribe.1", &["[--transport NAME]...", "[-h|--help] [CHANNEL]..."]),
        (
            "fanfare-db-check.1",
            &[
                "fanfare db check [--data FOLDER] [--config FILE] [-h|--help] [FILE]",
                "FANFARE_DATA",
                "the same as --data",
            ],
        ),
        ("fanfare-serve.1", &["FANFARE_LISTEN", "the same as --log-level"]),
        ("fanfare.1", &["EXIT CODES", "  3  the server cannot be reached"]),
    ] {
        let page = page(name);
        for line in lines {
            assert!(page.contains(line), "{line}: {page}");
        }
        assert!(!page.contains("EXTRA"), "{page}");
    }

    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let refused = run(fanfare("", &["man", file.to_str().unwrap()])).with(1);
    assert!(refused.stderr.contains("cannot be written"), "{refused:?}");
}
