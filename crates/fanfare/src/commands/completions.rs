//! `fanfare completions`: what a shell completes after `fanfare`.

use super::{Command, whole};
use crate::configuring::choices;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::showing::write_line;
use clap::builder::PossibleValuesParser;
use clap::{ArgMatches, Args, FromArgMatches, ValueHint};
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
    generate(options.shell, &mut hinted(whole()), "fanfare", &mut script);
    write_line(&script)?;
    Ok(Exit::DONE)
}

/// Has shells offer what an argument may be, and files only where one is meant.
fn hinted(command: clap::Command) -> clap::Command {
    let hinted_argument = |arg: clap::Arg| {
        let choices = choices(arg.get_id().as_str());
        let free = arg.get_possible_values().is_empty() && arg.get_value_hint() == ValueHint::Unknown;
        match arg.get_action().takes_values() {
            true if !choices.is_empty() => arg.value_parser(PossibleValuesParser::new(choices)),
            true if free => arg.value_hint(ValueHint::Other),
            _ => arg,
        }
    };
    command.mut_args(hinted_argument).mut_subcommands(hinted)
}
