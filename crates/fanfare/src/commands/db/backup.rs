//! `fanfare db backup`: save a store in one file, while its server goes on.

use super::Command;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::on_interrupt;
use crate::showing::{Bar, bytes, write_line};
use crate::storing::{DataArgs, of_copy, watch};
use clap::{ArgMatches, Args, FromArgMatches};
use fanfare_store::{Progress, Watch, is_of_a_server};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub const COMMAND: Command = Command {
    name: "backup",
    about: "Save a store in one file, while its server goes on",
    examples: &[
        ("The store in ./data", "fanfare db backup /backups/monday.db"),
        ("In place of an older one", "fanfare db backup /backups/latest.db --data /var/lib/fanfare --force"),
    ],
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// The file to write. It gets its name once it is whole, verified and synced
    file: PathBuf,

    #[command(flatten)]
    data: DataArgs,

    /// Replace the file if it is there
    #[arg(long)]
    force: bool,
}

fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let options =
        Options::from_arg_matches(matches).map_err(|error| Failure::new(Exit::USAGE, error.to_string()))?;
    let (file, store) = (&options.file, &options.data.folder()?);
    check(&options, store)?;
    let backup = copy(file, |watch| fanfare_store::backup(store, file, watch))?;
    let backup = backup.map_err(|error| of_copy(store, error))?;
    let size = bytes(backup.bytes);
    let line = format!("{}: {size}, with everything up to position {}", file.display(), backup.head);
    write_line(line.as_bytes())?;
    Ok(Exit::DONE)
}

/// Refuses to write where something is that must not be lost.
fn check(options: &Options, store: &Path) -> Result<(), Failure> {
    let (file, shown) = (&options.file, options.file.display());
    let refuse = |what: String, next: &str| Err(Failure::new(Exit::FAILED, what).next(next));
    if file.is_dir() {
        return refuse(format!("{shown} is a folder"), "name a file in it");
    }
    if !file.exists() {
        return Ok(());
    }
    if is_of_a_server(store, file) {
        return refuse(format!("{shown} belongs to the store itself"), "name a file elsewhere");
    }
    match options.force {
        true => Ok(()),
        false => refuse(format!("{shown} exists already, and was left as it is"), "--force replaces it"),
    }
}

/// Makes a copy that gets the name of a file, and shows how far it is. When somebody stops it, nothing is left of it; while
/// it takes the place of what was there, it is not stopped.
pub fn copy<T>(file: &Path, make: impl FnOnce(Watch<'_>) -> T) -> Result<T, Failure> {
    let (unfinished, naming) = (fanfare_store::unfinished(file), Arc::new(AtomicBool::new(false)));
    let named = naming.clone();
    on_interrupt(move || {
        if !named.load(Ordering::SeqCst) {
            let _ = std::fs::remove_file(unfinished);
            std::process::exit(Exit::INTERRUPTED.number.into());
        }
    })?;
    let mut bar = Bar::new();
    let mut show = watch(&mut bar);
    Ok(make(&mut |progress| {
        naming.fetch_or(progress == Progress::Naming, Ordering::SeqCst);
        show(progress);
    }))
}
