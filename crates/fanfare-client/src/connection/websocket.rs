//! WebSocket (RFC 6455) and the native protocol (`docs/wire.md`, "WebSocket").

use super::{ITEM_BYTES, Line, Never};
use crate::ear::{Cut, Item};
use crate::error::Error;
use crate::reach::{refused_by_another, why_io};
use crate::target::Target;
use futures_util::{SinkExt, StreamExt};
use http::{StatusCode, Uri};
use serde_json::{Map, Value};
use tokio_websockets::{ClientBuilder, Error as SocketError, Limits, Message, upgrade};

/// The number of our one request.
const SUBSCRIBE: u64 = 1;

pub(super) async fn hear(line: &mut Line<'_>) -> Result<Never, Cut> {
    let address = line.reach.address().socket(&Target::new("/subscribe").with("as", line.ear.form()));
    let uri: Uri = address.parse().map_err(|error| line.reach.odd(error))?;
    let limits = Limits::default().max_payload_len(Some(ITEM_BYTES));
    let builder = ClientBuilder::from_uri(uri).limits(limits);
    let (mut socket, _) = line.next(builder.connect()).await?.map_err(|error| cut(line, error))?;
    let mut greeting = None;
    loop {
        let message = match line.next(socket.next()).await? {
            None => return Err(line.lost("the server closed the WebSocket")),
            Some(message) => message.map_err(|error| cut(line, error))?,
        };
        if let Some((code, reason)) = message.as_close() {
            return Err(line.lost(format!("the WebSocket was closed: {} {reason}", u16::from(code))));
        }
        let Some(text) = message.as_text() else { continue };
        let item = Item::parse(text).map_err(|why| line.reach.odd(why))?;
        if item.session.is_some() && !line.ear.is_open() {
            // Asked for here and not in the address, where a refusal could not be read.
            let sent = socket.send(Message::text(request(line))).await;
            sent.map_err(|error| cut(line, error))?;
            greeting = item.cursor;
        } else if item.reply == Some(SUBSCRIBE) && !line.ear.is_open() {
            if let Some(problem) = item.error {
                return Err(Error::Refused(problem.into()).into());
            }
            let at_head = line.ear.begin_at(greeting.as_deref());
            line.ear.open()?;
            if at_head {
                line.ear.hear(Item::caught_up(), "")?;
            }
        } else {
            line.ear.hear(item, text)?;
        }
    }
}

fn request(line: &Line<'_>) -> String {
    let mut request = Map::new();
    request.insert("id".into(), SUBSCRIBE.into());
    request.insert("subscribe".into(), line.wanted.channels.as_slice().into());
    for (name, value) in line.wanted.preferences() {
        request.insert(name.into(), value.into());
    }
    for (name, value) in line.ear.start() {
        // A number of messages is a number here.
        request.insert(name.into(), value.parse::<u32>().map_or(Value::from(value), Value::from));
    }
    Value::Object(request).to_string()
}

fn cut(line: &Line<'_>, error: SocketError) -> Cut {
    match error {
        SocketError::Upgrade(upgrade::Error::DidNotSwitchProtocols(status)) => {
            // A refusal of WebSocket, not of what is asked: that is asked only then.
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
            line.lost(refused_by_another(status).detail)
        }
        SocketError::Io(error) => line.lost(why_io(&error).unwrap_or_else(|| error.to_string())),
        SocketError::CannotResolveHost => line.lost("there is no such host"),
        error => line.lost(error.to_string()),
    }
}
