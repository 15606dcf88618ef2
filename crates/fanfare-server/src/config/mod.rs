//! What can be configured, and from where: a file, over it the environment, over both flags.
//!
//! [`ALL`] is the only list of options. Its rows say what each option is for, and every source of values goes the
//! same way through them: a key, a TOML value and the place where it was written. So help, documentation, names
//! of variables, "did you mean", errors, what a running server takes anew and the commented file cannot disagree.

mod error;
mod explain;
mod logging;
mod namespace;
mod options;
mod reading;
mod rules;
mod setting;
mod sources;
mod syntax;
mod template;
mod unnoticed;
mod written;

pub use error::ConfigError;
pub use explain::{Considered, Explanation, Verdict};
pub use logging::{LogFormat, LogLevel};
pub use namespace::{NAMESPACE, show_one};
pub use options::{ALL, Config};
pub use reading::{Reading, Written};
pub use setting::{Change, Form, Setting};
pub use sources::{Sources, variable};
pub use template::{change, template};
pub use written::{Workers, shown_size};
