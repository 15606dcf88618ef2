//! What all runs share: which binary is measured, where results go, and how progress is shown.

use crate::cores::Core;
use crate::outcome::Result;
use crate::report::{Report, write};
use crate::servers::{Server, start_fanfare};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where tables are.
pub const DOCUMENT: &str = "docs/performance.md";

/// One invocation.
pub struct Bench {
    binary: PathBuf,
    root: &'static Path,
    /// What is known of the tree and the binary.
    origin: Value,
    /// Whether tables are put into the docs.
    document: bool,
}

impl Bench {
    /// With the binary that is named, or else the release build of this tree, brought up to date first.
    pub fn new(binary: Option<PathBuf>, document: bool) -> Result<Bench> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("the workspace has no root")?;
        let server = if binary.is_some() { "named" } else { "built of this tree" };
        let origin = json!({
            "commit": git(root, &["rev-parse", "HEAD"]),
            "changed_since": git(root, &["status", "--porcelain"]).map(|changes| !changes.is_empty()),
            "server": server,
        });
        let binary = match binary {
            Some(binary) => binary,
            None => build(root)?,
        };
        if !binary.is_file() {
            return Err(format!(
                "there is no server at {}; try: cargo build --release -p fanfare",
                binary.display()
            )
            .into());
        }
        Ok(Bench { binary, root, origin, document })
    }

    /// What is measured.
    pub fn binary(&self) -> &Path {
        &self.binary
    }

    /// A fresh server with this configuration file, on any core.
    pub fn server(&self, config: &str) -> Result<Server> {
        start_fanfare(&self.binary, config, Core::Any)
    }

    /// Shows a report and writes it to a file of its own, and into the docs if that was asked for.
    pub fn finish(&self, report: &Report, command: &str) -> Result<()> {
        print!("{report}");
        let results = self.root.join("bench/results");
        fs::create_dir_all(&results)?;
        #[expect(clippy::disallowed_methods, reason = "when a measurement was made is what the clock says")]
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let file = results.join(format!("{}-{seconds}.json", report.run));
        let mut of = self.origin.clone();
        (of["time"], of["command"]) = (seconds.into(), command.into());
        fs::write(&file, format!("{}\n", report.json(&of)))?;
        println!("\nwritten to {}", file.display());
        if self.document {
            write(report, command, &self.root.join(DOCUMENT))?;
        }
        Ok(())
    }
}

fn build(root: &Path) -> Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--release", "--locked", "--quiet", "-p", "fanfare"]).current_dir(root);
    if !command.status()?.success() {
        return Err("the server could not be built; --server-binary names one that is there".into());
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    Ok(target.join("release/fanfare"))
}

/// What git says of the tree, if it is one that git knows.
fn git(root: &Path, args: &[&str]) -> Option<String> {
    let said = Command::new("git").args(args).current_dir(root).stderr(Stdio::null()).output().ok()?;
    said.status.success().then(|| String::from_utf8_lossy(&said.stdout).trim().to_owned())
}

/// A bar that counts to `total`.
pub fn progress(what: &'static str, total: u64) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{msg:24} {wide_bar} {human_pos}/{human_len} {elapsed}, {eta} left");
    let bar = ProgressBar::new(total).with_message(what);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
