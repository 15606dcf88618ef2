//! Long polling: one request after the other, each held until there is something.

use super::{Line, Never};
use crate::answer::read_messages;
use crate::ear::{Cut, Item};
use http::StatusCode;

/// Seconds that a poll is held: shorter than the idle limits of usual proxies.
const HOLD: u64 = 25;

pub(super) async fn hear(line: &mut Line<'_>) -> Result<Never, Cut> {
    // The first is answered at once: it opens, and says where we are.
    let mut hold = 0;
    loop {
        line.ear.free().await;
        let target = line.wanted.target();
        let start = line.ear.start();
        let target = start.into_iter().fold(target, |target, (name, value)| target.with(name, value));
        let target = target.with("wait", hold.to_string());
        let answer = line.next(line.reach.held(&target, "application/json")).await??;
        let cursor = answer.headers.get("cursor").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let found = match answer.status {
            StatusCode::NO_CONTENT => None,
            _ => Some(read_messages(line.reach, &answer.body)?),
        };
        let (found, cursor) = match (found, cursor) {
            (Some((found, cursor)), _) => (Some(found), cursor),
            (None, Some(cursor)) => (None, cursor),
            (None, None) => return Err(line.reach.odd("an answer without a cursor").into()),
        };
        if !line.ear.is_open() {
            line.ear.open()?;
        }
        let came = found.as_ref().is_some_and(|found| !found.messages.is_empty());
        if let Some(found) = found {
            line.ear.hear_page(found)?;
        }
        line.ear.hear(Item::place(&cursor), "")?;
        if hold == 0 && !came {
            line.ear.hear(Item::caught_up(), "")?;
            hold = HOLD;
        }
    }
}
