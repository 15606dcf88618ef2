//! What the server says about itself, on stderr.

use crate::showing::Paint;
use fanfare_server::Config;
use fanfare_server::config::{LogFormat, LogLevel};
use std::io;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{fmt, registry, reload};

/// Writes what is said from now on as the configuration wants it. What is returned changes the level.
pub fn start(config: &Config) -> Box<dyn Fn(LogLevel)> {
    let (level, handle) = reload::Layer::new(filter(config.log_level));
    let (all, lines) = (registry().with(level), fmt::layer().with_writer(io::stderr));
    match config.log_format {
        LogFormat::Text => all.with(lines.with_ansi(Paint::stderr().is_on())).init(),
        LogFormat::Json => all.with(lines.json()).init(),
    }
    // It fails only when there is nobody left to write.
    Box::new(move |level| _ = handle.reload(filter(level)))
}

/// What others trace may hold what was sent; ours never does.
fn filter(level: LogLevel) -> Targets {
    let level = match level {
        LogLevel::Off => LevelFilter::OFF,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    Targets::new().with_default(level.min(LevelFilter::WARN)).with_target("fanfare", level)
}
