//! What is refused, at which column, and the limits.

use fanfare_proto::{Filter, limits};

fn refused(text: &str) -> String {
    Filter::parse(text).expect_err(text).to_string()
}

#[test]
fn errors_point_at_the_column_and_say_what_is_allowed() {
    for (text, column, part) in [
        ("", 1, "ends here"),
        ("  ", 3, "ends here"),
        ("ü = 1 and ß", 12, "allowed here: `=`"),
        ("20 < temp", 1, "the field stands first"),
        ("'x' = key", 1, "the field stands first"),
        ("a = 1 && b = 2", 7, "write `and`"),
        ("a = 1 || b = 2", 7, "write `or`"),
        ("!exists(key)", 1, "write `not`"),
        ("a <> 1", 3, "write `!=`"),
        ("NOT a = 1", 1, "write `not`, in small letters"),
        ("a = TRUE", 5, "write `true`, in small letters"),
        ("a not in (1)", 3, "`not` stands before the field"),
        ("a ~ 1", 3, "`~` cannot stand here"),
        ("in = 1", 1, "`in` cannot stand here"),
        ("exists = 1", 8, "`tags.exists`"),
        ("deleted = true", 1, "`deleted` stands alone; write `deleted` or `not deleted`"),
        ("not edited in (true)", 5, "a tag of this name is `tags.edited`"),
        ("exists(deleted)", 8, "`deleted` stands alone"),
        ("Deleted", 1, "write `deleted`, in small letters"),
        ("exists(time)", 8, "every message has this"),
        ("exists(key", 11, "`)`"),
        ("exists()", 8, "`key`, `event`"),
        ("starts_with(priority, \"4\")", 13, "this is not text"),
        ("starts_with(key \"4\")", 17, "a comma"),
        ("starts_with(key, 4)", 18, "text in quotes"),
        ("a > true", 5, "neither of true and false is larger"),
        ("a in (1", 8, "a comma or `)`"),
        ("a in ()", 7, "allowed here: a number"),
        ("a in 1", 6, "`(` and a list"),
        ("a in (1,)", 9, "allowed here: a number"),
        ("(a = 1", 7, "`and`, `or` or `)`"),
        ("a = 1)", 6, "`and`, `or` or the end"),
        ("id = \"x\"", 1, "filters do not see `id`"),
        ("ttl > 5m", 1, "a tag of this name is `tags.ttl`"),
        ("Priority = 4", 1, "but `priority` is"),
        ("chanel = \"a\"", 1, "but `channel` is"),
        ("key.a = \"x\"", 1, "`key` has no parts"),
        ("tags = 1", 1, "`tags` alone"),
        ("tags.a.b = 1", 1, "tags[\"a.b\"]"),
        ("tags. = 1", 7, "letters, digits"),
        ("body.a. = 1", 9, "letters, digits"),
        ("body[a] = 1", 6, "a name in quotes"),
        ("body[1x] = 1", 6, "the number of an element"),
        ("body[\"a\" = 1", 10, "`]`"),
        ("priority = \"high\"", 12, "a number, 1 to 5"),
        ("priority > 5m", 12, "not a duration"),
        ("event = true", 9, "text in quotes"),
        ("channel = a/b", 11, "text in quotes"),
        ("time > \"yesterday\"", 8, "`yesterday` is not a time"),
        ("time > \"1700000000\"", 8, "RFC 3339"),
        ("time > 1700000000", 8, "RFC 3339"),
        ("a = 007", 5, "neither a number nor a duration"),
        ("a > 2026-11-23", 5, "`2026-11-23` is neither a number nor a duration"),
        ("a = 1+1", 6, "`+` cannot stand here"),
        ("a = 1e999", 5, "too large a number"),
        ("a = -", 5, "neither a number nor a duration"),
        ("a = -5m", 5, "neither a number nor a duration"),
        ("a = 30m1h", 5, "1h30m"),
        ("a = .5", 5, "allowed here: a number"),
        ("a = \"x\\n\"", 7, "`\\n` means nothing"),
        ("a = \"x\\", 5, "does not end"),
        ("a = 'x\"", 5, "does not end"),
    ] {
        let said = refused(text);
        assert!(said.starts_with(&format!("column {column}: ")), "{text}: {said}");
        assert!(said.contains(part), "{text}: {said}");
    }
}

#[test]
fn a_filter_is_as_long_as_is_allowed() {
    let long = |length: usize| format!("key = \"{}\"", "x".repeat(length - 8));
    assert!(Filter::parse(&long(limits::FILTER_BYTES)).is_ok());
    let said = refused(&long(limits::FILTER_BYTES + 1));
    assert!(said.contains("column 1025: the filter has 1025 bytes; at most 1024 are allowed"), "{said}");
    // Each of these characters has two bytes: the column is in characters.
    let said = refused(&"ü".repeat(600));
    assert!(said.starts_with("column 513: "), "{said}");
    // `tags.` is added where a tag stands alone.
    let short = "a=1 or ".repeat(100) + "a=1";
    let said = refused(&short);
    assert!(said.starts_with("column 1: the filter, written out in full, has"), "{said}");
}

#[test]
fn levels_are_counted() {
    let most = limits::FILTER_DEPTH;
    let nested = |open: &str, close: &str, levels: usize| {
        format!("{}key = \"a\"{}", open.repeat(levels), close.repeat(levels))
    };
    for (open, close) in [("(", ")"), ("not ", ""), ("not(", ")")] {
        let levels = most / if open == "not(" { 2 } else { 1 };
        assert!(Filter::parse(&nested(open, close, levels)).is_ok(), "{open}");
        let said = refused(&nested(open, close, levels + 1));
        assert!(said.starts_with(&format!("column {}: too many", open.len() * levels + 1)), "{said}");
    }
    // What stands beside is not inside.
    let beside = vec!["(key = 'a')"; most * 2].join(" and ");
    assert!(Filter::parse(&beside).is_ok());
}

#[test]
fn lists_and_paths_are_counted() {
    let list = |length: usize| format!("a in ({})", vec!["1"; length].join(","));
    assert!(Filter::parse(&list(limits::FILTER_LIST)).is_ok());
    let said = refused(&list(limits::FILTER_LIST + 1));
    assert!(said.starts_with("column 135: the list is too long; at most 64"), "{said}");
    let path = |length: usize| format!("body{} = 1", ".a".repeat(length));
    assert!(Filter::parse(&path(limits::FILTER_DEPTH)).is_ok());
    let said = refused(&path(limits::FILTER_DEPTH + 1));
    assert!(said.starts_with("column 37: the path has too many names; at most 16"), "{said}");
}
