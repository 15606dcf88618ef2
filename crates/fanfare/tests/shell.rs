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

#[test]
fn bash_completes_a_command_and_its_flags() {
    let script = completions("bash");
    for (words, wanted) in [("fanfare pub", "publish"), ("fanfare subscribe --sin", "--since")] {
        let count = words.split(' ').count() - 1;
        let last = words.rsplit(' ').next().unwrap();
        let ask = format!(
            "COMP_WORDS=({words}); COMP_CWORD={count}; _fanfare fanfare {last} fanfare; echo \"${{COMPREPLY[*]}}\""
        );
        let mut bash = Command::new("bash").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        bash.stdin.take().unwrap().write_all(format!("{script}\n{ask}\n").as_bytes()).unwrap();
        let said = String::from_utf8(bash.wait_with_output().unwrap().stdout).unwrap();
        assert_eq!(said.trim(), wanted, "{words}");
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
    let page = fs::read_to_string(pages.join("fanfare-publish.1")).unwrap();
    assert!(page.contains("deploy finished"), "the examples are missing: {page}");

    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let refused = run(fanfare("", &["man", file.to_str().unwrap()])).with(1);
    assert!(refused.stderr.contains("cannot be written"), "{refused:?}");
}
