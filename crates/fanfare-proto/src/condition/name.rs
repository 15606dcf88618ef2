//! Names of conditions.

use std::fmt;

/// The name of a condition: 16 hexadecimal digits. Later ones come after earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct ConditionId(pub u64);

impl ConditionId {
    /// Reads a name; nothing else is one.
    pub fn parse(text: &str) -> Option<ConditionId> {
        let digits = text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        u64::from_str_radix(text, 16).ok().filter(|_| digits).map(ConditionId)
    }
}

impl fmt::Display for ConditionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}
