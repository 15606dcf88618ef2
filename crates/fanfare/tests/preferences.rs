//! docs/preferences.md, executed as it is written: what is typed there, and each filter of its tables by curl and by the
//! command. What holds of times, which the server gives, is shown where messages are judged; `interop/browsers` writes the
//! same filters into the live page.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use serde_json::Value;
use std::process::Command;
use support::command::{fanfare, run};
use support::guide::{blocks, compare, type_in};
use support::http::ask;
use support::server::Server;
use tempfile::TempDir;

const DOCUMENT: &str = include_str!("../../../docs/preferences.md");

/// The rows of the table below a heading row, as pairs of cells.
fn table(heading: &str) -> Vec<(&'static str, &'static str)> {
    let mut lines = DOCUMENT.lines().skip_while(|line| *line != heading);
    assert!(lines.next().is_some(), "{heading}");
    let rows = lines.skip(1).map_while(|line| line.strip_prefix("| `")?.strip_suffix(" |"));
    rows.map(|row| row.split_once("` | ").unwrap()).collect()
}

/// A server that was told the messages of the examples, and the channel of each: all differ.
fn told() -> (Server, Vec<String>) {
    let server = Server::start();
    let block = DOCUMENT.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let messages = block.lines().map(|line| {
        let mut fields: serde_json::Map<String, Value> = serde_json::from_str(line).unwrap();
        fields.remove("time").unwrap();
        let answer =
            ask(server.address, "POST /publish HTTP/1.1", Value::from(fields.clone()).to_string().as_bytes());
        assert_eq!(answer.status, 201, "{line}");
        fields["channel"].as_str().unwrap().to_owned()
    });
    let channels = messages.collect();
    (server, channels)
}

/// What curl says to everything that a filter accepts.
fn curl(server: &Server, filter: &str) -> Value {
    let filter = format!("filter={filter}");
    let mut curl = Command::new("curl");
    curl.args(["-sSG", "--data-urlencode", &filter, "-d", "last=100", &server.url("/c/**")]);
    serde_json::from_str(&run(curl).with(0).stdout).unwrap()
}

#[test]
fn what_is_typed_prints_what_is_said() {
    let (server, folder) = (Server::start(), TempDir::new().unwrap());
    let blocks = blocks(DOCUMENT);
    assert_eq!(blocks.len(), 6);
    for (typed, expected) in blocks {
        compare(&type_in(typed, folder.path(), &server), expected, typed);
    }
}

#[test]
fn curl_and_the_command_hear_what_each_filter_accepts() {
    let (server, channels) = told();
    let rows = table("| filter | accepts |");
    assert!(rows.len() > 20);
    for (filter, accepted) in rows.into_iter().filter(|(filter, _)| !filter.starts_with("time ")) {
        let numbers = accepted.split(", ").filter_map(|number| number.parse::<usize>().ok());
        let expected: Vec<&str> = numbers.map(|number| &*channels[number - 1]).collect();
        let heard = curl(&server, filter);
        let channel = |message: &Value| message["channel"].as_str().unwrap().to_owned();
        let heard: Vec<String> = heard["messages"].as_array().unwrap().iter().map(channel).collect();
        assert_eq!(heard, expected, "{filter}");
        let args = ["history", "**", "--last", "100", "--json", "--filter", filter];
        let said = run(fanfare(&server.url(""), &args)).with(0);
        let heard = said.lines().into_iter().map(|line| channel(&serde_json::from_str(line).unwrap()));
        assert_eq!(heard.collect::<Vec<_>>(), expected, "{filter}");
    }
}

#[test]
fn curl_and_the_command_are_told_what_is_wrong() {
    let server = Server::start();
    let rows = table("| filter | error |");
    assert!(rows.len() > 8);
    for (filter, error) in rows {
        let refused = curl(&server, filter);
        assert_eq!(refused["detail"], format!("filter: {error}"), "{filter}");
        for command in ["history", "subscribe"] {
            let told = run(fanfare(&server.url(""), &[command, "a", "--filter", filter])).with(4).stderr;
            assert!(told.contains(error), "{command} {filter}: {told}");
        }
    }
}
