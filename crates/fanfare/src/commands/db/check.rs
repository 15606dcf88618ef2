//! `fanfare db check`: is a store, or a backup, as it should be?

use super::Command;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::showing::{Bar, printable, write_line};
use crate::storing::{StoreArgs, after_damage, of_store, watch};
use clap::{ArgMatches, Args, FromArgMatches};
use std::path::Path;

pub const COMMAND: Command = Command {
    name: "check",
    about: "Check a store or a backup for damage; changes nothing",
    examples: &[
        ("The store in ./data", "fanfare db check"),
        ("Another one", "fanfare db check --data /var/lib/fanfare"),
        ("That of a server with a configuration", "fanfare db check --config /etc/fanfare/fanfare.toml"),
        ("A backup", "fanfare db check /backups/monday.db"),
    ],
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    #[command(flatten)]
    store: StoreArgs,
}

fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let options =
        Options::from_arg_matches(matches).map_err(|error| Failure::new(Exit::USAGE, error.to_string()))?;
    let path = &options.store.path(matches)?;
    let checked = look(path)?;
    let (messages, channels, head) = (checked.messages, checked.channels, checked.head);
    let line = format!(
        "{} is sound: {messages} messages in {channels} channels, up to position {head}",
        path.display()
    );
    write_line(line.as_bytes())?;
    Ok(Exit::DONE)
}

/// Checks a store, and tells all that is wrong before it fails.
pub fn look(path: &Path) -> Result<fanfare_store::Checked, Failure> {
    let mut bar = Bar::new();
    let checked = fanfare_store::check(path, &mut watch(&mut bar)).map_err(|error| of_store(path, error))?;
    drop(bar);
    if checked.damages.is_empty() {
        return Ok(checked);
    }
    for damage in &checked.damages {
        write_line(printable(&damage.to_string()).as_bytes())?;
    }
    let more = if checked.more { ", and in more ways than are told" } else { "" };
    let what = format!("{} is damaged{more}", path.display());
    Err(Failure::new(Exit::DAMAGED, what).next(after_damage(path)))
}
