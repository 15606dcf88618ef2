//! `fanfare db restore`: make a backup the store of a folder.

use super::backup::copy;
use super::{Command, check};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::showing::write_line;
use crate::storing::{DataArgs, of_copy};
use clap::{ArgMatches, Args, FromArgMatches};
use fanfare_store::Before;
use jiff::Timestamp;
use std::path::PathBuf;

pub const COMMAND: Command = Command {
    name: "restore",
    about: "Make a backup the store of a folder; the server must not run",
    examples: &[
        ("Into an empty folder", "fanfare db restore /backups/monday.db --data /var/lib/fanfare"),
        (
            "In place of the store that is there, which is moved aside",
            "fanfare db restore /backups/monday.db --force",
        ),
    ],
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// The backup
    file: PathBuf,

    #[command(flatten)]
    data: DataArgs,

    /// Move a store that is there into a folder below, `before-restore-` and the time
    #[arg(long)]
    force: bool,
}

fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let options =
        Options::from_arg_matches(matches).map_err(|error| Failure::new(Exit::USAGE, error.to_string()))?;
    let (file, data) = (&options.file, &options.data.folder()?);
    check::look(file)?;
    let aside = Timestamp::now().strftime("before-restore-%Y-%m-%dT%H-%M-%SZ").to_string();
    let before = if options.force { Before::Move(&aside) } else { Before::Keep };
    let place = data.join("fanfare.db");
    let restored = copy(&place, |watch| fanfare_store::restore(file, data, before, watch))?;
    let restored = restored.map_err(|error| of_copy(data, error))?;
    if let Some(moved) = &restored.moved {
        write_line(format!("the store that was there is in {}", moved.display()).as_bytes())?;
    }
    let (epoch, head) = (restored.epoch.0, restored.head);
    let line = format!("{} has everything up to position {head}, as epoch {epoch}", data.display());
    write_line(line.as_bytes())?;
    Ok(Exit::DONE)
}
