//! `docs/metrics.md` and the list of metrics say the same.

use fanfare_server::metrics::all;

const GUIDE: &str = include_str!("../../../docs/metrics.md");

#[test]
fn the_table_in_the_guide_is_the_list() {
    let row = |metric: &fanfare_server::metrics::Metric| {
        let labels: Vec<String> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        format!("| `{}` | {} | {} | {} |", metric.name, metric.kind.name(), labels.join(" "), metric.about)
    };
    let table: Vec<String> = all().map(row).collect();
    // Traces have tables of their own.
    let (metrics, _) = GUIDE.split_once("\n## Traces").unwrap_or((GUIDE, ""));
    let listed: Vec<&str> = metrics.lines().filter(|line| line.starts_with("| `")).collect();
    assert_eq!(listed, table, "put this into the guide:\n{}", table.join("\n"));
}

#[test]
fn names_follow_the_conventions_of_prometheus() {
    for metric in all() {
        let name = metric.name;
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
        assert!(name.starts_with("fanfare_") || name.starts_with("process_"), "{name}");
        assert_eq!(name.ends_with("_total"), metric.kind.name() == "counter", "{name}");
        assert!(!metric.about.ends_with('.') && !metric.about.contains('\n'), "{name}");
    }
}
