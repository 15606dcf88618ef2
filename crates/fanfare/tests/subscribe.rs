//! `fanfare subscribe`: hearing, once and over restarts.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use serde_json::{Value, json};
use support::command::{Job, fanfare, run};
use support::http::{ask, publish};
use support::server::{Server, until};

fn subscribe(server: &Server, args: &[&str]) -> Job {
    let mut command = fanfare(&server.url(""), &["subscribe"]);
    Job::start(command.args(args))
}

fn cursor_of(receipt: &Value) -> &str {
    receipt["cursor"].as_str().unwrap()
}

#[test]
fn messages_come_as_they_are_published() {
    let server = Server::start();
    let mut all =
        subscribe(&server, &["a/*", "b", "--json", "--state", server.folder().join("all").to_str().unwrap()]);
    let mut bodies = subscribe(&server, &["a/**", "--state", server.folder().join("some").to_str().unwrap()]);
    // The first line of a session has a cursor: it is kept before any message.
    until("both to hear", || server.folder().join("all").exists() && server.folder().join("some").exists());
    for (channel, body) in [("a/1", "one"), ("b", "two"), ("c", "three"), ("a/2", "four\n")] {
        publish(server.address, channel, body);
    }
    let heard: Vec<Value> = (0..3).map(|_| serde_json::from_str(&all.line()).unwrap()).collect();
    let told: Vec<(&Value, &Value)> =
        heard.iter().map(|message| (&message["channel"], &message["body"])).collect();
    let expected =
        [(&json!("a/1"), &json!("one")), (&json!("b"), &json!("two")), (&json!("a/2"), &json!("four\n"))];
    assert_eq!(told, expected);
    assert_eq!([bodies.line(), bodies.line()], ["one", "four"]);
}

#[test]
fn hearing_starts_where_it_is_told_to() {
    let server = Server::start();
    let receipts: Vec<Value> =
        (1..=5).map(|number| publish(server.address, "a", &number.to_string())).collect();
    for (args, expected) in [
        (["--last", "2", "--count", "2"], "4\n5\n"),
        (["--since", "1h", "--count", "5"], "1\n2\n3\n4\n5\n"),
        (["--after", cursor_of(&receipts[2]), "--count", "2"], "4\n5\n"),
        (["--last", "5", "--count", "1"], "1\n"),
    ] {
        let ended = subscribe(&server, &[&["a"][..], &args].concat()).end().with(0);
        assert_eq!(ended.stdout, expected, "{args:?}");
    }
}

#[test]
fn a_cut_connection_loses_and_repeats_nothing() {
    let mut server = Server::start();
    let mut job = subscribe(&server, &["a", "--last", "10"]);
    for round in 0..3 {
        publish(server.address, "a", &format!("before {round}"));
        assert_eq!(job.line(), format!("before {round}"));
        server.kill();
        job.told("connection lost");
        server.restart();
        publish(server.address, "a", &format!("after {round}"));
        assert_eq!(job.line(), format!("after {round}"));
        job.told("connected again");
    }
    job.interrupt();
    let ended = job.end().with(130);
    assert_eq!(ended.lines().len(), 6);
}

#[test]
fn a_server_that_ends_kindly_is_come_back_to() {
    let mut server = Server::start();
    let mut job = subscribe(&server, &["a", "--last", "1"]);
    publish(server.address, "a", "1");
    assert_eq!(job.line(), "1");
    server.terminate();
    assert_eq!(server.wait().code(), Some(0));
    server.restart();
    publish(server.address, "a", "2");
    assert_eq!(job.line(), "2");
}

#[test]
fn a_state_file_keeps_the_place_over_runs_and_restarts() {
    let mut server = Server::start();
    let state = server.folder().join("state");
    let state = state.to_str().unwrap();
    let hear = |server: &Server, count: &str| {
        let ended =
            subscribe(server, &["a/**", "--state", state, "--last", "100", "--count", count]).end().with(0);
        ended.stdout.lines().map(str::to_owned).collect::<Vec<String>>()
    };
    (1..=5).for_each(|number| drop(publish(server.address, "a/b", &number.to_string())));
    assert_eq!(hear(&server, "2"), ["1", "2"]);
    assert_eq!(hear(&server, "2"), ["3", "4"]);
    server.restart();
    publish(server.address, "a/c", "6");
    assert_eq!(hear(&server, "2"), ["5", "6"]);
    let kept = std::fs::read_to_string(state).unwrap();
    assert!(fanfare_proto::Cursor::parse(kept.trim()).is_ok(), "{kept}");
}

#[test]
fn an_interrupt_falls_between_two_messages() {
    let server = Server::start();
    let state = server.folder().join("state");
    let state = state.to_str().unwrap();
    (1..=3).for_each(|number| drop(publish(server.address, "a", &number.to_string())));
    let out = server.folder().join("out");
    let program = format!("cat >> {out}; echo >> {out}; echo begun", out = out.display());
    let mut job = subscribe(&server, &["a", "--last", "3", "--state", state, "--exec", &program]);
    job.line();
    job.interrupt();
    let code = job.end().code;
    assert_eq!(code, Some(130));
    let done = std::fs::read_to_string(&out).unwrap().lines().count();
    if done < 3 {
        let left = (3 - done).to_string();
        let ended = subscribe(&server, &["a", "--state", state, "--count", &left]).end().with(0);
        let expected: String = (done + 1..=3).map(|number| format!("{number}\n")).collect();
        assert_eq!(ended.stdout, expected);
    }
}

#[test]
fn no_program_is_begun_after_an_interrupt() {
    let server = Server::start();
    (1..=3).for_each(|number| drop(publish(server.address, "a", &number.to_string())));
    let [go, state] = ["go", "state"].map(|name| server.folder().join(name).display().to_string());
    // The interrupt is there just before the program ends.
    let at_the_end = "cat; echo; kill -INT $PPID";
    for _ in 0..20 {
        let ended = subscribe(&server, &["a", "--last", "3", "--exec", at_the_end]).end().with(130);
        assert_eq!(ended.stdout, "1\n");
    }
    let program = format!("cat; echo; until test -e '{go}'; do sleep 0.02; done");
    let mut job = subscribe(&server, &["a", "--last", "3", "--state", &state, "--exec", &program]);
    assert_eq!(job.line(), "1");
    job.interrupt();
    job.told("ends with the message that is being handled; interrupt again to end at once");
    std::fs::write(&go, "").unwrap();
    assert_eq!(job.end().with(130).stdout, "1\n");
    let ended = subscribe(&server, &["a", "--state", &state, "--count", "2"]).end().with(0);
    assert_eq!(ended.stdout, "2\n3\n");
}

#[test]
fn the_end_of_a_key_is_no_line_of_bodies_and_is_told_where_messages_are_whole() {
    let server = Server::start();
    let head = "POST /c/a HTTP/1.1\nKey: k";
    assert_eq!(ask(server.address, head, b"one").status, 201);
    assert_eq!(ask(server.address, "DELETE /c/a/$latest?key=k HTTP/1.1", b"").status, 201);
    // An empty body that somebody published is one.
    for body in ["", "two"] {
        assert_eq!(ask(server.address, "POST /c/a HTTP/1.1", body.as_bytes()).status, 201);
    }
    let hear = |args: &[&str]| subscribe(&server, &[&["a", "--last", "10"], args].concat()).end().with(0);
    assert_eq!(hear(&["--count", "3"]).stdout, "one\n\ntwo\n");
    let whole = hear(&["--count", "2", "--json"]).stdout;
    assert!(whole.lines().nth(1).unwrap().contains("\"event\":\"$deleted\""), "{whole}");
    let told = hear(&["--count", "2", "--exec", "echo $FANFARE_EVENT $FANFARE_KEY"]).stdout;
    assert_eq!(told, "k\n$deleted k\n");
}

#[test]
fn a_program_has_the_body_on_stdin_and_the_fields_in_its_environment() {
    let server = Server::start();
    let head = "POST /c/a/b?key=k&tags=region%3Deu&event=e&priority=4&notice=%7B%22title%22%3A%22t%22%7D HTTP/1.1\n\
                Content-Type: text/plain";
    assert_eq!(ask(server.address, head, b"the $(body)\n").status, 201);
    publish(server.address, "a/b", "bare");
    let program = "cat; echo \"|$FANFARE_CHANNEL|$FANFARE_POSITION|$FANFARE_KEY|$FANFARE_TAGS|$FANFARE_EVENT|\
                   $FANFARE_PRIORITY|$FANFARE_CONTENT_TYPE|$FANFARE_NOTICE|$FANFARE_SERVER\"";
    let ended = subscribe(&server, &["a/b", "--last", "2", "--count", "2", "--exec", program]).end().with(0);
    let url = server.url("");
    let expected = format!(
        "the $(body)\n|a/b|1|k|{{\"region\":\"eu\"}}|e|4|text/plain|{{\"title\":\"t\"}}|{url}\nbare|a/b|2|||||||{url}\n"
    );
    assert_eq!(ended.stdout, expected);
}

#[test]
fn a_program_that_fails_ends_it_and_the_message_comes_again() {
    let server = Server::start();
    let state = server.folder().join("state");
    let state = state.to_str().unwrap();
    (1..=3).for_each(|number| drop(publish(server.address, "a", &number.to_string())));
    let fails = "read body; test $body != 2 || exit 7; echo $body";
    let args = ["a", "--last", "3", "--state", state, "--exec", fails];
    let ended = subscribe(&server, &args).end().with(6);
    assert_eq!(ended.stdout, "1\n");
    assert!(ended.stderr.contains("exit status: 7") && ended.stderr.contains("--state"), "{ended:?}");
    let ended = subscribe(&server, &["a", "--state", state, "--count", "2"]).end().with(0);
    assert_eq!(ended.stdout, "2\n3\n");
}

#[test]
fn a_program_need_not_read_its_input() {
    // More than a pipe holds, so that whoever writes it learns that nobody reads.
    let server = Server::with_config("[[namespace]]\npattern = '**'\nbody = '1MiB'\n", &[]);
    publish(server.address, "a", &"x".repeat(1 << 20));
    let ended = subscribe(&server, &["a", "--last", "1", "--count", "1", "--exec", "true"]).end();
    ended.with(0);
}

#[test]
fn what_was_lost_is_told() {
    let server = Server::start();
    let first = publish(server.address, "a", "1");
    publish(server.address, "a", "2");
    assert_eq!(ask(server.address, "POST /c/a/$purge HTTP/1.1", b"").status, 204);
    publish(server.address, "a", "3");
    let ended = subscribe(&server, &["a", "--after", cursor_of(&first), "--count", "1"]).end().with(0);
    assert_eq!(ended.stdout, "3\n");
    assert!(ended.stderr.contains("warning: messages after position 1 up to 2 may be missing"), "{ended:?}");
    assert!(ended.stderr.contains("somebody removed them"), "{ended:?}");
}

#[test]
fn refusals_and_absence_have_their_exit_codes() {
    let server = Server::start();
    let ended = subscribe(&server, &["a//b"]).end().with(4);
    assert!(ended.stderr.contains("segment 2 is empty"), "{ended:?}");
    subscribe(&server, &["a", "--after", "nonsense"]).end().with(4);
    let ended = run(fanfare("http://127.0.0.1:9", &["subscribe", "a"])).with(3);
    assert!(
        ended.stderr.contains("nothing listens there") && ended.stderr.contains("fanfare serve"),
        "{ended:?}"
    );
    run(fanfare("http://no-such-host.invalid", &["subscribe", "a"])).with(3);
    subscribe(&server, &["a", "--last", "1", "--since", "1h"]).end().with(2);
    let file = server.folder().join("state");
    std::fs::write(&file, "not a cursor!\n").unwrap();
    let ended = subscribe(&server, &["a", "--state", file.to_str().unwrap()]).end().with(1);
    assert!(ended.stderr.contains("does not hold a cursor"), "{ended:?}");
}

#[test]
fn a_state_file_that_cannot_be_written_is_told_before_anybody_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    for file in ["missing/state", "."] {
        let file = folder.path().join(file);
        let args = ["subscribe", "a", "--state", file.to_str().unwrap()];
        let told = run(fanfare("http://127.0.0.1:9", &args)).with(1).stderr;
        assert!(told.contains("cannot be") && !told.contains("127.0.0.1"), "{told}");
    }
    let file = folder.path().join("state");
    run(fanfare("http://127.0.0.1:9", &["subscribe", "a", "--state", file.to_str().unwrap()])).with(3);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let server = Server::start();
    (1..=3).for_each(|number| drop(publish(server.address, "a", &number.to_string())));
    let mut shell = std::process::Command::new("/bin/sh");
    let line = "($FANFARE subscribe a --last 3; echo $? >&2) | head -n 1";
    shell.args(["-c", line]).env("FANFARE", support::server::FANFARE).env("FANFARE_SERVER", server.url(""));
    let mut job = Job::start(&mut shell);
    // Nothing more is said: it notices by itself that nobody reads any more.
    until("its end", || job.has_ended());
    let ended = job.end().with(0);
    assert_eq!((ended.lines().len(), &*ended.stderr), (1, "0\n"));
}

#[test]
fn what_is_not_shown_is_not_counted() {
    let server = Server::start();
    let [one, two] = ["one", "two"].map(|body| publish(server.address, "a", body)["position"].clone());
    ask(server.address, &format!("POST /c/a HTTP/1.1\nDeletes: {one}"), b"");
    publish(server.address, "a", "three");
    let ended = subscribe(&server, &["a", "--last", "10", "--count", "2"]).end().with(0);
    assert_eq!(ended.stdout, "two\nthree\n", "{two}");
    let ended = subscribe(&server, &["a", "--last", "10", "--count", "2", "--json"]).end().with(0);
    assert!(ended.stdout.lines().next().unwrap().contains("\"deleted\":true"), "{ended:?}");
}

#[test]
fn a_program_knows_what_became_of_a_message() {
    let server = Server::start();
    let [one, two] = ["one", "two"].map(|body| publish(server.address, "a", body)["position"].clone());
    let edit = ask(server.address, &format!("POST /c/a HTTP/1.1\nReplaces: {two}"), b"more");
    let edit = edit.json()["position"].clone();
    ask(server.address, &format!("POST /c/a HTTP/1.1\nDeletes: {one}"), b"");
    let program = r#"echo "$FANFARE_POSITION d=$FANFARE_DELETED e=$FANFARE_EDITED D=$FANFARE_DELETES R=$FANFARE_REPLACES""#;
    let said = |args: &[&str]| {
        let mut command = fanfare(&server.url(""), &["subscribe", "a", "--last", "10", "--exec", program]);
        // An outer value is not taken for the message's.
        let ended = Job::start(command.args(args).env("FANFARE_DELETED", "true")).end().with(0);
        ended.stdout
    };
    let all = [
        format!("{one} d=true e= D= R="),
        format!("{two} d= e= D= R="),
        format!("{edit} d= e= D= R={two}"),
        format!("4 d= e= D={one} R="),
    ];
    assert_eq!(said(&["--count", "4"]).lines().collect::<Vec<_>>(), all);
    let current = said(&["--count", "1", "--view", "current"]);
    assert_eq!(current, format!("{two} d= e={edit} D= R=\n"));
}
