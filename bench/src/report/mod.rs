//! What a run found: a table for people, a table for the docs, one line of JSON for programs.

mod document;
mod goal;
mod machine;

pub use document::write;
pub use goal::Goal;
use goal::Verdict;
pub use machine::machine;

use crate::spread::Spread;
use serde_json::{Value, json};
use std::fmt::{self, Display, Write};

/// What one run found.
pub struct Report {
    /// The run's name.
    pub run: &'static str,
    /// What was measured, one sentence.
    pub about: String,
    figures: Vec<Figure>,
    /// A head and rows.
    table: Option<(Vec<String>, Vec<Vec<String>>)>,
}

struct Figure {
    name: String,
    /// Of all rounds; of one value, if it was measured once.
    spread: Spread,
    unit: &'static str,
    goal: Option<Goal>,
}

impl Report {
    pub fn new(run: &'static str, about: String) -> Report {
        Report { run, about, figures: Vec::new(), table: None }
    }

    /// Gives a table in place of figures.
    pub fn table(&mut self, head: &[&str], rows: Vec<Vec<String>>) {
        self.table = Some((head.iter().map(|cell| (*cell).to_owned()).collect(), rows));
    }

    /// Adds a figure.
    pub fn figure(&mut self, name: impl Into<String>, value: f64, unit: &'static str) {
        self.spread(name, Spread::of([value]), unit, None);
    }

    /// Adds a figure that has a goal.
    pub fn figure_with_goal(&mut self, name: impl Into<String>, value: f64, unit: &'static str, goal: Goal) {
        self.spread(name, Spread::of([value]), unit, Some(goal));
    }

    /// Adds what several rounds came to.
    pub fn spread(
        &mut self,
        name: impl Into<String>,
        spread: Spread,
        unit: &'static str,
        goal: Option<Goal>,
    ) {
        self.figures.push(Figure { name: name.into(), spread, unit, goal });
    }

    /// One line: the run, the figures in their order with every round's, and whatever else is known of the run.
    pub fn json(&self, of: &Value) -> Value {
        let figures = self.figures.iter().map(|figure| {
            let Spread { low, median, high, values } = &figure.spread;
            let mut value = json!({"name": figure.name, "value": median, "unit": figure.unit});
            if values.len() > 1 {
                value["quarter"] = (*low).into();
                value["three_quarters"] = (*high).into();
                value["rounds"] = values.as_slice().into();
            }
            if let Some((goal, verdict)) = figure.verdict() {
                value["goal"] = goal.to_string().into();
                value["verdict"] = verdict.to_string().into();
            }
            value
        });
        json!({
            "run": self.run,
            "about": self.about,
            "of": of,
            "machine": machine(),
            "figures": figures.collect::<Vec<_>>(),
            "table": self.table.as_ref().map(|(head, rows)| json!({"head": head, "rows": rows})),
        })
    }

    /// A table in Markdown, with the command that makes it.
    pub fn markdown(&self, command: &str) -> String {
        let mut text = format!("`{command}`: {}\n\n", self.about);
        if let Some((head, rows)) = &self.table {
            text += &format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(head.len()));
            text.extend(rows.iter().map(|row| format!("| {} |\n", row.join(" | "))));
            return text;
        }
        text += "| figure | measured | goal |\n|---|---:|---|\n";
        for figure in &self.figures {
            let goal = figure.verdict().map(|(goal, verdict)| match verdict {
                Verdict::Missed => format!("{goal}: **{verdict}**"),
                _ => format!("{goal}: {verdict}"),
            });
            let (name, goal) = (&figure.name, goal.unwrap_or_default());
            // Writing into a String cannot fail.
            let _ = writeln!(text, "| {name} | {} | {goal} |", figure.text());
        }
        text
    }
}

impl Figure {
    /// The value, its spread and its unit.
    fn text(&self) -> String {
        let Spread { low, median, high, values } = &self.spread;
        let mut text = rounded(*median);
        if values.len() > 1 {
            text += &format!(" ({} - {})", rounded(*low), rounded(*high));
        }
        format!("{text} {}", self.unit).trim_end().to_owned()
    }

    fn verdict(&self) -> Option<(Goal, Verdict)> {
        self.goal.map(|goal| (goal, goal.verdict(&self.spread)))
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{}: {}\n{}\n", self.run, self.about, machine())?;
        for row in self.table.iter().flat_map(|(head, rows)| std::iter::once(head).chain(rows)) {
            row.iter().try_for_each(|cell| write!(f, "{cell:>20}"))?;
            writeln!(f)?;
        }
        for figure in &self.figures {
            write!(f, "  {:58} {:>30}", figure.name, figure.text())?;
            match figure.verdict() {
                Some((goal, Verdict::Missed)) => writeln!(f, "  MISSED: {goal}")?,
                Some((goal, verdict)) => writeln!(f, "  {verdict}: {goal}")?,
                None => writeln!(f)?,
            }
        }
        Ok(())
    }
}

/// With as many digits as matter, and thousands apart.
fn rounded(value: f64) -> String {
    if value.abs() < 100.0 && value.fract() != 0.0 {
        return format!("{value:.2}");
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        let left = digits.len() - index;
        if index > 0 && left % 3 == 0 && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_readable() {
        assert_eq!(rounded(0.756), "0.76");
        assert_eq!(rounded(99.0), "99");
        assert_eq!(rounded(1234567.8), "1,234,568");
        assert_eq!(rounded(-12345.0), "-12,345");
    }

    #[test]
    fn goals_are_told_as_reached_or_missed() {
        let mut report = Report::new("x", "a test".to_owned());
        report.figure_with_goal("a", 2.0, "ms", Goal::AtMost(10.0));
        report.figure_with_goal("b", 0.5, "", Goal::AtLeast(0.75));
        report.spread("c", Spread::of([1.0, 2.0, 3.0]), "s", None);
        let text = report.to_string();
        assert!(text.contains("reached: <= 10") && text.contains("MISSED: >= 0.75"), "{text}");
        assert!(text.contains("2 (1.50 - 2.50) s"), "{text}");
        let json = report.json(&Value::Null);
        assert_eq!(json["figures"][1]["verdict"], "missed");
        assert_eq!(json["figures"][2]["rounds"], json!([1.0, 2.0, 3.0]));
        let table = report.markdown("make it");
        assert!(table.contains("| b | 0.50 | >= 0.75: **missed** |"), "{table}");
    }
}
