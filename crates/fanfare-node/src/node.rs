//! The node's door for everything that asks and is answered.

use crate::board::Boards;
use crate::commit::{Committer, PublishCounts, lock, refused, unread};
use crate::commit_thread::CommitThread;
use crate::condition::Conditions;
use crate::count::Gaps;
use crate::crowds::Crowds;
use crate::hands::Hands;
use crate::history::{self, LatestPage};
use crate::left::Left;
use crate::orders::Desks;
use crate::outgo::Outgo;
use crate::places::Places;
use crate::readers::Readers;
use crate::reading::{Logs, Reading};
use crate::schedule::Schedules;
use crate::tail::Tail;
use crate::traces::Traces;
use arc_swap::{ArcSwap, Guard};
use bytes::Bytes;
use fanfare_proto::{
    Channel, Code, Epoch, Grant, History, HistoryPage, LogId, LogSet, Mark, Namespaces, Origins, Pattern,
    Refusal, Request, SessionId, Time, limits,
};
use fanfare_store::{ChannelInfo, LogStatus, MemoryLog, Store, StoreError};
use std::borrow::Borrow;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;

/// What a node is made of.
pub struct Options {
    /// The rules of channels.
    pub namespaces: Arc<Namespaces>,
    /// Origins whose pages may read responses.
    pub origins: Origins,
    /// The kept log, and the node's records; the live log is the node's own.
    pub kept: Arc<dyn Store>,
    /// Messages in the tail, [`limits::TAIL_SLOTS`] but for tests.
    pub tail: usize,
    /// The clock.
    pub now: fn() -> Time,
    /// What people's clocks say: schedules are due by it (`docs/adr/0004`). It may jump.
    pub system: fn() -> Time,
}

/// One running node. Cheap to clone; the node ends by [`Node::stop`].
#[derive(Clone)]
pub struct Node(Arc<Inner>);

pub(crate) struct Inner {
    namespaces: Arc<Namespaces>,
    left: Arc<Left>,
    origins: ArcSwap<Origins>,
    now: fn() -> Time,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) schedules: Schedules,
    pub(crate) conditions: Conditions,
    pub(crate) logs: Logs,
    pub(crate) places: Places,
    pub(crate) tail: Arc<Tail>,
    pub(crate) reading: Arc<Reading>,
    pub(crate) commits: Arc<CommitThread>,
    /// The live log is written by whoever publishes, one at a time.
    pub(crate) live: Arc<Mutex<Committer>>,
    pub(crate) outgo: Outgo,
    pub(crate) desks: Desks,
    pub(crate) boards: Boards,
    pub(crate) crowds: Crowds,
    pub(crate) readers: Readers,
    /// Of the kept log, and of the live one.
    pub(crate) publishes: [Arc<PublishCounts>; 2],
    /// Told by pages.
    pub(crate) gaps: Gaps,
    draining: AtomicBool,
}

impl Node {
    /// Starts the commit thread and the reader threads.
    pub fn start(options: Options) -> Result<Node, StoreError> {
        let Options { namespaces, origins, kept, tail, now, system } = options;
        let store = kept;
        let live: Arc<dyn Store> = Arc::new(MemoryLog::new(LogId::LIVE, namespaces.clone()));
        let logs = Logs { kept: store.clone(), live: live.clone() };
        let left = Arc::new(Left::find(&*logs.kept, &namespaces)?);
        let mut places = Places { epochs: [Epoch(0); limits::LOGS] };
        let mut heads = Mark::default();
        for log in [LogId::KEPT, LogId::LIVE] {
            let status = logs.get(log).status();
            places.epochs[log.index()] = status.epoch;
            heads.set(log, status.head);
        }
        let tail = Arc::new(Tail::new(heads, tail));
        let committer = |log, store| Committer::new(log, store, tail.clone(), places, now());
        let (kept, live) = (committer(LogId::KEPT, store.clone())?, committer(LogId::LIVE, live)?);
        let publishes = [kept.counts().clone(), live.counts().clone()];
        let live = Arc::new(Mutex::new(live));
        let crowds = Crowds::new(now, live.clone());
        let trimmed = live.clone();
        let trim_live = move |now| lock(&trimmed).trim(now);
        let thread = |error: std::io::Error| StoreError::Failed(format!("a thread could not start: {error}"));
        let commits = Arc::new(CommitThread::start(kept, now, trim_live).map_err(thread)?);
        let reading = Arc::new(Reading::start(logs.clone()).map_err(thread)?);
        let draining = AtomicBool::new(false);
        let hands = Hands {
            store: store.clone(),
            namespaces: namespaces.clone(),
            left: left.clone(),
            commits: commits.clone(),
            live: live.clone(),
            logs: logs.clone(),
            places,
            reading: reading.clone(),
            tail: tail.clone(),
            now,
            system,
        };
        let schedules = Schedules::start(hands.clone())?;
        let conditions = Conditions::start(hands.clone())?;
        let readers = Readers::start(hands)?;
        Ok(Node(Arc::new(Inner {
            namespaces,
            left,
            origins: ArcSwap::from_pointee(origins),
            now,
            store,
            schedules,
            conditions,
            logs,
            places,
            tail,
            reading,
            commits,
            live,
            outgo: Outgo::default(),
            desks: Desks::default(),
            boards: Boards::default(),
            crowds,
            readers,
            publishes,
            gaps: Gaps::default(),
            draining,
        })))
    }

    pub(crate) fn log_of(&self, channel: &Channel) -> LogId {
        self.0.namespaces.keeping(channel.as_str()).log()
    }

    /// The logs that a session with these patterns reads, if its grant allows them; all of them if it hears nothing.
    pub(crate) fn logs_for(
        &self,
        grant: &Grant,
        patterns: impl IntoIterator<Item: Borrow<Pattern>>,
    ) -> Result<LogSet, Refusal> {
        self.0.left.logs_for(&self.0.namespaces, grant, patterns)
    }

    /// Runs a task on a reader thread and waits for its answer.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        task: impl FnOnce(&Logs) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Refusal> {
        let (sender, receiver) = oneshot::channel();
        self.0.reading.task(Box::new(move |logs| {
            let _ = sender.send(task(logs));
        }))?;
        match receiver.await {
            Ok(answer) => answer.map_err(|error| unread(&error)),
            Err(_) => Err(Code::STORE_FAILED.into()),
        }
    }

    async fn read_in_steps(&self, mut page: LatestPage) -> Result<HistoryPage, Refusal> {
        let (sender, receiver) = oneshot::channel();
        let mut sender = Some(sender);
        self.0.reading.steps(Box::new(move |logs| {
            // Nobody waits for it any more.
            if sender.as_ref().is_none_or(oneshot::Sender::is_closed) {
                return false;
            }
            let answer = match page.step(logs) {
                Ok(None) => return true,
                Ok(Some(page)) => Ok(page),
                Err(refusal) => Err(refusal),
            };
            let _ = sender.take().map(|sender| sender.send(answer));
            false
        }))?;
        receiver.await.unwrap_or_else(|_| Err(Code::DRAINING.into()))
    }

    /// Reads one page.
    pub async fn history(&self, grant: &Grant, history: &History) -> Result<HistoryPage, Refusal> {
        let set = self.logs_for(grant, &history.patterns)?;
        // What has expired is known when it is read, not when it is asked for.
        let (places, history, clock) = (self.0.places, history.clone(), self.0.now);
        let page = match history.latest {
            true => {
                let placing = self.0.reading.placing();
                self.read_in_steps(LatestPage::new(places, set, history, placing, clock)).await?
            }
            false => self.read(move |logs| history::read(logs, &places, set, &history, clock())).await?,
        };
        page.gaps.iter().for_each(|gap| self.0.gaps.of(gap.reason).add_shared(1));
        Ok(page)
    }

    /// Channels that a pattern means, by name, after a name.
    pub async fn channels(
        &self,
        grant: &Grant,
        pattern: &Pattern,
        after: &str,
        limit: usize,
    ) -> Result<Vec<ChannelInfo>, Refusal> {
        let set = self.logs_for(grant, [pattern])?;
        let (pattern, after) = (pattern.clone(), after.to_owned());
        self.read(move |logs| {
            let mut found = Vec::new();
            for log in set.iter() {
                found.extend(logs.get(log).channels(&pattern, &after, limit)?);
            }
            // Those of the kept log come first: of a channel that is in both, the live one says where it is.
            found.sort_by(|a, b| a.channel.cmp(&b.channel));
            found.dedup_by(|live, kept| {
                let same = live.channel == kept.channel;
                if same {
                    let (published, messages) =
                        (kept.published + live.published, kept.messages + live.messages);
                    *kept =
                        ChannelInfo { published, messages, bytes: kept.bytes + live.bytes, ..live.clone() };
                }
                same
            });
            found.truncate(limit);
            Ok(found)
        })
        .await
    }

    /// Has a session change what it hears, or say what it is. Answers what the session's own connection would be
    /// answered, as text.
    pub async fn ask(&self, session: SessionId, request: Request) -> Result<Bytes, Refusal> {
        self.0.desks.ask(session, request).await
    }

    /// What large answers of all readers together may hold.
    pub fn outgo(&self) -> &Outgo {
        &self.0.outgo
    }

    /// The rules of channels.
    pub fn namespaces(&self) -> &Arc<Namespaces> {
        &self.0.namespaces
    }

    /// Origins whose pages may read responses, for the moment of one request.
    pub fn origins(&self) -> Guard<Arc<Origins>> {
        self.0.origins.load()
    }

    /// From the next request on, other origins. An answer that is on its way names an entry by its index: it may name
    /// another origin than the one that asked, and then the browser refuses it.
    pub fn set_origins(&self, origins: Origins) {
        self.0.origins.store(Arc::new(origins));
    }

    /// From the next commit on, tells whoever traces. The first one stays.
    pub fn trace(&self, traces: Arc<dyn Traces>) {
        self.0.commits.trace(traces);
    }

    /// The node's clock.
    pub fn now(&self) -> Time {
        (self.0.now)()
    }

    /// Numbers of the logs, kept first.
    pub fn status(&self) -> [LogStatus; 2] {
        [self.0.logs.kept.status(), self.0.logs.live.status()]
    }

    /// Why the node cannot take new work, if so.
    pub fn trouble(&self) -> Option<Refusal> {
        if self.is_draining() {
            return Some(Code::DRAINING.into());
        }
        let kept = self.0.logs.kept.trouble().map(|error| refused(&error));
        kept.or_else(|| self.0.commits.ended().map(Refusal::from))
    }

    /// The first damage that anybody met in what is kept. Messages are taken all the same, unless it is a
    /// [`trouble`](Node::trouble), too.
    pub fn damage(&self) -> Option<StoreError> {
        self.0.logs.kept.incidents().damage
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.0
    }

    /// From now on nothing new is accepted: publishes are refused with `DRAINING`.
    pub fn drain(&self) {
        self.0.draining.store(true, Relaxed);
    }

    /// Whether [`Node::drain`] was called.
    pub fn is_draining(&self) -> bool {
        self.0.draining.load(Relaxed)
    }

    /// Finishes what was accepted and ends the threads. Blocks until the last commit is done.
    pub fn stop(&self) {
        self.drain();
        self.0.readers.stop();
        self.0.schedules.stop();
        self.0.conditions.stop();
        self.0.crowds.stop();
        self.0.commits.stop();
        self.0.reading.stop();
    }
}
