//! The node's door for acked readers.

use crate::Node;
use crate::hands::Hands;
use crate::history;
use crate::readers::{Ahead, Keeper, ReaderLag, ReaderStatus};
use fanfare_proto::{Ack, Grant, ReaderName, ReaderWish, Refusal, Time, limits};

impl Node {
    /// Acked readers that one may see, by name, after a name, at most so many.
    pub async fn acked_readers(
        &self,
        grant: &Grant,
        after: &str,
        limit: usize,
    ) -> Result<Vec<ReaderStatus>, Refusal> {
        let (grant, after) = (grant.clone(), after.to_owned());
        let look = move |keeper: &mut Keeper, hands: &Hands| {
            let all = keeper.all(hands, &grant)?.into_iter();
            let behind = all.filter(|reader| reader.name.as_str() > &*after).take(limit);
            Ok(behind.map(|reader| reader.status()).collect())
        };
        self.inner().readers.ask(look).await
    }

    /// An acked reader, and what lies before it.
    pub async fn acked_reader(
        &self,
        grant: &Grant,
        name: ReaderName,
    ) -> Result<(ReaderStatus, ReaderLag), Refusal> {
        let grant = grant.clone();
        let look = move |keeper: &mut Keeper, hands: &Hands| {
            let reader = keeper.one(hands, &grant, &name)?;
            Ok((reader.status(), reader.ahead(limits::READER_LAG)))
        };
        let (status, ahead) = self.inner().readers.ask(look).await?;
        Ok((status, self.lag(ahead).await?))
    }

    /// Makes an acked reader, or gives it other rules, and another place if one is named. Its sessions end and come back.
    /// Answers how it is, and whether it was made.
    pub async fn put_acked_reader(
        &self,
        grant: &Grant,
        name: ReaderName,
        wish: ReaderWish,
    ) -> Result<(ReaderStatus, ReaderLag, bool), Refusal> {
        let grant = grant.clone();
        let put = move |keeper: &mut Keeper, hands: &Hands| {
            let made = keeper.put(hands, &grant, &name, wish)?;
            let reader = keeper.one(hands, &grant, &name)?;
            Ok((reader.status(), reader.ahead(limits::READER_LAG), made))
        };
        let (status, ahead, made) = self.inner().readers.ask(put).await?;
        Ok((status, self.lag(ahead).await?, made))
    }

    /// Counts what lies before a reader, beside the thread of readers.
    async fn lag(&self, ahead: Ahead) -> Result<ReaderLag, Refusal> {
        let set = self.logs_for(&Grant::open(), &ahead.history.patterns)?;
        let (places, history, now) = (self.inner().places, ahead.history.clone(), self.now());
        let page = self.read(move |logs| history::read(logs, &places, set, &history, now)).await?;
        Ok(ahead.lag(&page))
    }

    /// Removes an acked reader. Its sessions end.
    pub async fn remove_acked_reader(&self, grant: &Grant, name: ReaderName) -> Result<(), Refusal> {
        let grant = grant.clone();
        self.inner().readers.ask(move |keeper, hands| keeper.remove(hands, &grant, &name)).await
    }

    /// Takes note of what an acked reader has done, or wants to be given again. Answers how many messages that is.
    pub async fn ack(&self, grant: &Grant, name: ReaderName, ack: Ack) -> Result<usize, Refusal> {
        let grant = grant.clone();
        self.inner().readers.ask(move |keeper, hands| keeper.ack(hands, &grant, &name, &ack, None)).await
    }

    /// How acked readers do, for whoever watches: each with how old its oldest message is that is not done. Those that
    /// are named are so many at the most.
    pub async fn acked_reader_figures(&self) -> Vec<(ReaderStatus, Option<Time>)> {
        if !self.inner().readers.has_begun() {
            return Vec::new();
        }
        let look = |keeper: &mut Keeper, hands: &Hands| {
            let all = keeper.all(hands, &Grant::open())?;
            Ok(all.into_iter().map(|reader| (reader.status(), reader.ahead(1))).collect::<Vec<_>>())
        };
        let mut figures = Vec::new();
        for (status, ahead) in self.inner().readers.ask(look).await.unwrap_or_default() {
            let oldest = match status.oldest {
                None if figures.len() < limits::READERS_NAMED => {
                    self.lag(ahead).await.ok().and_then(|lag| lag.oldest)
                }
                known => known,
            };
            figures.push((status, oldest));
        }
        figures
    }
}
