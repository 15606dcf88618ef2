//! What was probably meant by a path that nothing answers: an address of this server under the name that others give
//! it, or with a slip in it; else the channel of that name.

use crate::ALL;
use fanfare_proto::{RESERVED, nearest};

/// What other servers call these addresses.
const CALLED: &[(&str, &str)] = &[
    ("health", "healthz"),
    ("healthcheck", "healthz"),
    ("live", "healthz"),
    ("livez", "healthz"),
    ("ping", "healthz"),
    ("status", "healthz"),
    ("ready", "readyz"),
    ("readiness", "readyz"),
    ("stats", "metrics"),
];

/// What to ask instead, as the end of an error; empty if nothing suggests itself.
pub(crate) fn meant(path: &str) -> String {
    if let Some(of_channel) = path.strip_prefix("/c/") {
        return belonging(&of_channel.replace("/%24", "/$"));
    }
    let name = path.trim_matches('/');
    if name.is_empty() || name.contains('/') {
        return String::new();
    }
    let address = address(name).filter(|address| path.strip_prefix('/') != Some(address));
    match (address, RESERVED.contains(&name)) {
        (Some(address), true) => format!("; did you mean /{address}?"),
        (Some(address), false) => {
            format!("; did you mean /{address}? The channel of this name is read at /c/{name}")
        }
        (None, true) => String::new(),
        (None, false) => format!("; the channel of this name is read at /c/{name}"),
    }
}

/// The same of what belongs to a channel.
fn belonging(path: &str) -> String {
    let Some((_, rest)) = path.split_once("/$") else { return String::new() };
    let word = rest.split('/').next().unwrap_or_default();
    let routes = ALL.iter().filter_map(|route| route.path.strip_prefix("/c/<channel>/$"));
    let mut known: Vec<&str> = routes.filter_map(|rest| rest.split('/').next()).collect();
    known.sort_unstable();
    known.dedup();
    match nearest(word, &known) {
        Some(meant) if meant == word => String::new(),
        Some(meant) => format!("; did you mean ${meant}?"),
        None => format!("; what belongs to a channel is ${}", known.join(", $")),
    }
}

fn address(name: &str) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    let called = CALLED.iter().find(|(other, _)| *other == lower).map(|(_, address)| *address);
    let readable = ALL.iter().filter(|route| route.methods.contains(&"GET"));
    let addresses: Vec<&str> =
        readable.filter_map(|route| route.path.strip_prefix('/')).filter(|path| is_word(path)).collect();
    called.or_else(|| nearest(&lower, &addresses))
}

fn is_word(path: &str) -> bool {
    !path.is_empty() && !path.contains(['/', '<'])
}
