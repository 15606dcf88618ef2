//! `cargo run -p fanfare-instructions`: counts the instructions of one message's way under callgrind, stop by stop, and
//! compares them with `baseline.json`. Fails if one takes more than a tenth more than it did.
//!
//! Counts are repeatable where times are not: the same program on the same input takes the same instructions, whatever
//! else the machine does. They are no time: what waits for memory or for the kernel costs nothing here.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command that reports")]

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

/// Instructions by what was counted.
type Counts = BTreeMap<String, u64>;
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const BASELINE: &str = "baseline.json";
/// How many times as many instructions as before are too many.
const TOO_MANY: f64 = 1.1;
const USAGE: &str = "usage: cargo run -p fanfare-instructions [-- --accept]

Counts instructions and compares them with bench/instructions/baseline.json.
  --accept   writes what was counted into the baseline; the commit says why it changed";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.as_slice() {
        [] => check(false),
        [accept] if accept == "--accept" => check(true),
        _ => Err(USAGE.into()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// Answers whether nothing takes too many.
fn check(accept: bool) -> Result<bool> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(BASELINE);
    let counts = count()?;
    if accept {
        std::fs::write(&file, format!("{}\n", serde_json::to_string_pretty(&counts)?))?;
        println!("{} counts written to {}", counts.len(), file.display());
        return Ok(true);
    }
    let baseline: Counts = match std::fs::read_to_string(&file) {
        Ok(text) => serde_json::from_str(&text)?,
        Err(error) => return Err(format!("{}: {error}; --accept makes it", file.display()).into()),
    };
    let (lines, fine) = compare(&baseline, &counts);
    lines.iter().for_each(|line| println!("{line}"));
    if !fine {
        eprintln!("If that is as it should be: --accept, and say in the commit why.");
    }
    Ok(fine)
}

/// A line for each count, and whether all are as they should be.
fn compare(baseline: &Counts, counts: &Counts) -> (Vec<String>, bool) {
    let names: BTreeSet<&String> = baseline.keys().chain(counts.keys()).collect();
    let mut fine = true;
    let lines = names.into_iter().map(|name| match (baseline.get(name), counts.get(name)) {
        (Some(before), Some(now)) => {
            let ratio = *now as f64 / *before as f64;
            let too_many = ratio > TOO_MANY;
            fine &= !too_many;
            format!("{name:40} {now:>12} {ratio:>7.3} x{}", if too_many { "  TOO MANY" } else { "" })
        }
        (None, now) => {
            fine = false;
            format!("{name:40} {:>12}  is not in the baseline", now.copied().unwrap_or_default())
        }
        (Some(_), None) => {
            fine = false;
            format!("{name:40} {:>12}  was not counted", "")
        }
    });
    (lines.collect(), fine)
}

/// Counts all of them.
fn count() -> Result<Counts> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["bench", "--locked", "--quiet", "-p", env!("CARGO_PKG_NAME"), "--bench", "instructions"]);
    command.args(["--", "--output-format=json"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err("counting failed; it needs valgrind and gungraun-runner: scripts/need gets them".into());
    }
    let text = String::from_utf8(output.stdout)?;
    let counts = text.lines().map(|line| read(&serde_json::from_str(line)?)).collect::<Result<Counts>>()?;
    if counts.is_empty() { Err("nothing was counted".into()) } else { Ok(counts) }
}

/// The name and the count of a summary, as gungraun 0.20 writes it.
fn read(summary: &Value) -> Result<(String, u64)> {
    let text = |field: &str| summary[field].as_str().ok_or_else(|| format!("a summary has no {field}"));
    let count = summary["profiles"][0]["data"]["total"]["metrics"]["Ir"]["values"]["new"].as_u64();
    Ok((
        format!("{}: {}", text("function_name")?, text("id")?),
        count.ok_or("a summary has no instructions")?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(counts: &[(&str, u64)]) -> Counts {
        counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
    }

    #[test]
    fn a_tenth_more_is_too_many() {
        let before = counts(&[("a", 1000), ("b", 1000)]);
        assert!(compare(&before, &counts(&[("a", 1100), ("b", 10)])).1);
        let (lines, fine) = compare(&before, &counts(&[("a", 1101), ("b", 1000)]));
        assert!(!fine && lines[0].contains("TOO MANY") && !lines[1].contains("TOO MANY"), "{lines:?}");
    }

    #[test]
    fn what_is_new_or_gone_is_told() {
        let before = counts(&[("a", 1000)]);
        assert!(!compare(&before, &counts(&[])).1);
        assert!(!compare(&before, &counts(&[("a", 1000), ("b", 1)])).1);
    }

    #[test]
    fn the_baseline_names_what_is_counted() {
        let baseline: Counts = serde_json::from_str(include_str!("../baseline.json")).unwrap();
        let source = include_str!("../benches/instructions/main.rs");
        for name in baseline.keys() {
            let (function, id) = name.split_once(": ").unwrap();
            assert!(source.contains(&format!("fn {function}(")), "{name}");
            assert!(source.contains(&format!("#[bench::{id}(")), "{name}");
        }
    }
}
