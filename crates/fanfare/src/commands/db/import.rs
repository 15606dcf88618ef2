//! `fanfare db import`: the lines of an export into a store.

use super::Command;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::showing::write_line;
use crate::stderr::tell;
use crate::storing::{DataArgs, Import, ImportOptions};
use clap::{ArgMatches, Args, FromArgMatches};
use fanfare_proto::Time;
use jiff::Timestamp;
use std::path::PathBuf;

pub const COMMAND: Command = Command {
    name: "import",
    about: "Put the lines of an export into a store; the server must not run",
    examples: &[
        ("Into a new store", "fanfare db import all.ndjson --data /var/lib/fanfare"),
        ("Again after an interruption, or with new lines at the end", "fanfare db import all.ndjson"),
    ],
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// A file with one message a line, as `fanfare db export` writes them
    file: PathBuf,

    #[command(flatten)]
    data: DataArgs,

    /// Give messages that are older than the newest of the store its time, instead of refusing them
    #[arg(long)]
    raise_times: bool,

    /// Import the whole file once more, even if it is in the store
    #[arg(long)]
    again: bool,
}

fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let options =
        Options::from_arg_matches(matches).map_err(|error| Failure::new(Exit::USAGE, error.to_string()))?;
    let now = Time(u64::try_from(Timestamp::now().as_millisecond()).unwrap_or(0));
    let Options { file, data, raise_times, again } = options;
    let shown = file.display().to_string();
    let import = Import::open(ImportOptions { data: data.folder()?, file, again, raise_times }, now)?;
    if import.begun() > 0 {
        tell(format_args!("{shown}: {} lines are in the store since before", import.begun()));
    }
    let imported = import.run()?;
    write_line(format!("{shown}: {imported} messages imported").as_bytes())?;
    Ok(Exit::DONE)
}
