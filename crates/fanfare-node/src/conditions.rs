//! The node's door for conditions.

use crate::Node;
use crate::condition::Order;
use fanfare_proto::{
    Code, Condition, ConditionId, ConditionView, Grant, KeptCondition, Pattern, Publish, Refusal, Time,
};

impl Node {
    /// Makes the condition that a text asks for. When this returns, it is kept.
    pub async fn make_condition(&self, grant: &Grant, text: &str) -> Result<ConditionView, Refusal> {
        let kept = self.asked(grant, ConditionId(0), text)?;
        self.one(Order::Make(kept)).await
    }

    /// Puts another condition in the place of one. How its channels stand is kept if the same is asked of them.
    pub async fn replace_condition(
        &self,
        grant: &Grant,
        id: ConditionId,
        text: &str,
    ) -> Result<ConditionView, Refusal> {
        let kept = self.asked(grant, id, text)?;
        self.one(Order::Replace(kept, grant.clone())).await
    }

    /// Ends a condition. One whose records cannot be read is removed by whoever may hear everything.
    pub async fn remove_condition(&self, grant: &Grant, id: ConditionId) -> Result<(), Refusal> {
        self.all(Order::Remove(id, grant.clone())).await.map(drop)
    }

    /// A condition, and how its channels stand.
    pub async fn condition(&self, grant: &Grant, id: ConditionId) -> Result<ConditionView, Refusal> {
        self.one(Order::Show(id, grant.clone())).await
    }

    /// Conditions whose messages go to the channels that a pattern means, as they were made. Those to channels that one may
    /// not publish to, or of channels that one may not hear, are left out.
    pub async fn conditions(&self, grant: &Grant, channels: &Pattern) -> Result<Vec<ConditionView>, Refusal> {
        self.all(Order::List(channels.clone(), grant.clone())).await
    }

    /// Reads what is asked for, and looks whether it may be.
    fn asked(&self, grant: &Grant, id: ConditionId, text: &str) -> Result<KeptCondition, Refusal> {
        let condition = Condition::read(text)?;
        self.check(grant, &condition.publish)?;
        if let Some(clear) = &condition.clear {
            self.check(grant, &Publish { content: clear.clone(), ..condition.publish.clone() })?;
        }
        if !grant.may_subscribe(&condition.watch) {
            let detail = format!("hearing `{}` is not allowed", condition.watch);
            return Err(Refusal::new(Code::FORBIDDEN, detail));
        }
        let publisher = Some(&*grant.subject).filter(|subject| !subject.is_empty()).map(Into::into);
        Ok(KeptCondition { id, created: Time(0), publisher, text: text.trim().into(), condition })
    }

    async fn all(&self, order: Order) -> Result<Vec<ConditionView>, Refusal> {
        let answer = self.inner().conditions.order(order)?.await;
        answer.unwrap_or_else(|_| Err(Code::DRAINING.into()))
    }

    async fn one(&self, order: Order) -> Result<ConditionView, Refusal> {
        let mut all = self.all(order).await?;
        all.pop().ok_or_else(|| Code::STORE_FAILED.into())
    }
}
