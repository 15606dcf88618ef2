//! Sessions that are present on channels, and sessions that watch who is (design rule 19). What others are told is the
//! node's; here is which session stands for whom, and how it ends. Other sessions cost nothing here.

use super::session::Extra;
use super::{Desk, SessionKey};
use fanfare_proto::{
    Channel, Code, Encoder, Event, Greeting, Leave, Message, Pattern, Present, Refusal, Time,
};
use rustc_hash::FxHashMap;

/// Who is present, of a desk's sessions.
pub(super) type Attending = FxHashMap<SessionKey, Attends>;

/// Where one session is present.
pub(super) struct Attends {
    places: Vec<(Channel, Present)>,
    /// Why it is not, should it end now.
    why: Leave,
}

impl Desk {
    /// The session of this key, which was just opened, wants to be seen on its channels, or watches who is present
    /// somewhere: then it is told that first.
    pub fn attend(
        &mut self,
        key: SessionKey,
        patterns: &[Pattern],
        presence: Option<&Present>,
        now: Time,
    ) -> Result<(), Refusal> {
        self.appear(key, patterns, presence, now)?;
        self.show(key, patterns, now)
    }

    /// Is seen on these channels from now on. All or none.
    pub(super) fn appear(
        &mut self,
        key: SessionKey,
        patterns: &[Pattern],
        presence: Option<&Present>,
        now: Time,
    ) -> Result<(), Refusal> {
        let Some(present) = presence else { return Ok(()) };
        let channels = Present::channels(patterns)?;
        let crowds = &self.node.inner().crowds;
        let fresh = || Attends { places: Vec::new(), why: Leave::Lost };
        let places = &mut self.attending.entry(key).or_insert_with(fresh).places;
        for channel in channels {
            let at = places.iter().position(|(other, _)| *other == channel);
            if let Some((_, before)) = at.and_then(|at| places.get_mut(at))
                && before.member == present.member
            {
                crowds.describe(&channel, present, now);
                *before = present.clone();
                continue;
            }
            if let Err(refusal) = crowds.join(&channel, present, now) {
                self.disappear(key, patterns, now);
                return Err(refusal);
            }
            if let Some((_, before)) = at.map(|at| places.swap_remove(at)) {
                crowds.leave(&channel, &before.member, Leave::Left, now);
            }
            places.push((channel, present.clone()));
        }
        Ok(())
    }

    /// Is not seen any more on channels that it hears no more.
    pub(super) fn disappear(&mut self, key: SessionKey, patterns: &[Pattern], now: Time) {
        let Some(attends) = self.attending.get_mut(&key) else { return };
        let crowds = &self.node.inner().crowds;
        attends.places.retain(|(channel, present)| {
            let stays = !patterns.iter().any(|pattern| pattern.as_str() == channel.as_str());
            if !stays {
                crowds.leave(channel, &present.member, Leave::Left, now);
            }
            stays
        });
        if attends.places.is_empty() {
            self.attending.remove(&key);
        }
    }

    /// A session that is present has ended.
    #[cold]
    pub(super) fn vanish(&mut self, key: SessionKey) {
        let Some(Attends { places, why }) = self.attending.remove(&key) else { return };
        let now = self.node.now();
        for (channel, present) in places {
            self.node.inner().crowds.leave(&channel, &present.member, why, now);
        }
    }

    /// Its peer has said goodbye.
    pub(super) fn says_goodbye(&mut self, key: SessionKey) {
        self.expect_end(key, Leave::Closed);
    }

    /// It is sent away.
    pub(super) fn is_sent_away(&mut self, key: SessionKey, why: &Refusal) {
        self.expect_end(key, if why.code == Code::DRAINING { Leave::Drained } else { Leave::Dismissed });
    }

    fn expect_end(&mut self, key: SessionKey, why: Leave) {
        if let Some(attends) = self.attending.get_mut(&key) {
            attends.why = why;
        }
    }

    /// Says who is present on each channel whose presence is watched from now on. A change that comes meanwhile may be
    /// told again by its message: it says the same. An answer that ends is not begun by it.
    pub(super) fn show(&mut self, key: SessionKey, patterns: &[Pattern], now: Time) -> Result<(), Refusal> {
        for pattern in patterns {
            let Some(watched) = pattern.watched() else { continue };
            let inner = self.node.inner();
            let attendance = inner.crowds.watch(&watched, now)?;
            let (Some(session), Ok(Some(channel))) = (self.sessions.get(key), watched.presence()) else {
                continue;
            };
            let message = Message {
                channel,
                position: inner.logs.live.status().head,
                previous: None,
                time: now,
                id: None,
                publisher: None,
                expires: None,
                content: attendance.snapshot(),
            };
            let wire = session.wire;
            if wire.protocol().shape().goes_on() {
                self.greet(key);
                self.tell(key, |encoder, out| encoder.event(wire, &Event::Message(&message, None), out));
            }
        }
        Ok(())
    }

    /// The first words of a stream come first, if its place is known and nothing is to be told before them.
    fn greet(&mut self, key: SessionKey) {
        let Some(session) = self.sessions.get_mut(key) else { return };
        let (wire, ready) = (session.wire, |extra: &&mut Extra| {
            extra.gaps.is_empty() && (extra.own.is_some() || !extra.behind)
        });
        let extra = session.extra.as_deref_mut().filter(ready);
        let Some(retry) = extra.and_then(|extra| extra.greet.take()) else { return };
        let (cursor, id) = (self.cursor(key), self.id(key));
        let greeting = Greeting { cursor: &cursor, retry, session: &id };
        self.tell(key, |encoder, out| encoder.greet(wire, &greeting, out));
    }

    /// Adds to what comes before anything else.
    fn tell(&mut self, key: SessionKey, say: impl FnOnce(&mut Encoder, &mut Vec<u8>)) {
        if let Some(session) = self.sessions.get_mut(key) {
            let encoder = &mut self.encoder;
            session.extra().write(|out| say(encoder, out));
        }
    }
}
