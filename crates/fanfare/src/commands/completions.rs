//! `fanfare completions`: what a shell completes after `fanfare`.

use super::{Command, whole};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::showing::write_line;
use clap::{ArgMatches, Args, FromArgMatches};
use clap_complete::{Shell, generate};

pub const COMMAND: Command = Command {
    name: "completions",
    about: "Print what lets a shell complete this command",
    examples: &[
        (
            "For bash, from the next shell on",
            "fanfare completions bash > ~/.local/share/bash-completion/completions/fanfare",
        ),
        ("For fish", "fanfare completions fish > ~/.config/fish/completions/fanfare.fish"),
        ("For zsh, in a folder of its $fpath", "fanfare completions zsh > ~/.zfunc/_fanfare"),
    ],
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// Which shell
    shell: Shell,
}

fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let options =
        Options::from_arg_matches(matches).map_err(|error| Failure::new(Exit::USAGE, error.to_string()))?;
    let mut script = Vec::new();
    generate(options.shell, &mut whole(), "fanfare", &mut script);
    write_line(&script)?;
    Ok(Exit::DONE)
}
