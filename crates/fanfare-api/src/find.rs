//! One message, as a page of one.

use crate::state::Api;
use fanfare_proto::{
    Became, Channel, Code, Cursor, CursorPart, Filter, Grant, History, Message, Pattern, Position, Refusal,
    Start, View,
};
use std::sync::Arc;

/// A message, and the cursor of a reader that has heard up to it.
pub(crate) type Found = (Arc<Message>, Cursor);

/// The newest message of a channel with a key, unless it says that the key is gone.
pub(crate) async fn newest_of(
    api: &Api,
    grant: &Grant,
    channel: &Channel,
    key: &str,
) -> Result<Found, Refusal> {
    let filter =
        Filter::of_key(key).map_err(|error| Refusal::new(Code::BAD_FIELD, format!("key: {error}")))?;
    let (patterns, filter) = (vec![Pattern::from(channel)], Some(filter));
    let history =
        History { patterns, filter, latest: true, start: Start::Oldest, limit: 1, ..History::default() };
    let found = api.node.history(grant, &history).await?.messages.pop();
    let found = found.filter(|(message, _)| !message.is_tombstone());
    found.ok_or_else(|| {
        Refusal::new(Code::NOT_FOUND, format!("`{channel}` holds no message with the key `{key}`"))
    })
}

/// The message at a position of the log that a channel lies in, if it is the channel's: as its newest edit has it, and not if
/// it was deleted.
pub(crate) async fn at(
    api: &Api,
    grant: &Grant,
    channel: &Channel,
    position: Position,
) -> Result<Found, Refusal> {
    let missing = || Refusal::new(Code::NOT_FOUND, format!("`{channel}` holds no message at {position}"));
    let log = api.node.namespaces().of(channel.as_str()).keeping.log();
    let epoch = api.node.status()[log.index()].epoch;
    let before = Position(position.0.checked_sub(1).ok_or_else(missing)?);
    let place = Cursor::new([CursorPart { log, epoch, position: before }]);
    let there = |found: Option<Found>| {
        found.filter(|(message, _)| {
            message.position == position && message.content.became != Some(Became::Deleted)
        })
    };
    let found = there(first(api, grant, channel, Start::After(place.clone()), View::Events).await?);
    match found.ok_or_else(missing)? {
        (message, _) if message.content.amends.is_none() => {
            there(first(api, grant, channel, Start::After(place), View::Current).await?).ok_or_else(missing)
        }
        amending => Ok(amending),
    }
}

async fn first(
    api: &Api,
    grant: &Grant,
    channel: &Channel,
    start: Start,
    view: View,
) -> Result<Option<Found>, Refusal> {
    let patterns = vec![Pattern::from(channel)];
    let history = History { patterns, start, view, limit: 1, ..History::default() };
    Ok(api.node.history(grant, &history).await?.messages.pop())
}
