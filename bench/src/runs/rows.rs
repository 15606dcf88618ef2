//! Rows that runs have in common: what each server came to, how ours compares with it, and how far that can be trusted.

use crate::contest::{Contest, Sample};
use crate::report::{Goal, Report};
use crate::spread::Spread;

/// A load generator that works more than this has no time left: it is the limit.
const BUSY: f64 = 90.0;

/// What each server came to, ours first, under one heading.
pub struct Rows<'a> {
    report: &'a mut Report,
    what: String,
    named: Vec<(String, Vec<Sample>)>,
}

impl Rows<'_> {
    /// Of these samples, by contestant; there may be fewer than there are contestants.
    pub fn new<'a>(
        report: &'a mut Report,
        what: impl Into<String>,
        contest: &Contest,
        samples: Vec<Vec<Sample>>,
    ) -> Rows<'a> {
        let names = contest.contestants.iter().map(|contestant| contestant.name.clone());
        Rows { report, what: what.into(), named: names.zip(samples).collect() }
    }

    /// A row for each server.
    pub fn each(&mut self, name: &str, unit: &'static str, value: impl Fn(&Sample) -> f64) {
        for (server, samples) in &self.named {
            let spread = Spread::of(samples.iter().map(&value));
            self.report.spread(format!("{}: {server}, {name}", self.what), spread, unit, None);
        }
    }

    /// A row for ours over each other one, and for each that was there twice over itself: a control.
    pub fn ratios(
        &mut self,
        name: &str,
        value: impl Fn(&Sample) -> f64,
        goal: impl Fn(&str) -> Option<Goal>,
    ) {
        let values = |samples: &[Sample]| samples.iter().map(&value).collect::<Vec<_>>();
        let (ours, samples) = &self.named[0];
        let ours_values = values(samples);
        for (server, samples) in &self.named[1..] {
            let twice = server.strip_suffix(" again");
            let first = self.named.iter().find(|(name, _)| Some(&**name) == twice);
            let (row, ratio, goal) = match first {
                Some((first, once)) => (
                    format!("{first} / {first} (control)"),
                    Spread::of_ratios(&values(samples), &values(once)),
                    Some(Goal::Control),
                ),
                None => (
                    format!("{ours} / {server}"),
                    Spread::of_ratios(&ours_values, &values(samples)),
                    goal(server),
                ),
            };
            self.report.spread(format!("{}: {name}, {row}", self.what), ratio, "x", goal);
        }
    }

    /// What was lost and what came twice: ours must do neither, and of others it is told if there is any.
    pub fn losses(&mut self) {
        for (index, (server, samples)) in self.named.iter().enumerate() {
            let sum = |value: fn(&Sample) -> u64| samples.iter().map(value).sum::<u64>() as f64;
            let (lost, repeated) = (sum(|sample| sample.told.lost), sum(|sample| sample.told.repeated));
            for (name, count) in [("lost", lost), ("repeated", repeated)] {
                let name = format!("{}: {server}, {name}", self.what);
                match index {
                    0 => self.report.figure_with_goal(name, count, "", Goal::AtMost(0.0)),
                    _ if count > 0.0 => self.report.figure(name, count, ""),
                    _ => {}
                }
            }
        }
    }

    /// How busy the load generator of ours was, and a warning for each that was too busy to be trusted.
    pub fn load(&mut self) {
        for (index, (server, samples)) in self.named.iter().enumerate() {
            let busy = Spread::of(samples.iter().map(|sample| sample.load * 100.0));
            let name = match (index, busy.median > BUSY) {
                (_, true) => format!("{}: {server}, WARNING: its load generator had no time left", self.what),
                (0, false) => format!("{}: {server}, its load generator was busy", self.what),
                _ => continue,
            };
            self.report.spread(name, busy, "%", None);
        }
    }
}
