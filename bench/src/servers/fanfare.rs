//! Fanfare with one worker, on a live channel.

use super::{CHANNEL, Kind, Server, Way, cursor, folder, get, post, post_as};
use crate::cores::Core;
use crate::ears::Ear;
use crate::outcome::Result;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

pub const KIND: Kind = Kind {
    name: "fanfare",
    about: "the server of this tree, one worker, a live channel",
    version: &[],
    ways: &[Way::Ws, Way::Sse, Way::Ndjson, Way::Poll, Way::Own],
    start: |binary, core| start(binary, ONE_WORKER, core),
    hello: |way, address, _| get(&target(way), way, address),
    again: Some(|way, address, receipt| get(&after(way, receipt), way, address)),
    ear,
    preamble: b"",
    publication: |address, body, _| post(&format!("/c/{CHANNEL}"), address, body),
    receipt: Some(b"HTTP/1.1 201 "),
    messages: 1,
};

/// A session has eight subscriptions more, to some of ten thousand channels.
pub const MANY: Kind = Kind {
    name: "fanfare-many",
    about: "the server of this tree, nine subscriptions a session, to some of 10,000 channels",
    hello: |way, address, number| more(way, address, |more| format!("sensors/{}", some(number, more))),
    ..KIND
};

/// Channels of all readers of [`MANY`].
const SHARED: usize = 10_000;

/// A shared channel that a reader wants. Equal selections would be kept once: the distance between its channels is another
/// one for each ten thousand readers, so that no two want the same.
fn some(number: usize, more: usize) -> usize {
    (number * 21 + more * (3_711 + 2 * (number / SHARED))) % SHARED
}

/// A session has eight subscriptions more, to channels that nobody else hears.
pub const ALONE: Kind = Kind {
    name: "fanfare-alone",
    about: "the server of this tree, nine subscriptions a session, eight to channels of its own",
    hello: |way, address, number| more(way, address, |more| format!("sensors/{number}/{more}")),
    ..KIND
};

/// Subscriptions that a session of [`MANY`] or [`ALONE`] has more than others.
pub const MORE: usize = 8;
/// Channels of each reader of [`DIRECT`] and [`PATTERNS`].
const OWN: u64 = 10;

/// Each reader hears ten channels of its own.
pub const DIRECT: Kind = Kind {
    name: "fanfare-direct",
    about: "the server of this tree, ten channels for each reader",
    hello: |way, address, number| {
        let own: String = (0..OWN).map(|own| format!("&channel=live/{number}/{own}")).collect();
        get(&format!("/subscribe?via=ws&as=body{own}"), way, address)
    },
    publication: |address, body, number| {
        post(&format!("/c/live/{}/{}", number / OWN, number % OWN), address, body)
    },
    ..KIND
};

/// Each reader hears the same ten channels by a pattern.
pub const PATTERNS: Kind = Kind {
    name: "fanfare-patterns",
    about: "the server of this tree, a pattern for each reader",
    hello: |way, address, number| get(&format!("/c/live/{number}/**?via=ws&as=body"), way, address),
    ..DIRECT
};

/// Messages that filters could look into, and readers without one.
pub const UNFILTERED: Kind = Kind {
    name: "fanfare-unfiltered",
    about: "the server of this tree, JSON bodies, readers without a filter",
    publication: |address, body, _| {
        let body = format!("{{\"price\":{PRICE},\"text\":\"{body}\"}}");
        post_as(&format!("/c/{CHANNEL}"), "application/json", address, &body)
    },
    ..KIND
};

/// Each reader hears by one of these many filters. All accept all messages: readers hear the same as without.
pub const FILTER_1: Kind = Kind {
    name: "fanfare-filter-1",
    about: "the server of this tree, a filter for all readers",
    hello: filtered::<1>,
    ..UNFILTERED
};
pub const FILTERS_100: Kind = Kind {
    name: "fanfare-filters-100",
    about: "the server of this tree, 100 filters of the readers",
    hello: filtered::<100>,
    ..UNFILTERED
};
pub const FILTERS_1000: Kind = Kind {
    name: "fanfare-filters-1000",
    about: "the server of this tree, 1,000 filters of the readers",
    hello: filtered::<1000>,
    ..UNFILTERED
};

/// What all messages of [`UNFILTERED`] cost.
const PRICE: usize = 17;

fn filtered<const FILTERS: usize>(way: Way, address: SocketAddr, number: usize) -> Vec<u8> {
    let most = PRICE + number % FILTERS;
    get(&format!("{}&filter=body.price%3C%3D{most}", target(way)), way, address)
}

/// Two workers.
pub const TWO: Kind = Kind {
    name: "fanfare-two",
    about: "the server of this tree, two workers, a live channel",
    start: |binary, core| start(binary, &ONE_WORKER.replace("= 1", "= 2"), core),
    ..KIND
};

/// On a kept channel: synced before the answer.
pub const KEPT: Kind = Kind {
    name: "fanfare-kept",
    about: "the server of this tree, a kept channel",
    publication: |address, body, _| post("/c/kept/all", address, body),
    ..KIND
};

/// On a kept channel that keeps all of them, a thousand messages a request.
pub const BATCH: Kind = Kind {
    name: "fanfare-batch",
    about: "the server of this tree, a kept channel that keeps everything, batches of 1,000",
    start: |binary, core| {
        let rule = "[[namespace]]\npattern = \"kept/**\"\nmessages = 1000000000\n";
        start(binary, &format!("{ONE_WORKER}{rule}"), core)
    },
    publication: |address, body, _| {
        let line = format!("{{\"channel\":\"kept/all\",\"body\":\"{body}\"}}\n");
        post_as("/publish", "application/x-ndjson", address, &line.repeat(1000))
    },
    receipt: Some(b"\"position\":"),
    messages: 1000,
    ..KEPT
};

/// The same, but only the newest 10,000 are kept, so that as many are removed as are published.
pub const TRIMMED: Kind = Kind {
    name: "fanfare-trimmed",
    about: "the server of this tree, a kept channel of 10,000 messages, batches of 1,000",
    start: |binary, core| start(binary, ONE_WORKER, core),
    ..BATCH
};

/// Live channels, and one worker.
const ONE_WORKER: &str = "workers = 1\n[[namespace]]\npattern = \"live/**\"\nkeeping = \"live\"\n";

/// Starts `binary` with this configuration file, on a free port.
pub fn start(binary: &Path, config: &str, core: Core) -> Result<Server> {
    let folder = folder()?;
    let file = folder.path().join("fanfare.toml");
    fs::write(&file, config)?;
    let mut command = Command::new(binary);
    command.args(["serve", "--listen", "127.0.0.1:0", "--log-level", "warn", "--config"]).arg(&file);
    command.arg("--data").arg(folder.path().join("data"));
    Server::that_says_where(command, core, folder)
}

/// Hears what came after a publication.
fn after(way: Way, receipt: &str) -> String {
    let cursor = cursor(receipt.as_bytes()).unwrap_or_default();
    format!("{}&after={cursor}", target(way))
}

fn more(way: Way, address: SocketAddr, name: impl Fn(usize) -> String) -> Vec<u8> {
    let more: String = (0..MORE).map(|more| format!("&channel={}", name(more))).collect();
    get(&format!("/subscribe?via=sse&channel={CHANNEL}{more}"), way, address)
}

fn target(way: Way) -> String {
    match way {
        Way::Ws => format!("/c/{CHANNEL}?via=ws&as=body"),
        Way::Sse => format!("/c/{CHANNEL}?via=sse"),
        Way::Ndjson | Way::Own => format!("/c/{CHANNEL}?via=ndjson"),
        Way::Poll => format!("/c/{CHANNEL}?wait=300"),
    }
}

fn ear(way: Way) -> Ear {
    match way {
        Way::Ws => Ear::websocket(),
        Way::Sse => Ear::event_stream(),
        Way::Ndjson | Way::Own => Ear::lines(),
        Way::Poll => Ear::long_poll(again),
    }
}

/// Goes on at the cursor of the answer.
fn again(_: &str, body: &[u8]) -> Result<Vec<u8>> {
    let cursor = cursor(body).ok_or("an answer has no cursor")?;
    Ok(format!("GET /c/{CHANNEL}?wait=300&after={cursor} HTTP/1.1\r\nHost: a\r\n\r\n").into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_readers_of_many_channels_want_the_same() {
        let wanted = |number| (0..MORE).map(|more| some(number, more)).collect::<BTreeSet<_>>();
        let all: BTreeSet<_> = (0..20_000).map(wanted).collect();
        assert_eq!(all.len(), 20_000);
        assert!(all.iter().all(|wanted| wanted.len() == MORE));
    }
}
