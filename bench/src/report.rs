//! What a run found: a table for people, one line of JSON for programs.

use serde_json::{Map, Value, json};
use std::fmt::{self, Display};
use std::fs;

/// What one run found.
pub struct Report {
    /// The run's name.
    pub run: &'static str,
    /// What was measured, one sentence.
    pub about: String,
    figures: Vec<Figure>,
}

struct Figure {
    name: &'static str,
    value: f64,
    unit: &'static str,
    goal: Option<Goal>,
}

/// What a figure should be.
#[derive(Clone, Copy)]
pub enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

impl Report {
    pub fn new(run: &'static str, about: String) -> Report {
        Report { run, about, figures: Vec::new() }
    }

    /// Adds a figure.
    pub fn figure(&mut self, name: &'static str, value: f64, unit: &'static str) {
        self.figures.push(Figure { name, value, unit, goal: None });
    }

    /// Adds a figure that has a goal.
    pub fn figure_with_goal(&mut self, name: &'static str, value: f64, unit: &'static str, goal: Goal) {
        self.figures.push(Figure { name, value, unit, goal: Some(goal) });
    }

    /// One line: the run, the machine, the figures.
    pub fn json(&self, seconds_since_1970: u64) -> Value {
        let figures = self.figures.iter().map(|figure| {
            let mut value = json!({"value": figure.value, "unit": figure.unit});
            if let Some(goal) = figure.goal {
                value["goal"] = goal.to_string().into();
                value["reached"] = goal.is_reached(figure.value).into();
            }
            (figure.name.to_owned(), value)
        });
        json!({
            "run": self.run,
            "about": self.about,
            "time": seconds_since_1970,
            "machine": machine(),
            "figures": figures.collect::<Map<_, _>>(),
        })
    }
}

impl Goal {
    fn is_reached(self, value: f64) -> bool {
        match self {
            Goal::AtLeast(goal) => value >= goal,
            Goal::AtMost(goal) => value <= goal,
        }
    }
}

impl Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Goal::AtLeast(goal) => write!(f, ">= {goal}"),
            Goal::AtMost(goal) => write!(f, "<= {goal}"),
        }
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{}: {}\n{}\n", self.run, self.about, machine())?;
        for figure in &self.figures {
            write!(f, "  {:44} {:>14} {:10}", figure.name, rounded(figure.value), figure.unit)?;
            match figure.goal {
                Some(goal) if goal.is_reached(figure.value) => writeln!(f, " reached: {goal}")?,
                Some(goal) => writeln!(f, " MISSED: {goal}")?,
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
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// The processor, how many, and the kernel.
fn machine() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find(|line| line.starts_with("model name"));
    let model = model.and_then(|line| line.split_once(": ")).map_or("unknown processor", |(_, model)| model);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{cores} x {model}, Linux {}", kernel.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_readable() {
        assert_eq!(rounded(0.756), "0.76");
        assert_eq!(rounded(99.0), "99");
        assert_eq!(rounded(1234567.8), "1 234 568");
        assert_eq!(rounded(-12345.0), "-12 345");
    }

    #[test]
    fn goals_are_told_as_reached_or_missed() {
        let mut report = Report::new("x", "a test".to_owned());
        report.figure_with_goal("a", 2.0, "ms", Goal::AtMost(10.0));
        report.figure_with_goal("b", 0.5, "", Goal::AtLeast(0.75));
        let text = report.to_string();
        assert!(text.contains("reached: <= 10") && text.contains("MISSED: >= 0.75"), "{text}");
        assert_eq!(report.json(1)["figures"]["b"]["reached"], false);
    }
}
