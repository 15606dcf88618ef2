//! `fanfare man`: its pages for `man`.

use super::{Command, whole};
use crate::configuring::variable_of;
use crate::exit::Exit;
use crate::failure::Failure;
use clap::{Arg, ArgAction, ArgMatches, Args, FromArgMatches, ValueHint};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

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
    #[arg(value_hint = ValueHint::DirPath)]
    folder: PathBuf,
}

fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let options =
        Options::from_arg_matches(matches).map_err(|error| Failure::new(Exit::USAGE, error.to_string()))?;
    let folder = options.folder;
    let mut whole = whole().disable_help_subcommand(true);
    whole.build();
    let written = fs::create_dir_all(&folder).and_then(|()| write(&whole, &folder));
    written.map_err(|error| Failure::io(format_args!("{} cannot be written", folder.display()), &error))?;
    Ok(Exit::DONE)
}

/// Writes the page of a command, and those of the commands below it.
fn write(command: &clap::Command, folder: &Path) -> io::Result<()> {
    command
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
        .try_for_each(|below| write(below, folder))?;
    let synopsis = synopsis(command);
    let man = Man::new(command.clone().override_usage(synopsis)).manual("Fanfare");
    let man = man.source(concat!("fanfare ", env!("CARGO_PKG_VERSION")));
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    let mut ours = Roff::new();
    environment(command, &mut ours);
    after_help(command, &mut ours);
    ours.to_writer(&mut page)?;
    fs::write(folder.join(man.get_filename()), page)
}

/// One line with every flag and its value.
fn synopsis(command: &clap::Command) -> String {
    let (operands, flags): (Vec<&Arg>, Vec<&Arg>) =
        command.get_arguments().filter(|arg| !arg.is_hide_set()).partition(|arg| arg.is_positional());
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name()).to_owned();
    let words = [name].into_iter().chain(flags.into_iter().chain(operands).map(typed));
    let below = command.has_subcommands().then(|| "COMMAND ...".to_owned());
    words.chain(below).collect::<Vec<_>>().join(" ")
}

/// How an argument is typed.
fn typed(arg: &Arg) -> String {
    let short = arg.get_short().map(|short| format!("-{short}"));
    let long = arg.get_long().map(|long| format!("--{long}"));
    let flag = short.into_iter().chain(long).collect::<Vec<_>>().join("|");
    let value = arg.get_action().takes_values().then(|| match arg.get_value_names() {
        Some(names) => names.join(" "),
        None => arg.get_id().as_str().to_uppercase(),
    });
    let words: Vec<String> = [flag].into_iter().filter(|flag| !flag.is_empty()).chain(value).collect();
    let typed = words.join(" ");
    let typed = if arg.is_required_set() { typed } else { format!("[{typed}]") };
    if matches!(arg.get_action(), ArgAction::Append) { typed + "..." } else { typed }
}

fn environment(command: &clap::Command, page: &mut Roff) {
    let shown = command.get_arguments().filter(|arg| !arg.is_hide_set());
    let named =
        shown.filter_map(|arg| Some((variable_of(arg)?, format!("the same as --{}", arg.get_long()?))));
    let colours = (!command.has_subcommands())
        .then(|| ("NO_COLOR".to_owned(), "no colours, if it is set and not empty".to_owned()));
    let variables: Vec<(String, String)> = named.chain(colours).collect();
    if variables.is_empty() {
        return;
    }
    page.control("SH", ["ENVIRONMENT"]);
    for (name, meaning) in variables {
        page.control("TP", []).text([bold(name)]).text([roman(meaning)]);
    }
}

/// What stands below the help: titles that end with a colon, and lines that stay as they are.
fn after_help(command: &clap::Command, page: &mut Roff) {
    let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    for line in text.lines() {
        match line.strip_suffix(':').filter(|title| !title.starts_with(' ')) {
            Some(title) => {
                page.control("SH", [title.to_uppercase().as_str()]);
            }
            None => {
                page.control("nf", []).text([roman(line)]).control("fi", []);
            }
        }
    }
}
