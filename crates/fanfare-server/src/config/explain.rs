//! Which rules a channel has, and why these.

use super::reading::Reading;
use fanfare_proto::{Channel, Namespace, Pattern};

/// The rules, up to the one that a channel has, and those after it.
#[derive(Debug)]
pub struct Explanation {
    /// All rules in their order.
    pub rules: Vec<Considered>,
    /// The rule of the channel.
    pub ruling: Namespace,
}

/// A rule, as it was looked at for a channel.
#[derive(Debug)]
pub struct Considered {
    /// Which channels it is for.
    pub pattern: Pattern,
    /// Where it was written.
    pub place: String,
    /// What was found.
    pub verdict: Verdict,
}

/// Whether a rule is that of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is not for the channel, and why.
    Other(String),
    /// It is the first that is for the channel.
    Rules,
    /// It is for the channel, too, but comes later.
    Late,
    /// It comes later, and is not for the channel either.
    After,
}

impl Reading {
    /// Explains which rules a channel has.
    pub fn explain(&self, channel: &Channel) -> Explanation {
        let name = channel.as_str();
        let mut ruling = None;
        let consider = |(rule, place): (Namespace, String)| {
            let verdict = match (rule.pattern.matches(name), &ruling) {
                (false, None) => Verdict::Other(difference(&rule.pattern, name)),
                (true, None) => Verdict::Rules,
                (true, Some(_)) => Verdict::Late,
                (false, Some(_)) => Verdict::After,
            };
            let pattern = rule.pattern.clone();
            if verdict == Verdict::Rules {
                ruling = Some(rule);
            }
            Considered { pattern, place, verdict }
        };
        let rules = self.rules().into_iter().map(consider).collect();
        // System channels are matched by no star; they have the default's rules all the same.
        let ruling = ruling.unwrap_or_else(|| self.config.rules().of(name).clone());
        Explanation { rules, ruling }
    }
}

/// Why a pattern does not match a name.
fn difference(pattern: &Pattern, name: &str) -> String {
    let pattern = pattern.as_str();
    if name.starts_with('$') && pattern.starts_with('*') {
        return "a star in front means no system channels".to_owned();
    }
    let (wanted, found) = (pattern.split('/').count(), name.split('/').count());
    let open = pattern.ends_with("**");
    let pairs = pattern.split('/').zip(name.split('/')).take_while(|(wanted, _)| *wanted != "**");
    for (index, (wanted, found)) in pairs.enumerate() {
        if wanted != "*" && wanted != found {
            return format!("segment {} is `{found}`, not `{wanted}`", index + 1);
        }
    }
    let (wanted, more) = if open { (wanted - 1, " or more") } else { (wanted, "") };
    let s = if found == 1 { "" } else { "s" };
    format!("it has {found} segment{s}; the pattern has {wanted}{more}")
}
