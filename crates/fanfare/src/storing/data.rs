//! Which store.

use clap::Args;
use std::path::{Path, PathBuf};

/// The folder of a store.
#[derive(Debug, Args)]
pub struct DataArgs {
    /// The folder of the store
    #[arg(
        long,
        value_name = "FOLDER",
        env = "FANFARE_DATA",
        hide_env_values = true,
        default_value = "./data"
    )]
    pub data: PathBuf,
}

/// A store by its folder, or a backup by its file.
#[derive(Debug, Args)]
pub struct StoreArgs {
    /// A backup; without it, the store of --data
    file: Option<PathBuf>,

    #[command(flatten)]
    data: DataArgs,
}

impl StoreArgs {
    /// Where it is.
    pub fn path(&self) -> &Path {
        self.file.as_ref().unwrap_or(&self.data.data)
    }
}
