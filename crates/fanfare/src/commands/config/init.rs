//! `fanfare config init`: a file to begin with.

use super::Command;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::showing::write_line;
use clap::{ArgMatches, Args, FromArgMatches};
use fanfare_server::config::template;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

pub const COMMAND: Command = Command {
    name: "init",
    about: "Write a commented file with every option; never over another",
    examples: &[("Into fanfare.toml", "fanfare config init"), ("To stdout", "fanfare config init - | less")],
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// Where to; `-` is stdout
    #[arg(default_value = "fanfare.toml")]
    file: PathBuf,
}

fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let Options { file } =
        Options::from_arg_matches(matches).map_err(|error| Failure::new(Exit::USAGE, error.to_string()))?;
    if file.as_os_str() == "-" {
        write_line(template().as_bytes())?;
        return Ok(Exit::DONE);
    }
    let shown = file.display();
    let written = File::create_new(&file).and_then(|mut new| {
        new.write_all(template().as_bytes())?;
        new.sync_all()
    });
    match written {
        Ok(()) => {
            write_line(format!("Wrote {shown}. Next: fanfare serve --config {shown}").as_bytes())?;
            Ok(Exit::DONE)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let failure = Failure::new(Exit::FAILED, format!("{shown} exists, and is left as it is"));
            Err(failure.next("name another file, or `-` for stdout"))
        }
        Err(error) => Err(Failure::io(format_args!("{shown} cannot be written"), &error)),
    }
}
