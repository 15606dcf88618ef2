//! What an earlier configuration left in the store: messages of channels that are live by today's rules. As long as they
//! last, whoever reads such a channel reads the kept log, too, so that nothing is lost because a rule has changed. Nothing is
//! added to them.

use fanfare_proto::{Code, Grant, LogId, LogSet, NamespaceId, Namespaces, Pattern, Refusal, limits};
use fanfare_store::{Log, StoreError};
use std::borrow::Borrow;

/// Channels of a page of them.
const PAGE: usize = 1000;
/// Pages that are looked through for a channel of one namespace. Beyond, there may be one.
const PAGES: usize = 64;

/// The live namespaces that have something in the store.
pub(crate) struct Left(Vec<NamespaceId>);

impl Left {
    /// Looks for them in the kept log, and says what it finds.
    pub(crate) fn find(kept: &dyn Log, namespaces: &Namespaces) -> Result<Left, StoreError> {
        let mut left = Vec::new();
        for (id, rule) in namespaces.iter().filter(|(_, rule)| rule.keeping.log() == LogId::LIVE) {
            if has_channels(kept, namespaces, id, &rule.pattern)? {
                let namespace = rule.pattern.as_str();
                tracing::warn!(
                    namespace,
                    "channels of this namespace were kept and are live now: what the store has of them is read as long as \
                     it lasts, and `DELETE /c/<channel>` removes it"
                );
                left.push(id);
            }
        }
        Ok(Left(left))
    }

    /// The logs in which channels of this pattern can lie because of that.
    pub(crate) fn logs_of(&self, namespaces: &Namespaces, pattern: &Pattern) -> LogSet {
        let left = self.0.iter().any(|id| namespaces.get(*id).pattern.overlaps(pattern));
        if left { LogSet::default().with(LogId::KEPT) } else { LogSet::default() }
    }
}

impl Left {
    /// All logs in which channels of this pattern can lie: those of today's rules, and what is left.
    pub(crate) fn all_of(&self, namespaces: &Namespaces, pattern: &Pattern) -> LogSet {
        LogSet(namespaces.logs_of(pattern).0 | self.logs_of(namespaces, pattern).0)
    }

    /// The logs that a session with these patterns reads, if its grant allows them; all of them if it hears nothing.
    pub(crate) fn logs_for(
        &self,
        namespaces: &Namespaces,
        grant: &Grant,
        patterns: impl IntoIterator<Item: Borrow<Pattern>>,
    ) -> Result<LogSet, Refusal> {
        let (mut set, mut number) = (LogSet::default(), 0);
        for pattern in patterns {
            let pattern = pattern.borrow();
            number += 1;
            if !grant.may_subscribe(pattern) {
                let detail = format!("hearing `{pattern}` is not allowed");
                return Err(Refusal::new(Code::FORBIDDEN, detail));
            }
            set = LogSet(set.0 | self.all_of(namespaces, pattern).0);
        }
        match number {
            0 => Ok(LogSet::default().with(LogId::KEPT).with(LogId::LIVE)),
            1..=limits::SUBSCRIPTIONS => Ok(set),
            _ => {
                let detail = format!("{number} subscriptions; at most {}", limits::SUBSCRIPTIONS);
                Err(Refusal::new(Code::TOO_MANY, detail))
            }
        }
    }
}

fn has_channels(
    kept: &dyn Log,
    namespaces: &Namespaces,
    id: NamespaceId,
    pattern: &Pattern,
) -> Result<bool, StoreError> {
    let mut after = String::new();
    for _ in 0..PAGES {
        let page = kept.channels(pattern, &after, PAGE)?;
        if page.iter().any(|info| namespaces.id_of(info.channel.as_str()) == id) {
            return Ok(true);
        }
        match page.last() {
            Some(last) if page.len() == PAGE => after = last.channel.to_string(),
            _ => return Ok(false),
        }
    }
    Ok(true)
}
