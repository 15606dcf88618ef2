//! The configuration, read again while the server runs (SIGHUP): what can change is applied, what cannot is said.
//!
//! All or nothing: a file with errors changes nothing.

use crate::config::{ALL, Change, Config, Form, LogLevel, Reading, Sources};
use crate::server::Server;

/// What it takes to read the configuration again.
pub struct Rereading {
    /// What it was read from at the start. Of these only the file can change.
    pub sources: Sources,
    /// From now on, lines of this level and more important ones are written.
    pub set_level: Box<dyn Fn(LogLevel)>,
}

impl Rereading {
    /// Reads again. `config` is what is in force, before and after.
    pub(crate) fn read(&self, config: &mut Config, server: &Server) {
        let Some(file) = &self.sources.file else {
            tracing::warn!("there is no configuration file to read again: none was named at the start");
            return;
        };
        // A pipe or a device has nothing to say twice, which would be taken for an empty file.
        let gone = std::fs::metadata(file).is_ok_and(|found| !found.is_file());
        let file = file.display();
        if gone {
            tracing::warn!(%file, "this is no regular file and cannot be read again");
            return;
        }
        let found = Reading::of(&self.sources);
        for error in &found.errors {
            tracing::error!(%error, "nothing of the configuration was changed");
        }
        if !found.errors.is_empty() {
            return;
        }
        if let Err(error) = Server::check(&found.config) {
            tracing::error!(%error, %file, "nothing of the configuration was changed");
            return;
        }
        let before = config.clone();
        for setting in ALL {
            if let Change::Running(copy) = setting.change {
                copy(config, &found.config);
            }
        }
        server.take(config);
        // What changes is to be seen before fewer lines are written, or after more are.
        (self.set_level)(before.log_level.max(config.log_level));
        let changed = tell(&before, &found.config);
        tracing::info!(%file, changed, "the configuration was read again");
        (self.set_level)(config.log_level);
    }
}

/// Says for each option that was changed what became of it. Answers how many those are.
fn tell(before: &Config, found: &Config) -> usize {
    let mut changed = 0;
    for setting in ALL {
        let (option, was, now) = (setting.key, (setting.show)(before), (setting.show)(found));
        if was == now {
            continue;
        }
        changed += 1;
        match (&setting.change, setting.form) {
            (Change::Running(_), _) => tracing::info!(option, %was, %now, "applied"),
            // Whole rules would fill the log.
            (Change::Restart, Form::Tables) => tracing::warn!(option, "needs a restart"),
            (Change::Restart, _) => tracing::warn!(option, %was, %now, "needs a restart"),
        }
    }
    changed
}
