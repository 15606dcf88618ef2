//! What the server says about itself, on stderr.

use crate::showing::Paint;
use fanfare_server::Config;
use fanfare_server::config::{LogFormat, LogLevel};
use std::io;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Writes what is said from now on as the configuration wants it.
pub fn start(config: &Config) {
    let level = match config.log_level {
        LogLevel::Off => LevelFilter::OFF,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    // What others trace may hold what was sent; ours never does.
    let wanted = Targets::new().with_default(level.min(LevelFilter::WARN)).with_target("fanfare", level);
    let (log, lines) = (tracing_subscriber::registry().with(wanted), fmt::layer().with_writer(io::stderr));
    match config.log_format {
        LogFormat::Text => log.with(lines.with_ansi(Paint::stderr().is_on())).init(),
        LogFormat::Json => log.with(lines.json()).init(),
    }
}
