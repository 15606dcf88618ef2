//! Which store.

use crate::configuring;
use crate::exit::Exit;
use crate::failure::Failure;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, ValueHint};
use fanfare_server::config::Sources;
use std::path::PathBuf;

/// The folder of a store.
#[derive(Debug, Args)]
pub struct DataArgs {
    /// The folder of the store; without it, the one that --config names, else ./data
    #[arg(long, value_name = "FOLDER", env = "FANFARE_DATA", hide_env_values = true)]
    #[arg(value_hint = ValueHint::DirPath)]
    data: Option<PathBuf>,

    /// The configuration of the server whose store is meant
    #[arg(long, value_name = "FILE", env = "FANFARE_CONFIG", hide_env_values = true)]
    #[arg(value_hint = ValueHint::FilePath)]
    config: Option<PathBuf>,
}

/// A store by its folder, or a backup by its file.
#[derive(Debug, Args)]
pub struct StoreArgs {
    /// A backup; without it, the store of --data
    #[arg(value_hint = ValueHint::FilePath)]
    file: Option<PathBuf>,

    #[command(flatten)]
    data: DataArgs,
}

impl DataArgs {
    /// Where it is.
    pub fn folder(&self) -> Result<PathBuf, Failure> {
        if let Some(data) = &self.data {
            return Ok(data.clone());
        }
        // The environment beats the file, and has been looked at.
        let sources = Sources { file: self.config.clone(), environment: Vec::new(), flags: Vec::new() };
        Ok(configuring::read(&sources)?.config.data)
    }
}

impl StoreArgs {
    /// Where it is.
    pub fn path(&self, matches: &ArgMatches) -> Result<PathBuf, Failure> {
        let Some(file) = &self.file else { return self.data.folder() };
        // The environment is there for every command, and only names what is meant when nothing else does.
        let named = |name: &&str| matches.value_source(name) == Some(ValueSource::CommandLine);
        if let Some(name) = ["data", "config"].into_iter().find(named) {
            let what = format!("{} is one store, and --{name} names another", file.display());
            return Err(Failure::new(Exit::USAGE, what).next("leave out one of them"));
        }
        Ok(file.clone())
    }
}
