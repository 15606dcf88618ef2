//! The newest message of each channel and key, as it was at a moment: where they lie, and pages of them. Messages of a channel
//! that have no key count as one key.
//!
//! The log is looked through once, in steps, and of each message only its position is remembered; then those that remain are
//! read. They come in the log's order, so that a cursor between two of them says what was heard like any other
//! (design rules 1 and 8).

use crate::commit::unread;
use crate::lent::{Lending, Loan};
use fanfare_proto::{Code, Gap, Message, Position, Refusal, Selection, Sieve, limits};
use fanfare_store::{Log, Order, Page, Read, StoreError};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

/// A channel and a key, as two hashes with secrets of their own: nobody can make two that are taken for one.
type Name = (u64, u64);

/// Where the newest of each key lie, in one log.
#[derive(Debug, Clone)]
pub(crate) struct Latest {
    places: Arc<[Position]>,
    /// What came later was not looked at.
    until: Position,
    /// What was lost before it could be looked at.
    gap: Option<Gap>,
    /// The places count as long as somebody has them.
    _loan: Arc<Loan>,
}

/// The look through the log.
pub(crate) struct Seeking {
    wanted: Sieve,
    from: Position,
    began: Position,
    through: Position,
    until: Position,
    secrets: [RandomState; 2],
    newest: HashMap<Name, (Position, bool)>,
    gap: Option<Gap>,
    placing: Lending,
}

impl Seeking {
    /// Of what is wanted, after a place up to another, for a reader that was shown nothing of what lies up to `began`.
    pub(crate) fn new(
        wanted: Sieve,
        (from, began): (Position, Position),
        until: Position,
        placing: Lending,
    ) -> Seeking {
        let (secrets, newest) = ([RandomState::new(), RandomState::new()], HashMap::new());
        Seeking { wanted, from, began, through: from, until, secrets, newest, gap: None, placing }
    }

    /// Looks through some pages; answers once there is no more.
    pub(crate) fn step(&mut self, log: &dyn Log) -> Result<Option<Latest>, Refusal> {
        for _ in 0..limits::LOOK_PAGES {
            if self.through >= self.until {
                return self.found().map(Some);
            }
            let read = Read { began: self.began, ..read(self.wanted.selection(), self.through) };
            let page = log.read(&read).map_err(|error| unread(&error))?;
            self.gap = joined(self.gap, page.gap);
            for message in &page.messages {
                if message.position <= self.until && self.wanted.hears(message) {
                    self.add(message);
                }
            }
            if self.newest.len() > limits::LATEST_KEYS {
                let detail = format!(
                    "these channels have more than {} keys; ask for the latest of fewer",
                    limits::LATEST_KEYS
                );
                return Err(Refusal::new(Code::TOO_MANY, detail));
            }
            self.through = if page.through > self.through { page.through } else { self.until };
        }
        Ok(None)
    }

    fn add(&mut self, message: &Message) {
        // An edit of what is read is folded into it.
        if message.content.amends.is_some_and(|amends| amends.target() > self.from) {
            return;
        }
        // An edit or a delete of what was heard before is of that message, and supersedes no other.
        let alone = message.content.amends.map(|_| message.position.0);
        let name = (message.channel.as_str(), message.content.key.as_deref(), alone);
        let [one, other] = &self.secrets;
        let name = (one.hash_one(name), other.hash_one(name));
        self.newest.insert(name, (message.position, message.is_tombstone()));
    }

    /// Who has heard nothing is not told which keys are gone.
    fn found(&mut self) -> Result<Latest, Refusal> {
        let begins = self.from == Position::START;
        let found = std::mem::take(&mut self.newest).into_values();
        let mut places: Vec<_> =
            found.filter(|(_, gone)| !(begins && *gone)).map(|(position, _)| position).collect();
        places.sort_unstable();
        let bytes = size_of_val(&places[..]);
        if bytes > 0 && self.placing.bytes() + bytes > limits::LATEST_ALL_BYTES {
            let detail = "too many readers are being given the latest of many keys; come back later";
            return Err(Refusal::new(Code::BUSY, detail));
        }
        let loan = Arc::new(self.placing.count(bytes));
        Ok(Latest { places: places.into(), until: self.until, gap: self.gap, _loan: loan })
    }
}

impl Latest {
    /// The next of them after a place.
    pub(crate) fn page(
        &self,
        log: &dyn Log,
        selection: &Selection,
        from: Position,
    ) -> Result<Page, StoreError> {
        let gap = self.gap.filter(|gap| from < gap.to);
        let mut found = Page { messages: Vec::new(), through: from, gap };
        let mut bytes = 0;
        for _ in 0..limits::LOOK_PAGES {
            let next = self.places.partition_point(|place| *place <= found.through);
            let Some(next) = self.places.get(next) else {
                found.through = self.until;
                break;
            };
            let page = log.read(&read(selection, Position(next.0.saturating_sub(1))))?;
            if page.gap.is_some() && !found.messages.is_empty() {
                // Something was lost meanwhile: whoever reads on is told.
                break;
            }
            found.gap = joined(found.gap, page.gap);
            found.through = page.through.max(*next).min(self.until);
            for message in page.messages {
                if self.places.binary_search(&message.position).is_ok() {
                    bytes += message.content.size();
                    found.messages.push(message);
                }
            }
            if found.messages.len() >= limits::STEP_MESSAGES || bytes >= limits::TURN_BYTES {
                break;
            }
        }
        Ok(found)
    }
}

/// One gap of two that follow one another, as far as they are.
fn joined(before: Option<Gap>, later: Option<Gap>) -> Option<Gap> {
    let from = before.or(later)?.from;
    Some(Gap { from, ..later.or(before)? })
}

fn read(selection: &Selection, from: Position) -> Read {
    Read {
        selection: selection.unfiltered(),
        from,
        began: Position::START,
        order: Order::Forward,
        messages: limits::STEP_MESSAGES,
        bytes: limits::TURN_BYTES,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fanfare_proto::{Channel, Content, Keeping, LogId, Namespace, Namespaces, Pattern, Time};
    use fanfare_store::{Draft, MemoryLog};

    #[test]
    fn what_all_looks_have_found_has_a_limit() {
        let log = MemoryLog::new(LogId::KEPT, Arc::new(Namespaces::new([])));
        let placing = Lending::default();
        let look = || {
            let wanted = Sieve::new(Selection::new(vec![Pattern::parse("a").unwrap()]));
            let mut seeking =
                Seeking::new(wanted, (Position::START, Position::START), Position(1), placing.clone());
            seeking.newest.insert((1, 1), (Position(1), false));
            seeking.step(&log).map(Option::unwrap)
        };
        let others = placing.count(limits::LATEST_ALL_BYTES - 8);
        let held = look().unwrap();
        assert_eq!(look().unwrap_err().code, Code::BUSY);
        drop(held);
        assert!(look().is_ok());
        drop(others);
        assert_eq!(placing.bytes(), 0);
    }

    #[test]
    fn what_is_lost_between_the_look_and_the_page_is_told_with_what_was_lost_before() {
        let mut few = Namespace::new(Pattern::parse("a").unwrap(), Keeping::Live);
        few.retention.messages = 2;
        let log = MemoryLog::new(LogId::LIVE, Arc::new(Namespaces::new([few])));
        let say = |key: &str| {
            let content = Content { key: Some(key.into()), ..Content::default() };
            let channel = Channel::parse("a").unwrap();
            let draft = Draft { channel, id: None, publisher: None, expires: None, content };
            log.append(vec![draft], Time(1)).unwrap();
            log.trim(Time(1)).unwrap();
        };
        for key in ["a", "b", "c", "d"] {
            say(key);
        }
        let selection = Selection::new(vec![Pattern::parse("a").unwrap()]);
        let wanted = Sieve::new(selection.clone());
        let from = (Position::START, Position::START);
        let latest = Seeking::new(wanted, from, Position(4), Lending::default()).step(&log);
        let latest = latest.unwrap().unwrap();
        say("e");
        let page = latest.page(&log, &selection, Position::START).unwrap();
        let positions: Vec<u64> = page.messages.iter().map(|message| message.position.0).collect();
        assert_eq!((positions, page.gap.unwrap().to), (vec![4], Position(3)));
    }
}
