//! What `/metrics` answers, as numbers by their names (the text format of Prometheus, version 0.0.4).

use std::collections::HashMap;

/// Numbers of one moment.
#[derive(Debug, Default)]
pub struct Scrape(HashMap<String, Vec<Sample>>);

/// One number.
#[derive(Debug)]
pub struct Sample {
    labels: Vec<(String, String)>,
    pub value: f64,
}

impl Sample {
    /// The value of a label; empty if it has none.
    pub fn label(&self, name: &str) -> &str {
        self.labels.iter().find(|(other, _)| other == name).map_or("", |(_, value)| value)
    }
}

impl Scrape {
    /// Reads the text; `None` if a line is not one of it.
    pub fn read(text: &str) -> Option<Scrape> {
        let mut scrape = Scrape::default();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (name, sample) = sample(line)?;
            scrape.0.entry(name.to_owned()).or_default().push(sample);
        }
        Some(scrape)
    }

    /// The numbers of a name.
    pub fn all(&self, name: &str) -> &[Sample] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// Their sum.
    pub fn sum(&self, name: &str) -> f64 {
        self.all(name).iter().map(|sample| sample.value).sum()
    }

    /// The sum of those with this label.
    pub fn sum_of(&self, name: &str, label: &str, value: &str) -> f64 {
        self.all(name).iter().filter(|sample| sample.label(label) == value).map(|sample| sample.value).sum()
    }
}

/// `name{label="value",...} number`.
fn sample(line: &str) -> Option<(&str, Sample)> {
    let end = line.find(['{', ' '])?;
    let (name, rest) = line.split_at(end);
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (Vec::new(), rest),
    };
    let value = rest.split_whitespace().next()?.parse().ok()?;
    Some((name, Sample { labels, value }))
}

/// What stands in the brackets, and what comes behind them.
fn labels(text: &str) -> Option<(Vec<(String, String)>, &str)> {
    let (mut labels, mut rest) = (Vec::new(), text);
    loop {
        if let Some(behind) = rest.strip_prefix('}') {
            return Some((labels, behind));
        }
        let (name, quoted) = rest.trim_start_matches(',').split_once("=\"")?;
        let (mut value, mut chars) = (String::new(), quoted.char_indices());
        let end = loop {
            match chars.next()? {
                (end, '"') => break end,
                (_, '\\') => value.push(match chars.next()?.1 {
                    'n' => '\n',
                    other => other,
                }),
                (_, other) => value.push(other),
            }
        };
        labels.push((name.to_owned(), value));
        rest = quoted.get(end + 1..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_by_name_and_label() {
        let text = "# HELP a b\na{x=\"1\",y=\"a \\\"b\\\" \\\\ {},\"} 2\na{x=\"2\"} 3.5\nb 1e3\nc_bucket{le=\"+Inf\"} 4\n";
        let scrape = Scrape::read(text).unwrap();
        assert_eq!((scrape.sum("a"), scrape.sum_of("a", "x", "2"), scrape.sum("b")), (5.5, 3.5, 1000.0));
        assert_eq!(scrape.all("a")[0].label("y"), "a \"b\" \\ {},");
        assert_eq!(scrape.all("c_bucket")[0].label("le"), "+Inf");
        assert_eq!(scrape.sum("nothing"), 0.0);
        for odd in ["<html>", "a{x=\"1} 2", "a{x} 2", "a b", "a"] {
            assert!(Scrape::read(odd).is_none(), "{odd}");
        }
    }
}
