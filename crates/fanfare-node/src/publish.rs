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
            pending.answers.push(self.check(grant, &publish).err().map(Err));
            if pending.answers[index].is_none() {
                let part = &mut parts[self.log_of(&publish.channel).index()];
                part.0.push(index);
                part.1.push(publish);
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
        let publisher = Some(&*grant.subject).filter(|subject| !subject.is_empty()).map(Into::into);
        let group = Group { publisher, messages, atomic };
        if log != LogId::LIVE {
            return self.inner().commits.publish(group);
        }
        let (sender, receiver) = oneshot::channel();
        let answers = lock(&self.inner().live).commit(&mut [group], self.now()).pop().unwrap_or_default();
        // Somebody waits: the receiver is here.
        let _ = sender.send(answers);
        Ok(receiver)
    }

    fn check(&self, grant: &Grant, publish: &Publish) -> Result<(), Refusal> {
        if self.is_draining() {
            return Err(Code::DRAINING.into());
        }
        if !grant.may_publish(&publish.channel) {
            let detail = format!("publishing to `{}` is not allowed", publish.channel);
            return Err(Refusal::new(Code::FORBIDDEN, detail));
        }
        let allowed = self.namespaces().of(publish.channel.as_str()).body_bytes;
        if publish.content.body.len() > allowed {
            let detail = format!(
                "the body has {} bytes; {allowed} are allowed by the `body` of its namespace",
                publish.content.body.len()
            );
            return Err(Refusal::new(Code::TOO_LARGE, detail));
        }
        Ok(())
    }
}
