//! `cargo run -p xtask -- tidy`

use std::io::{Write, stderr, stdout};
use std::path::Path;
use std::process::ExitCode;
use xtask::tidy;
use xtask::tree::Tree;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.as_slice() {
        [task] if task == "tidy" => run_tidy(&mut stdout().lock()),
        _ => Err("usage: cargo run -p xtask -- tidy".into()),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(stderr(), "xtask: {error}");
            ExitCode::from(2)
        }
    }
}

fn run_tidy(out: &mut dyn Write) -> Result<ExitCode, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("xtask has no parent folder")?;
    let tree = Tree::read(root)?;
    let report = tidy::run(&tree);
    write!(out, "{report}").map_err(|error| error.to_string())?;
    Ok(if report.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
