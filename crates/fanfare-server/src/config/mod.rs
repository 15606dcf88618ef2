//! What can be configured, and from where: a file, over it the environment, over both flags.
//!
//! [`ALL`] is the only list of options. Its rows say what each option is for, and every source of values goes the
//! same way through them: a key, a TOML value and the place where it was written. So help, documentation, names
//! of variables, "did you mean" and errors cannot disagree.

mod error;
mod logging;
mod namespace;
mod options;
mod setting;
mod sources;
mod written;

pub use error::ConfigError;
pub use logging::{LogFormat, LogLevel};
pub use namespace::NAMESPACE;
pub use options::{ALL, Config};
pub use setting::{Form, Setting};
pub use sources::{Sources, variable};
