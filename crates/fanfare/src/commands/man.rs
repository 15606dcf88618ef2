//! `fanfare man`: its pages for `man`.

use super::{Command, whole};
use crate::exit::Exit;
use crate::failure::Failure;
use clap::{ArgMatches, Args, FromArgMatches};
use std::fs;
use std::path::PathBuf;

pub const COMMAND: Command = Command {
    name: "man",
    about: "Write the pages for man, one for each command",
    examples: &[("For this user", "fanfare man ~/.local/share/man/man1")],
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// The folder to write them to; it is made when it is missing
    folder: PathBuf,
}

fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let options =
        Options::from_arg_matches(matches).map_err(|error| Failure::new(Exit::USAGE, error.to_string()))?;
    let folder = options.folder;
    let written = fs::create_dir_all(&folder).and_then(|()| clap_mangen::generate_to(whole(), &folder));
    written.map_err(|error| Failure::io(format_args!("{} cannot be written", folder.display()), &error))?;
    Ok(Exit::DONE)
}
