//! The configuration of a server, as the command line, the environment and a file say it: the same for `serve` and for
//! `config`, which only looks.

use crate::failure::Failure;
use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint, value_parser};
use fanfare_server::Config;
use fanfare_server::config::{ALL, Change, Form, Reading, Setting, Sources, variable};
use std::path::PathBuf;

/// Whether help shows the flags; they are taken in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flags {
    /// Each, with what it is for.
    Shown,
    /// Only that there are some.
    Hidden,
}

const FILE: &str = "file";

/// A flag for every option that can be one, and `--config`.
pub fn arguments(command: Command, flags: Flags) -> Command {
    let file = match flags {
        Flags::Shown => "Read a TOML file; the environment and flags beat it",
        Flags::Hidden => {
            "Read a TOML file; the environment and flags beat it. Every flag of `fanfare serve` is taken here, too"
        }
    };
    let config =
        Arg::new("config").long("config").value_name("FILE").env("FANFARE_CONFIG").hide_env_values(true);
    let config = config.value_parser(value_parser!(PathBuf)).help(file);
    ALL.iter().fold(command.arg(config), |command, setting| {
        let arg = Arg::new(setting.key).long(setting.key.replace('_', "-")).hide(flags == Flags::Hidden);
        match setting.form {
            Form::Value(value) => {
                let hint = if value == "FOLDER" { ValueHint::DirPath } else { ValueHint::Unknown };
                command.arg(arg.value_name(value).value_hint(hint).help(help(setting)))
            }
            Form::Switch => command.arg(arg.action(ArgAction::SetTrue).help(help(setting))),
            Form::Tables => command,
        }
    })
}

/// The words that an option may be, if it is one of a few.
pub fn choices(key: &str) -> Vec<&'static str> {
    let setting = ALL.iter().find(|setting| setting.key == key);
    // These are told as nothing but words in quotes.
    let listed = setting.map(|setting| setting.allowed).filter(|allowed| allowed.starts_with('"'));
    listed.map_or_else(Vec::new, |allowed| allowed.split('"').skip(1).step_by(2).collect())
}

/// The variable that gives the value of a flag, if there is one.
pub fn variable_of(flag: &Arg) -> Option<String> {
    let named = flag.get_env().map(|name| name.to_string_lossy().into_owned());
    let setting = || ALL.iter().find(|setting| setting.key == flag.get_id().as_str());
    named.or_else(|| setting().map(|setting| variable(setting.key)))
}

/// The file by its name alone, where a command is about nothing else.
pub fn file_argument(command: Command) -> Command {
    let file = Arg::new(FILE).value_name("FILE").value_parser(value_parser!(PathBuf));
    command.arg(file.help("The same as --config FILE, and beats it"))
}

fn help(setting: &Setting<Config>) -> String {
    let about = setting.about.trim_end_matches('.');
    let (variable, allowed, default) = (variable(setting.key), setting.allowed, setting.default);
    let changes = match setting.change {
        Change::Running(_) => " [changes: at SIGHUP]",
        Change::Restart => "",
    };
    match setting.form {
        Form::Switch => format!("{about} [env: {variable}]{changes}"),
        _ => format!("{about} [allowed: {allowed}] [default: {default}] [env: {variable}]{changes}"),
    }
}

/// Where values come from.
pub fn sources(matches: &ArgMatches) -> Sources {
    let flag = |setting: &Setting<Config>| {
        let text = match setting.form {
            Form::Value(_) => matches.get_one::<String>(setting.key).cloned(),
            Form::Switch => matches.get_flag(setting.key).then(|| "true".to_owned()),
            Form::Tables => None,
        };
        Some((setting.key.to_owned(), text?))
    };
    let environment = std::env::vars_os().filter_map(|(name, text)| {
        // Only ASCII names can be ours; a value that is not UTF-8 is refused by its option.
        Some((name.into_string().ok()?, text.to_string_lossy().into_owned()))
    });
    let named = matches.try_get_one::<PathBuf>(FILE).ok().flatten();
    Sources {
        file: named.or_else(|| matches.get_one("config")).cloned(),
        environment: environment.collect(),
        flags: ALL.iter().filter_map(flag).collect(),
    }
}

/// Reads all of it; where something is wrong, says all that is.
pub fn read(sources: &Sources) -> Result<Reading, Failure> {
    let reading = Reading::of(sources);
    if reading.errors.is_empty() { Ok(reading) } else { Err(Failure::from(reading.errors)) }
}
