//! `fanfare serve`: run the server.

use super::Command;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::logging;
use crate::showing::Paint;
use clap::{Arg, ArgAction, ArgMatches, value_parser};
use fanfare_server::config::{ALL, Form, Setting, Sources, variable};
use fanfare_server::{Config, Ended, Server};
use std::io::{self, Write};
use std::path::PathBuf;

pub const COMMAND: Command = Command {
    name: "serve",
    about: "Run the server",
    examples: &[
        ("On this machine, with the store in ./data", "fanfare serve"),
        ("Elsewhere", "fanfare serve --listen 127.0.0.1:9000 --data /var/lib/fanfare"),
        ("With a configuration", "fanfare serve --config /etc/fanfare.toml"),
    ],
    arguments,
    run,
};

/// A flag for every option that can be one.
fn arguments(command: clap::Command) -> clap::Command {
    let config =
        Arg::new("config").long("config").value_name("FILE").env("FANFARE_CONFIG").hide_env_values(true);
    let config = config
        .value_parser(value_parser!(PathBuf))
        .help("Read a TOML file; the environment and flags beat it");
    ALL.iter().fold(command.arg(config), |command, setting| {
        let arg = Arg::new(setting.key).long(setting.key.replace('_', "-"));
        let about = setting.about.trim_end_matches('.');
        let variable = variable(setting.key);
        match setting.form {
            Form::Value(value) => {
                let (allowed, default) = (setting.allowed, setting.default);
                let help = format!("{about} [allowed: {allowed}] [default: {default}] [env: {variable}]");
                command.arg(arg.value_name(value).help(help))
            }
            Form::Switch => {
                command.arg(arg.action(ArgAction::SetTrue).help(format!("{about} [env: {variable}]")))
            }
            Form::Tables => command,
        }
    })
}

fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let config = Config::load(&sources(matches))?;
    logging::start(&config);
    match fanfare_server::run(&config, announce)? {
        Ended::Well => Ok(Exit::DONE),
        Ended::AtOnce => Ok(Exit::INTERRUPTED),
        Ended::Late => {
            Err(Failure::new(Exit::FAILED, "the server did not end in time, and was left unfinished")
                .next("what was answered is kept; look at the disk if this happens again"))
        }
    }
}

/// Says where the server is and what to try. Nobody has to read it.
fn announce(server: &Server) {
    let paint = Paint::stdout();
    let (url, data) = (format!("http://{}", server.address()), server.data().display());
    let version = env!("CARGO_PKG_VERSION");
    let text = format!(
        "Fanfare {version} listens on {}\nMessages are kept in {data}\nTry: {}\n",
        paint.strong(&url),
        paint.strong(format_args!("curl -d 'hello' {url}/c/hello")),
    );
    let _ = io::stdout().write_all(text.as_bytes());
}

fn sources(matches: &ArgMatches) -> Sources {
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
    Sources {
        file: matches.get_one::<PathBuf>("config").cloned(),
        environment: environment.collect(),
        flags: ALL.iter().filter_map(flag).collect(),
    }
}
