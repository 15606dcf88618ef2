//! The configuration that packages bring.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use fanfare_server::Config;
use fanfare_server::config::Sources;
use std::fs;
use std::path::Path;

const PACKAGED: &str = include_str!("../../../packaging/fanfare.toml");

fn load(text: &str) -> Config {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("fanfare.toml");
    fs::write(&file, text).unwrap();
    let config = Config::load(&Sources { file: Some(file), ..Sources::default() });
    config.unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn it_is_what_the_service_needs() {
    let config = load(PACKAGED);
    assert_eq!(config.data, Path::new("/var/lib/fanfare"));
    assert!(config.listen.ip().is_loopback() && !config.insecure_open);
}

#[test]
fn what_it_shows_in_comments_is_allowed() {
    let uncommented = |line: &str| match line.strip_prefix('#') {
        Some(option) if option.starts_with(|c: char| c.is_ascii_lowercase() || c == '[') => option.to_owned(),
        _ => line.to_owned(),
    };
    let lines: Vec<String> = PACKAGED.lines().map(uncommented).collect();
    let config = load(&lines.join("\n"));
    assert!(config.host && config.namespaces.len() == 1 && !config.origins.is_empty());
}
