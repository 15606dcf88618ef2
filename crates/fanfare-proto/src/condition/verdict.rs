//! What the filters of a condition say of a message.

use super::{Condition, Rule};
use crate::{BoundFilter, Fields, Filter, Message, Paths};

/// What the filters say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Whether `when` wants it; without one, it does.
    pub when: bool,
    /// Whether `until` wants it; without one, whether `when` does not.
    pub until: bool,
}

/// The filters of a condition, with what they need.
#[derive(Debug)]
pub struct Judge {
    when: Option<BoundFilter>,
    until: Option<BoundFilter>,
    paths: Paths,
    fields: Fields,
}

impl Judge {
    /// For the filters of a condition.
    pub fn new(condition: &Condition) -> Judge {
        let (when, until) = match &condition.rule {
            Rule::Holds { when, until, .. } => (Some(when), until.as_ref()),
            Rule::Silent { when, .. } => (when.as_ref(), None),
        };
        let mut paths = Paths::default();
        let mut bind = |filter: Option<&Filter>| filter.map(|filter| paths.bind(filter));
        let (when, until) = (bind(when), bind(until));
        Judge { when, until, paths, fields: Fields::default() }
    }

    /// Says it.
    pub fn verdict(&mut self, message: &Message) -> Verdict {
        self.fields.read(&self.paths, &message.content);
        let accepts = |filter: &BoundFilter| filter.accepts(message, &self.fields);
        let when = self.when.as_ref().is_none_or(accepts);
        Verdict { when, until: self.until.as_ref().map_or(!when, accepts) }
    }
}
