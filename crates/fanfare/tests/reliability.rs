//! The table of failures in `docs/reliability.md` names tests: they are there.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::path::Path;

/// What stands between backticks, in order.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn every_failure_has_tests_and_each_of_them_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = std::fs::read_to_string(root.join("docs/reliability.md")).unwrap();
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert!(rows.len() >= 11, "{} rows", rows.len());
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        assert_eq!(cells.len(), 5, "{row}");
        let names: Vec<&str> = quoted(cells[4]).collect();
        assert!(!names.is_empty() && names.len().is_multiple_of(2), "{row}");
        for test in names.chunks(2) {
            let code = std::fs::read_to_string(root.join(test[1]));
            let code = code.unwrap_or_else(|error| panic!("{}: {error}", test[1]));
            let name = format!("#[test]\n    fn {}() {{", test[0]);
            let found = code.contains(&name) || code.contains(&name.replace("    ", ""));
            assert!(found, "{} has no test `{}`", test[1], test[0]);
        }
    }
}
