//! What there is to know about a node as a whole: for whoever watches it. Nothing here is read while messages are on
//! their way.

use crate::Node;
use crate::board::{Board, Survey};
use crate::commit::PublishCounts;
use crate::commit_thread::CommitCounts;
use crate::condition::ConditionCounts;
use crate::schedule::ScheduleCounts;
use fanfare_proto::{Code, GapReason};
use fanfare_store::{Incidents, LogStatus, StoreError};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// How long a desk may take for a survey before the last one is shown again.
const PATIENCE: Duration = Duration::from_secs(1);

/// A node in numbers.
pub struct Figures {
    /// The kept log, and the live one.
    pub logs: [LogFigures; 2],
    /// Commits of the kept log.
    pub commits: Arc<CommitCounts>,
    /// Messages for later.
    pub schedules: Arc<ScheduleCounts>,
    /// Messages for when something holds.
    pub conditions: Arc<ConditionCounts>,
    /// Messages that wait for their commit, and the bytes of their contents.
    pub pending: (u64, u64),
    /// Messages given to sessions.
    pub deliveries: u64,
    /// Bytes given to sessions, of whatever.
    pub bytes: u64,
    /// Gaps that were told.
    pub gaps: Vec<(GapReason, u64)>,
    /// Requests of sessions that were refused, and sessions that were ended with a reason.
    pub refusals: Vec<(&'static Code, u64)>,
    /// What all desks see.
    pub survey: Survey,
    /// Members that are present, and channels on which somebody is.
    pub presence: (u64, u64),
    /// Bytes of contents in pages that were read and are not written yet.
    pub pages_bytes: u64,
    /// Bytes of large answers that are not written yet.
    pub answers_bytes: u64,
    /// Whether the node takes new work.
    pub ready: bool,
}

/// A log in numbers.
pub struct LogFigures {
    /// What it says of itself.
    pub status: LogStatus,
    /// Why it takes no more, if so.
    pub trouble: Option<StoreError>,
    /// What it has met since it was opened.
    pub incidents: Incidents,
    /// Messages accepted, answered as known already, and refused.
    pub publishes: [u64; 3],
    /// Bytes of contents accepted.
    pub bytes: u64,
}

impl Node {
    /// What there is to know. Waits a moment for desks to look at their sessions.
    pub async fn figures(&self) -> Figures {
        let inner = self.inner();
        let boards = inner.boards.all();
        let asked: Vec<_> = boards.iter().map(|board| board.ask()).collect();
        let all = async {
            for answer in asked {
                let _ = answer.await;
            }
        };
        // A desk that does not answer in time is shown as it was.
        let _ = timeout(PATIENCE, all).await;
        let mut survey = Survey::default();
        boards.iter().for_each(|board| board.look(|seen| survey.add(seen)));
        let sum = |number: fn(&Board) -> u64| boards.iter().map(|board| number(board)).sum();
        let (members, channels) = inner.crowds.counts();
        Figures {
            presence: (members as u64, channels as u64),
            logs: [0, 1].map(|index| self.log_figures(index)),
            commits: inner.commits.counts(),
            schedules: inner.schedules.counts().clone(),
            conditions: inner.conditions.counts().clone(),
            pending: inner.commits.pending(),
            deliveries: sum(|board| board.counts.deliveries.get()),
            bytes: sum(|board| board.counts.bytes.get()),
            gaps: self.gaps(&boards),
            refusals: refusals(&boards),
            survey,
            pages_bytes: inner.reading.lent_bytes() as u64,
            answers_bytes: inner.outgo.bytes() as u64,
            ready: self.trouble().is_none(),
        }
    }

    fn log_figures(&self, index: usize) -> LogFigures {
        let inner = self.inner();
        let log = [&inner.logs.kept, &inner.logs.live][index];
        let PublishCounts { accepted, known, refused, turned_away, bytes } = &*inner.publishes[index];
        LogFigures {
            status: log.status(),
            trouble: log.trouble(),
            incidents: log.incidents(),
            publishes: [accepted.get(), known.get(), refused.get() + turned_away.get()],
            bytes: bytes.get(),
        }
    }

    fn gaps(&self, boards: &[Arc<Board>]) -> Vec<(GapReason, u64)> {
        let mut gaps: Vec<_> = self.inner().gaps.iter().collect();
        for board in boards {
            gaps.iter_mut().zip(board.counts.gaps.iter()).for_each(|(all, (_, more))| all.1 += more);
        }
        gaps
    }
}

fn refusals(boards: &[Arc<Board>]) -> Vec<(&'static Code, u64)> {
    let mut all: Vec<_> = Code::ALL.iter().map(|code| (*code, 0)).collect();
    for board in boards {
        all.iter_mut().zip(board.counts.refusals.iter()).for_each(|(all, (_, more))| all.1 += more);
    }
    all
}
