//! Removing what was said: who may, and from which log.

use crate::Node;
use crate::commit::lock;
use fanfare_proto::{
    Channel, Code, Grant, LogId, LogSet, Message, Pattern, Position, Refusal, Selection, TagValue, limits,
};
use fanfare_store::{Order, Read, Removal};
use std::sync::Arc;

impl Node {
    /// Removes messages of a channel; answers whether there was anything to remove. What lies in `$dead/...` may be removed by
    /// whoever may hear it and publish to all channels; a single letter, by whoever may publish to the channel that it is from.
    pub async fn remove(&self, grant: &Grant, channel: &Channel, removal: Removal) -> Result<bool, Refusal> {
        let may = grant.may_remove(channel) || self.may_remove_letter(grant, channel, &removal).await?;
        if !may {
            return Err(Refusal::new(Code::FORBIDDEN, format!("changing `{channel}` is not allowed")));
        }
        if self.log_of(channel) == LogId::KEPT {
            return self.remove_kept(removal).await;
        }
        let live = lock(&self.inner().live).remove(&removal)?;
        // A position is one of the live log.
        let left = match removal {
            Removal::Message(_) => LogSet::default(),
            _ => self.logs_for(&Grant::open(), [Pattern::from(channel)])?,
        };
        Ok(if left.contains(LogId::KEPT) { self.remove_kept(removal).await? || live } else { live })
    }

    async fn remove_kept(&self, removal: Removal) -> Result<bool, Refusal> {
        let answer = self.inner().commits.remove(removal)?.await;
        answer.unwrap_or_else(|_| Err(Code::STORE_FAILED.into()))
    }

    async fn may_remove_letter(
        &self,
        grant: &Grant,
        channel: &Channel,
        removal: &Removal,
    ) -> Result<bool, Refusal> {
        let dead = Pattern::from(channel);
        let Removal::Message(position) = removal else { return Ok(false) };
        if !Pattern::dead().covers(&dead) || !grant.may_subscribe(&dead) {
            return Ok(false);
        }
        let from = |letter: Arc<Message>| match letter.content.tags.get("dead_channel") {
            Some(TagValue::Text(name)) => Channel::parse(name).ok(),
            _ => None,
        };
        let letter = self.letter(channel, *position).await?;
        Ok(letter.and_then(from).is_some_and(|channel| grant.may_publish(&channel)))
    }

    async fn letter(&self, channel: &Channel, position: Position) -> Result<Option<Arc<Message>>, Refusal> {
        let log = self.log_of(channel);
        let read = Read {
            selection: Selection::new(vec![Pattern::from(channel)]),
            from: Position(position.0.saturating_sub(1)),
            began: Position::START,
            order: Order::Forward,
            messages: 1,
            bytes: limits::TURN_BYTES,
        };
        let page = self.read(move |logs| logs.get(log).read(&read)).await?;
        Ok(page.messages.into_iter().find(|message| message.position == position))
    }
}
