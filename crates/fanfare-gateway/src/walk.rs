//! One target's way along the log: read what comes after its cursor, deliver, move the cursor, keep it.
//!
//! What fails is tried again later, and what comes behind it waits in the log (design rule 21): nothing is held in memory but
//! one page. Another target is another task and notices nothing.

use crate::gateway::{Delivery, Outcome};
use crate::shared::Shared;
use crate::unit::{Unit, delivery_id, units};
use fanfare_node::WebhookEntry;
use fanfare_proto::{
    Became, Grant, History, HistoryPage, Message, Refusal, Retry, Start, Time, backoff, limits,
};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

/// Before it is looked again after something of our own failed.
const TROUBLE_TIME: Duration = Duration::from_secs(1);
/// A cursor that only moved over what was not wanted is kept this often.
const KEEP_TIME: Duration = Duration::from_secs(60);

/// One target on its way.
pub(crate) struct Walk {
    pub(crate) shared: Arc<Shared>,
    pub(crate) entry: WebhookEntry,
    /// Changes when something was published.
    pub(crate) news: watch::Receiver<u64>,
    /// Changes when the walk is to end.
    pub(crate) stop: watch::Receiver<bool>,
    /// Changes when a webhook was removed, this one or another.
    changes: watch::Receiver<u64>,
    /// What the attempts of the record are about, once that is known.
    tried: Option<String>,
    /// Why that was taken at no attempt: it is given up, and the target hears of it no more.
    spent: Option<String>,
    /// When the record was written; none if nothing has moved since.
    moved: Option<Instant>,
    /// So many removals and deletes there were before the page was read.
    removals: u64,
}

/// Why a walk ends.
enum End {
    /// The server ends: what moved is kept.
    Stop,
    /// It was removed, or sends nothing any more.
    Over,
}

impl Walk {
    pub(crate) fn new(
        shared: Arc<Shared>,
        entry: WebhookEntry,
        news: watch::Receiver<u64>,
        stop: watch::Receiver<bool>,
    ) -> Walk {
        let changes = shared.webhooks.changes();
        Walk { shared, entry, news, stop, changes, tried: None, spent: None, moved: None, removals: 0 }
    }

    /// Walks until it is stopped, removed or disabled.
    pub(crate) async fn run(mut self) {
        let mut stop = self.stop.clone();
        let end = tokio::select! {
            // Between two steps only: what was taken is noted before it is stopped.
            end = self.steps() => end,
            _ = stop.wait_for(|stop| *stop) => End::Stop,
        };
        if let (End::Stop, true) = (end, self.moved.is_some()) {
            let _ = self.shared.webhooks.save(&mut self.entry).await;
        }
    }

    async fn steps(&mut self) -> End {
        if self.entry.progress.disabled.is_some() {
            return End::Over;
        }
        loop {
            let ended = match self.entry.progress.disabled.is_some() {
                // It is gone for good only once that is kept.
                true => self.keep().await.map(|end| end.or(Some(End::Over))),
                false => self.next().await,
            };
            match ended {
                Ok(None) => {}
                Ok(Some(end)) => return end,
                Err(refusal) => {
                    let id = &*self.entry.webhook.id;
                    tracing::debug!(webhook = id, %refusal, "a webhook could not be read or kept; it goes on soon");
                    sleep(TROUBLE_TIME).await;
                }
            }
        }
    }

    async fn next(&mut self) -> Result<Option<End>, Refusal> {
        self.wait_until_due().await;
        self.news.borrow_and_update();
        self.removals = self.shared.node.removed_since(self.removals).count();
        let page = self.read().await?;
        self.step(page).await
    }

    async fn wait_until_due(&self) {
        while let Some(due) = self.entry.progress.due {
            let left = due.0.saturating_sub(self.now().0);
            if left == 0 {
                return;
            }
            // In pieces, so that a clock that was put right is seen.
            sleep(Duration::from_millis(left).min(KEEP_TIME)).await;
        }
    }

    async fn read(&self) -> Result<HistoryPage, Refusal> {
        let webhook = &self.entry.webhook;
        let history = History {
            patterns: webhook.patterns.clone(),
            filter: webhook.filter.clone(),
            start: Start::After(self.entry.progress.cursor.clone()),
            limit: webhook.batch.unwrap_or(limits::WEBHOOK_PAGE),
            ..History::default()
        };
        self.shared.node.history(&Grant::open(), &history).await
    }

    /// Delivers a page, as far as that succeeds.
    async fn step(&mut self, page: HistoryPage) -> Result<Option<End>, Refusal> {
        let (end, more) = (page.cursor.clone(), page.more);
        let units = units(&self.shared.node, page, self.entry.webhook.batch.is_some());
        let nothing = units.is_empty();
        for unit in units {
            if !self.deliver(unit).await? {
                return self.keep().await;
            }
        }
        if self.entry.progress.cursor != end {
            self.entry.progress.cursor = end;
            self.moved.get_or_insert_with(Instant::now);
        }
        let id = self.entry.webhook.id.clone();
        self.shared.webhooks.note(&id, |health| health.waiting = None);
        let is_old = self.moved.is_some_and(|moved| moved.elapsed() > KEEP_TIME);
        if (!nothing || is_old)
            && let Some(end) = self.keep().await?
        {
            return Ok(Some(end));
        }
        if nothing && !more {
            sleep(limits::WEBHOOK_LOOK_TIME).await;
            // Without a sender the node is gone, and the walk is stopped soon.
            if self.news.changed().await.is_err() {
                return Ok(Some(End::Stop));
            }
        }
        Ok(None)
    }

    /// Tries to deliver; answers whether to go on with what comes behind.
    async fn deliver(&mut self, unit: Unit) -> Result<bool, Refusal> {
        if self.is_removed().await? || self.is_over(&unit) {
            return Ok(false);
        }
        if self.tried.as_ref().is_some_and(|tried| *tried != unit.id) {
            // What was tried in vain has expired or was removed.
            self.entry.progress.attempts = 0;
            self.spent = None;
        }
        if let Some(why) = self.spent.clone() {
            return self.give_up(unit, &why).await;
        }
        let Shared { webhooks, gateway, .. } = &*self.shared;
        let id = self.entry.webhook.id.clone();
        let waiting = unit.messages.first().map(|(_, message)| message.time);
        webhooks.note(&id, |health| health.waiting = waiting);
        let attempt = self.entry.progress.attempts.saturating_add(1);
        let webhook = self.entry.webhook.clone();
        let delivery = Delivery { webhook, id: unit.id.clone(), attempt, body: unit.body.clone() };
        match gateway.deliver(&delivery).await {
            Outcome::Taken => {
                let (now, count) = (self.now(), unit.messages.len() as u64);
                self.shared.webhooks.note(&id, |health| {
                    health.success = Some(now);
                    health.failures = 0;
                    health.delivered += count;
                });
                self.move_behind(unit);
                Ok(true)
            }
            Outcome::Gone => {
                self.note_failure("the target answered 410: it is gone");
                self.entry.progress.disabled = Some("the target answered 410: it is gone".into());
                tracing::warn!(
                    webhook = &*id,
                    gateway = gateway.name(),
                    "a target is gone; nothing is sent to it any more"
                );
                Ok(false)
            }
            Outcome::Busy => {
                sleep(TROUBLE_TIME).await;
                Ok(false)
            }
            Outcome::Failed { why, after } => self.failed(unit, attempt, &why, after).await,
        }
    }

    /// What is said after a webhook was removed is not sent to it, however soon.
    async fn is_removed(&mut self) -> Result<bool, Refusal> {
        if !self.changes.has_changed().unwrap_or_default() {
            return Ok(false);
        }
        self.changes.mark_unchanged();
        let found = self.shared.webhooks.get(&self.entry.webhook.id).await;
        if found.is_err() {
            self.changes.mark_changed();
        }
        Ok(found?.is_none())
    }

    /// Whether something of it may have been removed or deleted, or has expired, since the page was read: what is left is
    /// read again.
    fn is_over(&self, unit: &Unit) -> bool {
        let (removed, now) = (self.shared.node.removed_since(self.removals), self.now());
        unit.messages.iter().any(|(log, message)| removed.may_have(*log, message) || message.is_expired(now))
    }

    async fn failed(
        &mut self,
        unit: Unit,
        attempt: u32,
        why: &str,
        after: Option<Duration>,
    ) -> Result<bool, Refusal> {
        self.note_failure(why);
        self.entry.progress.attempts = attempt;
        self.tried = Some(unit.id.clone());
        self.moved.get_or_insert_with(Instant::now);
        if attempt >= self.shared.options.attempts {
            self.spent = Some(why.into());
            return self.give_up(unit, why).await;
        }
        let wait = backoff(self.shared.options.wait, attempt, fastrand::f64());
        self.entry.progress.due = Some(self.now().after(wait.max(after.unwrap_or_default())));
        Ok(false)
    }

    /// Puts messages where somebody may look for them. What comes from there goes there no second time: it would go
    /// round and round; and of what was deleted nothing is left to look at. Answers that the record is to be kept before what
    /// comes behind.
    async fn give_up(&mut self, unit: Unit, why: &str) -> Result<bool, Refusal> {
        let id = self.entry.webhook.id.clone();
        let is_left = |message: &Message| {
            !message.channel.as_str().starts_with("$dead/") && message.content.became != Some(Became::Deleted)
        };
        for (log, message) in unit.messages.iter().filter(|(_, message)| is_left(message)) {
            if self.is_over(&unit) {
                return Ok(false);
            }
            let delivery = delivery_id(&self.shared.node, *log, message);
            match self.shared.node.bury(&id, message, &delivery, shortened(why)).await {
                // There is such a letter already, or it can never be one: nothing may stop a target for ever.
                Err(refusal) if refusal.code.retry() == Retry::Never => {
                    tracing::error!(webhook = &*id, delivery, %refusal, "a dead letter is refused");
                }
                buried => buried?,
            }
        }
        let (count, attempts) = (unit.messages.len() as u64, self.shared.options.attempts);
        self.shared.webhooks.note(&id, |health| health.dead += count);
        tracing::warn!(
            webhook = &*id,
            delivery = unit.id,
            attempts,
            why,
            "a target took it at no attempt; it is given up"
        );
        self.move_behind(unit);
        Ok(false)
    }

    fn move_behind(&mut self, unit: Unit) {
        let progress = &mut self.entry.progress;
        (progress.cursor, progress.attempts, progress.due) = (unit.cursor, 0, None);
        (self.tried, self.spent) = (None, None);
        self.moved.get_or_insert_with(Instant::now);
    }

    /// Keeps how far it is.
    async fn keep(&mut self) -> Result<Option<End>, Refusal> {
        self.moved = None;
        let kept = self.shared.webhooks.save(&mut self.entry).await;
        if kept.is_err() {
            self.moved = Some(Instant::now());
        }
        Ok((!kept?).then_some(End::Over))
    }

    fn note_failure(&self, why: &str) {
        let now = self.now();
        self.shared.webhooks.note(&self.entry.webhook.id, |health| {
            health.failure = Some((now, shortened(why).into()));
            health.failures += 1;
        });
    }

    fn now(&self) -> Time {
        self.shared.node.now()
    }
}

fn shortened(why: &str) -> &str {
    &why[..why.floor_char_boundary(limits::WEBHOOK_ERROR_BYTES)]
}
