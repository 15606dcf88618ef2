//! The client library: a subscription from the last cursor, dropped when there is enough.

use super::response::bad;
use super::{Heard, Reader};
use fanfare_client::{Client, Event, Transport};
use std::io;
use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(30);

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap());

/// Waits on the runtime that all readers share.
pub fn wait<T>(future: impl Future<Output = T>) -> T {
    RUNTIME.block_on(future)
}

pub fn read(
    reader: &mut Reader,
    address: SocketAddr,
    target: &str,
    transport: Transport,
    enough: &mut dyn FnMut(&Reader) -> bool,
) -> io::Result<()> {
    wait(async {
        let client = Client::new(address.to_string()).unwrap();
        let asked = client.subscribe(channels(target)).transports([transport]);
        let mut subscription = match &reader.cursor {
            Some(cursor) => asked.after(cursor).start(),
            None => asked.start(),
        };
        while !enough(reader) {
            let event = timeout(PATIENCE, subscription.next()).await.map_err(|_| bad("nothing comes"))?;
            match event.unwrap().map_err(|error| bad(&error.to_string()))? {
                Event::Message(message) => {
                    let body = message.text().unwrap().to_owned();
                    let position = message.position;
                    reader.heard.push(Heard::Message { channel: message.channel.clone(), position, body });
                }
                Event::Gap(gap) => {
                    reader.heard.push(Heard::Gap { reason: gap.reason, from: gap.from, to: gap.to });
                }
                _ => {}
            }
            reader.cursor = subscription.cursor().map(str::to_owned);
        }
        Ok(())
    })
}

/// The channels that a target names, as a path or as parameters. None of them needs decoding.
pub fn channels(target: &str) -> Vec<String> {
    match target.split_once('?') {
        None => vec![target.trim_start_matches("/c/").to_owned()],
        Some((_, query)) => {
            query.split('&').filter_map(|part| part.strip_prefix("channel=")).map(str::to_owned).collect()
        }
    }
}
