//! A long stretch of a log as a reader that hears in ticks wants it: of each key the newest, and what has no key.

use fanfare_proto::{Channel, Message, Position, Sieve, Superseding, limits};
use fanfare_store::{Log, Order, Page, Read, StoreError};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Reads what is wanted after a place, up to the head, or as much as can be kept in memory. A gap comes alone, with what
/// is behind it.
pub(crate) fn fold(
    log: &dyn Log,
    wanted: &mut Sieve,
    (from, began): (Position, Position),
    head: Position,
) -> Result<Page, StoreError> {
    let mut folded = Folded::default();
    let (mut through, mut first) = (from, None);
    for _ in 0..limits::LOOK_PAGES {
        let read = Read {
            selection: wanted.selection().unfiltered(),
            from: through,
            began,
            order: Order::Forward,
            messages: limits::STEP_MESSAGES,
            bytes: limits::TURN_BYTES,
        };
        let page = log.read(&read)?;
        match first {
            None => first = Some(page.gap),
            // Something was lost meanwhile: whoever reads on is told.
            Some(_) if page.gap.is_some() => break,
            Some(_) => {}
        }
        let ended = page.through <= through || page.through >= head;
        through = through.max(page.through);
        page.messages
            .into_iter()
            .filter(|message| wanted.hears(message))
            .for_each(|message| folded.add(message));
        if ended || folded.is_full() {
            break;
        }
    }
    Ok(Page { messages: folded.messages.into_values().collect(), through, gap: first.flatten() })
}

#[derive(Default)]
struct Folded {
    messages: BTreeMap<Position, Arc<Message>>,
    by_key: HashMap<(Channel, Name), Position>,
    bytes: usize,
}

/// What messages of a channel have in common of which one supersedes the others.
#[derive(PartialEq, Eq, Hash)]
enum Name {
    Key(Box<str>),
    Of(Position),
}

impl Folded {
    fn add(&mut self, message: Arc<Message>) {
        let name = message.supersedes().map(|supersedes| match supersedes {
            Superseding::Key(key) => Name::Key(key.into()),
            Superseding::Of(target) => Name::Of(target),
        });
        if let Some(name) = name
            && let Some(before) = self.by_key.insert((message.channel.clone(), name), message.position)
            && let Some(before) = self.messages.remove(&before)
        {
            self.bytes -= before.content.size();
        }
        self.bytes += message.content.size();
        self.messages.insert(message.position, message);
    }

    fn is_full(&self) -> bool {
        self.messages.len() >= limits::FOLD_MESSAGES || self.bytes >= limits::NEWEST_BYTES
    }
}
