//! The selections of one worker's sessions, by the channels they want.

use fanfare_hub::{InterestId, Interests, Membership};
use fanfare_proto::{Channel, Content, LogSet, Message, Pattern, Position, Selection, Time};

/// Sessions that come and go at once.
const SESSIONS: usize = 1000;
const LOGS: LogSet = LogSet(1);

pub struct Hub {
    interests: Interests,
    /// Who is there.
    joined: Vec<Membership>,
    /// Who comes.
    coming: Vec<Selection>,
}

impl Hub {
    /// A thousand sessions are there and as many come, each with a channel of its own, one that all want and a pattern.
    pub fn before_1000() -> Hub {
        let selections = (0..2 * SESSIONS).map(|session| {
            let texts = [format!("users/{session}/inbox"), "news".to_owned(), "rooms/*/topic".to_owned()];
            Selection::new(texts.iter().map(|text| Pattern::parse(text).unwrap()).collect())
        });
        let mut hub =
            Hub { interests: Interests::default(), joined: Vec::new(), coming: selections.collect() };
        let last = hub.coming.split_off(SESSIONS);
        hub.join();
        hub.coming = last;
        hub
    }

    pub fn of_2000() -> Hub {
        let mut hub = Hub::before_1000();
        hub.join();
        hub
    }

    pub fn join(&mut self) {
        for (session, selection) in (0..).zip(std::mem::take(&mut self.coming)) {
            self.joined.push(self.interests.join(&selection, LOGS, session).unwrap());
        }
    }

    /// Half of them leave, every second one.
    pub fn leave(&mut self) {
        for membership in self.joined.iter().step_by(2) {
            self.interests.leave(*membership, |_| unreachable!("nobody shares a selection"));
        }
    }

    /// How many want a message.
    pub fn find(&mut self, message: &Message) -> u32 {
        let mut found = 0;
        self.interests.matches(message, 0, &mut |InterestId(_)| found += 1);
        found
    }

    /// Two thousand are there, and somebody says something to one of them. Both are in boxes: moving them is not counted.
    pub fn of_2000_and_a_message() -> (Box<Hub>, Box<Message>) {
        let message = Message {
            channel: Channel::parse("users/1234/inbox").unwrap(),
            position: Position(1),
            previous: None,
            time: Time(0),
            id: None,
            publisher: None,
            expires: None,
            content: Content::default(),
        };
        (Box::new(Hub::of_2000()), Box::new(message))
    }
}
