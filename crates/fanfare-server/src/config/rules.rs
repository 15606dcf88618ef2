//! The rules of channels that a configuration makes: its namespaces, and where each of them stands.

use super::options::Config;
use super::reading::Reading;
use fanfare_proto::{Keeping, Namespace, Namespaces, Pattern};

/// The channels of this machine's figures.
const HOST: &str = "host/**";

impl Config {
    /// The rules in force: the configured ones, those of the server's own sources where nobody has said otherwise, and
    /// the default, which is for all others.
    pub fn rules(&self) -> Namespaces {
        let own = self.host.then(|| Pattern::parse(HOST)).into_iter().flatten();
        let own = own.map(|pattern| Namespace::new(pattern, Keeping::Live));
        Namespaces::new(self.namespaces.iter().cloned().chain(own))
    }
}

impl Reading {
    /// The rules in force, in their order, each with the place where it was written.
    pub fn rules(&self) -> Vec<(Namespace, String)> {
        let rules = self.config.rules();
        let tables = self.written_last("namespace").map_or(&[][..], |written| &written.tables);
        let configured = self.config.namespaces.len();
        let place = |index: usize| match tables.get(index) {
            Some(place) if index < configured => place.clone(),
            _ if index == configured && self.config.host => "because of `host`".to_owned(),
            _ => DEFAULT.to_owned(),
        };
        rules.iter().enumerate().map(|(index, (_, rule))| (rule.clone(), place(index))).collect()
    }

    /// Where the value of an option comes from.
    pub fn place(&self, key: &str) -> &str {
        self.written_last(key).map_or(DEFAULT, |written| &written.place)
    }
}

/// Where values stand that nobody wrote.
const DEFAULT: &str = "default";
