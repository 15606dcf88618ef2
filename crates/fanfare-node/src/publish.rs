//! Publishing: each message is checked, goes to its log, and is answered once it is kept.

use crate::Node;
use crate::commit::{Answers, Group};
use crate::node::lock;
use fanfare_proto::{Code, Grant, LogId, Publish, Receipt, Refusal, limits};
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

    /// Publishes one message. Answers at once if that is possible; else `then` is called, from another thread and soon
    /// after the message is kept. It must be quick.
    pub fn post(
        &self,
        grant: &Grant,
        publish: Publish,
        then: impl FnOnce(Result<Receipt, Refusal>) + Send + 'static,
    ) -> Option<Result<Receipt, Refusal>> {
        let log = match self.check(grant, &publish) {
            Ok(log) => log,
            Err(refusal) => return Some(Err(refusal)),
        };
        let only = |mut answers: Answers| answers.pop().unwrap_or_else(|| Err(Code::STORE_FAILED.into()));
        let group = group(grant, vec![publish], false);
        if log == LogId::LIVE {
            return Some(only(self.commit_live(group)));
        }
        let kept = self.inner().commits.publish(group, Box::new(move |answers| then(only(answers))));
        kept.err().map(Err)
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
        let answers = self.commit(log, grant, messages, true)?.await;
        let failed = |_| vec![Err(Code::STORE_FAILED.into()); count];
        answers.unwrap_or_else(failed).into_iter().collect()
    }

    fn commit(
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
            self.inner().commits.publish(group, Box::new(then))?;
        }
        Ok(receiver)
    }

    fn commit_live(&self, group: Group) -> Answers {
        lock(&self.inner().live).commit(&mut [group], self.now()).pop().unwrap_or_default()
    }

    /// Whether it may be published; answers in which log.
    fn check(&self, grant: &Grant, publish: &Publish) -> Result<LogId, Refusal> {
        if self.is_draining() {
            return Err(Code::DRAINING.into());
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
    Group { publisher, messages, atomic }
}
