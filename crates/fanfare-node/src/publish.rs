//! Publishing: each message is checked, goes to its log, and is answered once it is kept.

use crate::Node;
use crate::commit::{Answers, Group, lock};
use crate::commit_thread::Then;
use fanfare_proto::{Channel, Code, Grant, LogId, Publish, Receipt, Refusal, limits};
use tokio::sync::oneshot;

/// Messages on their way. The answers come whether or not somebody waits for them.
pub struct Pending {
    answers: Vec<Option<Result<Receipt, Refusal>>>,
    parts: Vec<(Vec<usize>, oneshot::Receiver<Answers>)>,
}

impl Pending {
    /// The answers, in the order of the messages.
    pub async fn answers(mut self) -> Vec<Result<Receipt, Refusal>> {
        for (indexes, answers) in self.parts {
            let part = answers.await.unwrap_or_default();
            indexes.into_iter().zip(part).for_each(|(index, answer)| self.answers[index] = Some(answer));
        }
        let failed = || Err(Code::STORE_FAILED.into());
        self.answers.into_iter().map(|answer| answer.unwrap_or_else(failed)).collect()
    }
}

impl Node {
    /// Publishes each message on its own. What one caller submits is ordered as it was submitted.
    pub fn submit(&self, grant: &Grant, messages: Vec<Publish>) -> Pending {
        let mut pending = Pending { answers: Vec::new(), parts: Vec::new() };
        let mut parts: [(Vec<usize>, Vec<Publish>); 2] = Default::default();
        for (index, publish) in messages.into_iter().enumerate() {
            match self.check(grant, &publish) {
                Ok(log) => {
                    let part = &mut parts[log.index()];
                    part.0.push(index);
                    part.1.push(publish);
                    pending.answers.push(None);
                }
                Err(refusal) => pending.answers.push(Some(Err(refusal))),
            }
        }
        for (log, (indexes, messages)) in [LogId::KEPT, LogId::LIVE].into_iter().zip(parts) {
            if indexes.is_empty() {
                continue;
            }
            match self.commit(log, grant, messages, false) {
                Ok(answers) => pending.parts.push((indexes, answers)),
                Err(refusal) => {
                    indexes.iter().for_each(|index| pending.answers[*index] = Some(Err(refusal.clone())));
                }
            }
        }
        pending
    }

    /// Publishes each message on its own; the answers are in the order of the messages.
    pub async fn publish(&self, grant: &Grant, messages: Vec<Publish>) -> Vec<Result<Receipt, Refusal>> {
        self.submit(grant, messages).answers().await
    }

    /// Whether messages to a channel are not kept: [`Node::post_live`] is for these, [`Node::post_kept`] for others.
    pub fn is_live(&self, channel: &Channel) -> bool {
        self.log_of(channel) == LogId::LIVE
    }

    /// Publishes messages to live channels, each on its own; the answers are in the order of the messages.
    pub fn post_live(&self, grant: &Grant, messages: Vec<Publish>) -> Vec<Result<Receipt, Refusal>> {
        let (mut accepted, mut refused) = (Vec::with_capacity(messages.len()), Vec::new());
        for (index, publish) in messages.into_iter().enumerate() {
            match self.check(grant, &publish) {
                Ok(LogId::LIVE) => accepted.push(publish),
                Ok(_) => refused.push((index, Code::STORE_FAILED.into())),
                Err(refusal) => refused.push((index, refusal)),
            }
        }
        let mut answers = match accepted.is_empty() {
            true => Answers::new(),
            false => self.commit_live(group(grant, accepted, false)),
        };
        for (index, refusal) in refused {
            answers.insert(index, Err(refusal));
        }
        answers
    }

    /// Publishes one message to a kept channel. `then` is called from another thread, soon after it is kept, and must be
    /// quick; it is not called if the message is refused at once.
    pub fn post_kept(
        &self,
        grant: &Grant,
        publish: Publish,
        then: impl FnOnce(Result<Receipt, Refusal>) + Send + 'static,
    ) -> Result<(), Refusal> {
        if self.check(grant, &publish)? != LogId::KEPT {
            return Err(Code::STORE_FAILED.into());
        }
        let only = |mut answers: Answers| answers.pop().unwrap_or_else(|| Err(Code::STORE_FAILED.into()));
        let group = group(grant, vec![publish], false);
        self.keep(group, Box::new(move |answers| then(only(answers))))
    }

    /// Publishes all messages or none, at consecutive positions of one log (design rule 22).
    pub async fn publish_atomic(
        &self,
        grant: &Grant,
        messages: Vec<Publish>,
    ) -> Result<Vec<Receipt>, Refusal> {
        if messages.len() > limits::BATCH_MESSAGES {
            let detail = format!("{} messages; at most {}", messages.len(), limits::BATCH_MESSAGES);
            return Err(Refusal::new(Code::TOO_MANY, detail));
        }
        let Some(first) = messages.first() else { return Ok(Vec::new()) };
        let log = self.log_of(&first.channel);
        for publish in &messages {
            self.check(grant, publish)?;
            if self.log_of(&publish.channel) != log {
                let detail =
                    format!("`{}` is live and `{}` is kept, or the reverse", first.channel, publish.channel);
                return Err(Refusal::new(Code::NOT_ATOMIC, detail));
            }
        }
        let count = messages.len();
        let answers = self.commit(log, grant, messages, true)?.await.unwrap_or_default();
        let receipts = answers.into_iter().collect::<Result<Vec<_>, _>>()?;
        if receipts.len() == count { Ok(receipts) } else { Err(Code::STORE_FAILED.into()) }
    }

    pub(crate) fn commit(
        &self,
        log: LogId,
        grant: &Grant,
        messages: Vec<Publish>,
        atomic: bool,
    ) -> Result<oneshot::Receiver<Answers>, Refusal> {
        let group = group(grant, messages, atomic);
        let (sender, receiver) = oneshot::channel();
        // Whether somebody waits is not known here.
        let then = move |answers| drop(sender.send(answers));
        if log == LogId::LIVE {
            then(self.commit_live(group));
        } else {
            self.keep(group, Box::new(then))?;
        }
        Ok(receiver)
    }

    fn keep(&self, group: Group, then: Then) -> Result<(), Refusal> {
        let messages = group.messages.len();
        let put = self.inner().commits.publish(group, then);
        put.inspect_err(|_| self.turned_away(LogId::KEPT, messages))
    }

    fn commit_live(&self, group: Group) -> Answers {
        lock(&self.inner().live).commit(&mut [group], self.now()).pop().unwrap_or_default()
    }

    /// Whether it may be published; answers in which log.
    pub(crate) fn check(&self, grant: &Grant, publish: &Publish) -> Result<LogId, Refusal> {
        self.judge(grant, publish).inspect_err(|_| self.turned_away(self.log_of(&publish.channel), 1))
    }

    /// Counts messages that do not come as far as their log.
    fn turned_away(&self, log: LogId, messages: usize) {
        self.inner().publishes[log.index()].turned_away.add_shared(messages as u64);
    }

    fn judge(&self, grant: &Grant, publish: &Publish) -> Result<LogId, Refusal> {
        if self.is_draining() {
            return Err(Code::DRAINING.into());
        }
        if publish.when.is_some() {
            let detail =
                "a message for later (`at`, `delay`) is taken by POST to its channel, /publish or /schedules";
            return Err(Refusal::new(Code::NOT_YET, detail));
        }
        if !grant.may_publish(&publish.channel) {
            let detail = format!("publishing to `{}` is not allowed", publish.channel);
            return Err(Refusal::new(Code::FORBIDDEN, detail));
        }
        let namespace = self.namespaces().of(publish.channel.as_str());
        let (length, allowed) = (publish.content.body.len(), namespace.body_bytes);
        if length > allowed {
            let detail =
                format!("the body has {length} bytes; {allowed} are allowed by the `body` of its namespace");
            return Err(Refusal::new(Code::TOO_LARGE, detail));
        }
        Ok(namespace.keeping.log())
    }
}

fn group(grant: &Grant, messages: Vec<Publish>, atomic: bool) -> Group {
    let publisher = Some(&*grant.subject).filter(|subject| !subject.is_empty()).map(Into::into);
    Group { publisher, messages, atomic, along: Vec::new() }
}
