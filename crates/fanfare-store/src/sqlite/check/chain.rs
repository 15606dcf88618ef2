//! One channel: its live rows as they are met in order, against what its row counts and where its milestones are.

use super::{Findings, Part};
use crate::sqlite::heads::Head;
use fanfare_proto::{Channel, Position, limits};

/// A row of the channel.
pub(super) struct Met {
    pub(super) position: i64,
    pub(super) previous: Option<Position>,
    /// `None`: removed, only the chain is left.
    pub(super) size: Option<u64>,
    /// It waits to be cleared.
    pub(super) waits: bool,
    /// The channel's row counts it, if everything is right.
    pub(super) flushed: bool,
}

/// What is known of a channel, and what was met of it.
pub(super) struct Chain {
    name: Channel,
    head: Head,
    /// Rows up to here are not live.
    through: i64,
    /// Retention has passed the namespace up to here.
    floor: i64,
    milestones: Vec<i64>,
    /// The next of these.
    next: usize,
    /// The live row met last.
    last: Option<i64>,
    /// Live rows.
    rows: u64,
    counted: Counted,
    /// Of the live rows, from 0, which the first and the last milestone were.
    marked: Option<(u64, u64)>,
    messages: u64,
}

/// What was met up to the place up to which the channel's row counts.
#[derive(Default)]
struct Counted {
    last: i64,
    rows: u64,
    messages: u64,
    bytes: u64,
}

impl Chain {
    pub(super) fn new(name: Channel, head: Head, cleared: i64, floor: i64) -> Chain {
        let gone = i64::try_from(head.gone.through.0).unwrap_or(i64::MAX);
        Chain {
            name,
            head,
            through: gone.max(cleared).max(i64::try_from(head.floor.0).unwrap_or(i64::MAX)),
            floor,
            milestones: Vec::new(),
            next: 0,
            last: None,
            rows: 0,
            counted: Counted::default(),
            marked: None,
            messages: 0,
        }
    }

    pub(super) fn name(&self) -> &Channel {
        &self.name
    }

    /// Live messages met.
    pub(super) fn messages(&self) -> u64 {
        self.messages
    }

    /// Adds the next milestone. Of those that are not live nobody asks.
    pub(super) fn add_milestone(&mut self, position: i64) {
        if position > self.through {
            self.milestones.push(position);
        }
    }

    pub(super) fn meet(&mut self, met: &Met, findings: &mut Findings) {
        let (name, position) = (&self.name, met.position);
        if position <= self.through {
            if !met.waits {
                findings.add(Part::Messages, format!("{position} of {name} is gone, and still there"));
            }
            return;
        }
        if let Some(last) = self.last {
            let previous = met.previous.map_or(0, |previous| previous.0.cast_signed());
            if previous != last {
                let what =
                    format!("{position} of {name} says that {previous} is the one before it, and {last} is");
                findings.add(Part::Messages, what);
            }
        } else if let Some(previous) = met.previous.map(|previous| previous.0.cast_signed())
            && previous > self.through
        {
            let what = format!("{position} of {name} says that {previous} is before it, and it is not there");
            findings.add(Part::Messages, what);
        }
        if position <= self.floor {
            let what =
                format!("retention has passed {}, and {position} of {name} is still there", self.floor);
            findings.add(Part::Namespaces, what);
        }
        self.last = Some(position);
        self.mark(position, findings);
        self.count(met, findings);
    }

    fn count(&mut self, met: &Met, findings: &mut Findings) {
        self.rows += 1;
        self.messages += u64::from(met.size.is_some());
        if met.position.unsigned_abs() <= self.head.head.0 {
            let counted = &mut self.counted;
            counted.last = met.position;
            counted.rows += 1;
            counted.messages += u64::from(met.size.is_some());
            counted.bytes += met.size.unwrap_or(0);
        } else if met.flushed {
            let (name, head) = (&self.name, self.head.head);
            let what = format!("{name} counts up to {head}, and {} should be counted", met.position);
            findings.add(Part::Channels, what);
        }
    }

    /// Looks whether a live row is a milestone, and whether it may be one.
    fn mark(&mut self, position: i64, findings: &mut Findings) {
        while let Some(milestone) = self.milestones.get(self.next).filter(|next| **next <= position) {
            self.next += 1;
            if *milestone < position {
                findings.add(Part::Milestones, format!("{milestone} is no message of {}", self.name));
                continue;
            }
            let first = match self.marked {
                Some((first, last)) => {
                    if self.rows - last > limits::INDEX_EVERY {
                        let rows = self.rows - last;
                        let what =
                            format!("{position} of {} comes {rows} messages after the last", self.name);
                        findings.add(Part::Milestones, what);
                    }
                    first
                }
                None => self.rows,
            };
            self.marked = Some((first, self.rows));
        }
    }

    /// Compares what was met with what the row says.
    pub(super) fn finish(self, findings: &mut Findings) {
        let Chain { name, head, counted, .. } = &self;
        if counted.rows > 0 && counted.last.unsigned_abs() != head.head.0 {
            let what = format!("{name} is said to end at {}, and {} is the last", head.head, counted.last);
            findings.add(Part::Channels, what);
        }
        if (counted.messages, counted.bytes) != (head.messages, head.bytes) {
            let what = format!(
                "{name} is said to have {} messages with {} bytes, and has {} with {}",
                head.messages, head.bytes, counted.messages, counted.bytes
            );
            findings.add(Part::Channels, what);
        }
        if head.total < counted.rows {
            let what =
                format!("{name} is said to have had {} messages, and has {}", head.total, counted.rows);
            findings.add(Part::Channels, what);
        }
        for milestone in &self.milestones[self.next..] {
            findings.add(Part::Milestones, format!("{milestone} is no message of {name}"));
        }
        self.finish_milestones(findings);
    }

    /// None has many messages before it, or after it. (Where some were superseded they lie closer together.)
    fn finish_milestones(&self, findings: &mut Findings) {
        let (every, name) = (limits::INDEX_EVERY, &self.name);
        match self.marked {
            None if self.rows >= every => {
                findings.add(Part::Milestones, format!("{name} has none, and {} messages", self.rows));
            }
            Some((first, _)) if first >= every => {
                findings.add(Part::Milestones, format!("{first} messages of {name} come before the first"));
            }
            Some((_, last)) if self.rows - last > every => {
                let what = format!("{} messages of {name} follow the last", self.rows - last - 1);
                findings.add(Part::Milestones, what);
            }
            _ => {}
        }
    }
}
