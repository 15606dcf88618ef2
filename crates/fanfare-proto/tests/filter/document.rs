//! docs/preferences.md says what is: every example of it is executed.

use crate::{accepts, message};
use fanfare_proto::{Batch, Filter, Message, Time, limits, read_batch};
use serde_json::Value;

const DOCUMENT: &str = include_str!("../../../../docs/preferences.md");

/// The rows of the table below a heading row, as pairs of cells.
fn table(heading: &str) -> Vec<(&'static str, &'static str)> {
    let mut lines = DOCUMENT.lines().skip_while(|line| *line != heading);
    assert!(lines.next().is_some(), "{heading}");
    let rows = lines.skip(1).take_while(|line| line.starts_with("| `"));
    let cells = rows.map(|row| {
        let row = row.strip_prefix("| `").and_then(|row| row.strip_suffix(" |"));
        row.and_then(|row| row.split_once("` | ")).unwrap_or_else(|| panic!("{heading}: {row:?}"))
    });
    cells.collect()
}

/// The message that a line of JSON shows, as it was published and then accepted at its time.
fn shown(line: &str) -> Message {
    let mut fields: serde_json::Map<String, Value> = serde_json::from_str(line).unwrap();
    let time = fields.remove("time").unwrap();
    let published = serde_json::to_string(&fields).unwrap();
    let Ok(Batch::One(Ok(publish))) = read_batch(Some("application/json"), published.as_bytes()) else {
        panic!("{line}")
    };
    let time = Time::parse(time.as_str().unwrap()).unwrap();
    Message { channel: publish.channel, time, ..message(publish.content) }
}

#[test]
fn its_filters_accept_what_it_says_and_refuse_the_others() {
    let block = DOCUMENT.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let messages: Vec<Message> = block.lines().map(shown).collect();
    let rows = table("| filter | accepts |");
    assert!(messages.len() > 5 && rows.len() > 20);
    for (filter, accepted) in rows {
        let numbers = messages.iter().zip(1..).filter(|(message, _)| accepts(filter, message));
        let numbers: Vec<String> = numbers.map(|(_, number): (_, usize)| number.to_string()).collect();
        let said = if numbers.is_empty() { "none".to_owned() } else { numbers.join(", ") };
        assert_eq!(said, accepted, "{filter}");
    }
}

#[test]
fn its_errors_are_what_is_said() {
    let rows = table("| filter | error |");
    assert!(rows.len() > 8);
    for (filter, error) in rows {
        assert_eq!(Filter::parse(filter).expect_err(filter).to_string(), error);
    }
}

#[test]
fn its_numbers_are_the_limits() {
    for said in [
        format!("at most {},{:03} bytes", limits::FILTER_BYTES / 1000, limits::FILTER_BYTES % 1000),
        format!("it equals one of them; at most {}", limits::FILTER_LIST),
        format!("at most {} levels, a path into a body at most {0} names", limits::FILTER_DEPTH),
        format!(
            "more than {},{:03} bytes",
            limits::FIELDS_BODY_BYTES / 1000,
            limits::FIELDS_BODY_BYTES % 1000
        ),
    ] {
        assert!(DOCUMENT.contains(&said), "{said}");
    }
}
