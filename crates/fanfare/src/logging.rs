//! What the server says about itself, on stderr.

use crate::showing::Paint;
use fanfare_server::Config;
use fanfare_server::config::{LogFormat, LogLevel};
use std::io;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt;

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
    let lines = fmt().with_max_level(level).with_writer(io::stderr);
    match config.log_format {
        LogFormat::Text => lines.with_ansi(Paint::stderr().is_on()).init(),
        LogFormat::Json => lines.json().init(),
    }
}
