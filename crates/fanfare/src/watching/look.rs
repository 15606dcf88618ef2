//! One look at a server, by its public doors.

use super::scrape::Scrape;
use crate::exit::Exit;
use crate::failure::Failure;
use fanfare_client::{ChannelInfo, Client};
use fanfare_proto::limits;
use std::time::Instant;

/// Pages of channels that one look reads: so many that a look stays short.
const PAGES: usize = 10;

/// What a server said at one moment.
#[derive(Debug)]
pub struct Look {
    pub at: Instant,
    pub scrape: Scrape,
    pub channels: Vec<ChannelInfo>,
    /// There are more channels than these.
    pub more: bool,
}

/// Looks at a server and at the channels that a pattern means.
pub async fn look(client: &Client, pattern: &str) -> Result<Look, Failure> {
    let text = client.metrics().await?;
    let scrape = Scrape::read(&text).filter(|scrape| !scrape.all("fanfare_build_info").is_empty());
    let scrape = scrape.ok_or_else(|| {
        let what = format!("{}/metrics does not say what a Fanfare server says", client.address());
        Failure::new(Exit::FAILED, what).next("is it a Fanfare server of this version?")
    })?;
    let (mut channels, mut more) = (Vec::<ChannelInfo>::new(), true);
    for _ in 0..PAGES {
        let after = channels.last().map(|last| last.channel.clone());
        let page = client.channels(pattern, after.as_deref()).await?;
        more = page.len() >= limits::PAGE_MESSAGES;
        channels.extend(page);
        if !more {
            break;
        }
    }
    Ok(Look { at: Instant::now(), scrape, channels, more })
}
