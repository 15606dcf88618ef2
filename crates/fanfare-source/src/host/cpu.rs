//! Processors: `/proc/stat`.

use super::rounded;
use serde_json::{Value, json};

/// Time since the start, in ticks, of all processors together.
pub(super) struct Times {
    busy: u64,
    waiting: u64,
    all: u64,
    processors: usize,
}

/// Reads the first line (`cpu  user nice system idle iowait irq softirq steal ...`) and counts those of each processor.
pub(super) fn parse(text: &str) -> Option<Times> {
    let ticks: Vec<u64> = text
        .lines()
        .next()?
        .strip_prefix("cpu ")?
        .split_whitespace()
        .map_while(|tick| tick.parse().ok())
        .collect();
    let [_, _, _, idle, waiting, ..] = ticks[..] else { return None };
    // What guests used is in `user` already.
    let all: u64 = ticks.iter().take(8).sum();
    let processors = text.lines().skip(1).take_while(|line| line.starts_with("cpu")).count();
    Some(Times { busy: all.saturating_sub(idle + waiting), waiting, all, processors })
}

impl Times {
    pub(super) fn figures(&self, before: &Times, load: Option<f64>) -> Value {
        let all = self.all.saturating_sub(before.all).max(1) as f64;
        let percent = |now: u64, before: u64| rounded(now.saturating_sub(before) as f64 * 100.0 / all);
        let mut figures = json!({
            "busy_percent": percent(self.busy, before.busy),
            "waiting_percent": percent(self.waiting, before.waiting),
            "processors": self.processors,
        });
        if let Some(load) = load {
            figures["load"] = load.into();
        }
        figures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_between_two_moments_is_said() {
        let before = parse("cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 1 2\ncpu1 1 2\nintr 5\n").unwrap();
        let now = parse("cpu  130 0 70 840 60 0 0 0 30 0\ncpu0 1 2\ncpu1 1 2\nintr 5\n").unwrap();
        let figures = now.figures(&before, Some(0.25));
        let wanted = json!({"busy_percent": 50.0, "waiting_percent": 10.0, "processors": 2, "load": 0.25});
        assert_eq!(figures, wanted);
        assert!(parse("nonsense").is_none() && parse("").is_none());
    }
}
