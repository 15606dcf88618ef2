//! What is delivered at once: a message, several as a page, or what was lost.

use bytes::Bytes;
use fanfare_node::Node;
use fanfare_proto::{Cursor, Form, HistoryPage, LogId, Message, envelope};
use std::sync::Arc;

/// One request's worth.
pub(crate) struct Unit {
    /// The same for the same first message, whenever it is read.
    pub(crate) id: String,
    pub(crate) body: Bytes,
    /// With the logs that they lie in.
    pub(crate) messages: Vec<(LogId, Arc<Message>)>,
    /// Where a reader is that has taken it.
    pub(crate) cursor: Cursor,
}

/// What a page is delivered as. A target that takes one message at a time is told a loss by a page without messages.
pub(crate) fn units(node: &Node, page: HistoryPage, batch: bool) -> Vec<Unit> {
    if page.messages.is_empty() && page.gaps.is_empty() {
        return Vec::new();
    }
    if batch {
        let messages = page.placed().map(|(log, (message, _))| (log, message.clone())).collect();
        return vec![whole(node, &page, messages)];
    }
    let logs: Vec<LogId> = page.placed().map(|(log, _)| log).collect();
    let HistoryPage { messages, cursor, before, gaps, more } = page;
    let mut units = Vec::with_capacity(messages.len() + 1);
    if !gaps.is_empty() {
        let end = if messages.is_empty() { cursor } else { before.clone() };
        let lost = HistoryPage { messages: Vec::new(), cursor: end, before, gaps, more };
        units.push(whole(node, &lost, Vec::new()));
    }
    units.extend(logs.into_iter().zip(messages).map(|(log, (message, cursor))| {
        let mut body = Vec::with_capacity(message.content.body.len() + 512);
        envelope(&message, Some(&cursor), Form::Envelope, &mut body);
        Unit {
            id: delivery_id(node, log, &message),
            body: body.into(),
            messages: vec![(log, message)],
            cursor,
        }
    }));
    units
}

fn whole(node: &Node, page: &HistoryPage, messages: Vec<(LogId, Arc<Message>)>) -> Unit {
    let mut body = Vec::new();
    page.write(Form::Envelope, &mut body);
    let id = match messages.first() {
        Some((log, message)) => delivery_id(node, *log, message),
        None => {
            let lost = page.gaps.iter().map(|gap| gap.to.0).max().unwrap_or_default();
            format!("gap-{lost}")
        }
    };
    Unit { id, body: body.into(), messages, cursor: page.cursor.clone() }
}

/// A position names a message in one life of one log.
pub(crate) fn delivery_id(node: &Node, log: LogId, message: &Message) -> String {
    format!("{:x}-{}", node.status()[log.index()].epoch.0, message.position.0)
}
