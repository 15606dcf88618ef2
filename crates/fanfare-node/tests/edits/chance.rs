//! A reader of what is current that is cut, and is slow, against a list.

use crate::says::{delete, edit, say};
use crate::story::{self, Story};
use fanfare_proto::{Cursor, Position, Start, View, limits};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// The cursor of the last line that has one.
fn cursor(lines: &[serde_json::Value]) -> Option<Cursor> {
    lines.iter().rev().find_map(|line| Cursor::parse(line["cursor"].as_str()?).ok())
}

#[derive(Debug, Clone)]
enum Step {
    Say(usize),
    Edit(prop::sample::Index),
    Delete(prop::sample::Index),
    Turn,
    Settle,
    Full(bool),
    Cut,
}

const CHANNELS: [&str; 3] = ["kept/a", "kept/b", "live/a"];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..CHANNELS.len()).prop_map(Step::Say),
        4 => any::<prop::sample::Index>().prop_map(Step::Edit),
        2 => any::<prop::sample::Index>().prop_map(Step::Delete),
        3 => Just(Step::Turn),
        2 => Just(Step::Settle),
        2 => any::<bool>().prop_map(Step::Full),
        2 => Just(Step::Cut),
    ]
}

/// A message by its log and position.
type Place = (bool, u64);

struct Walk {
    story: Story,
    said: BTreeMap<Place, (&'static str, String)>,
    /// What the reader shows: the body, and the edit that it is of.
    shown: BTreeMap<Place, (String, u64)>,
    told: Vec<Place>,
    cursor: Option<Cursor>,
    count: usize,
}

impl Walk {
    fn body(&mut self) -> String {
        self.count += 1;
        format!("body {}", self.count)
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Say(channel) => {
                let (to, body) = (CHANNELS[*channel], self.body());
                let position = say(&self.story, to, &body);
                self.said.insert((to.starts_with("live"), position.0), (to, body));
            }
            Step::Edit(index) | Step::Delete(index) if !self.said.is_empty() => {
                let places: Vec<Place> = self.said.keys().copied().collect();
                let (place, body) = (*index.get(&places), self.body());
                let to = self.said[&place].0;
                if matches!(step, Step::Edit(_)) {
                    edit(&self.story, to, Position(place.1), &body);
                    self.said.insert(place, (to, body));
                } else {
                    delete(&self.story, to, Position(place.1));
                    self.said.remove(&place);
                }
            }
            Step::Edit(_) | Step::Delete(_) => {}
            Step::Turn => self.story.turn(),
            Step::Settle => self.settle(),
            Step::Full(full) => {
                self.story.socket.full = *full;
                self.story.desk.writable(0);
            }
            Step::Cut => self.cut(),
        }
    }

    fn settle(&mut self) {
        if !self.story.socket.full {
            self.story.desk.writable(0);
            self.story.settle();
        }
    }

    /// Takes what was heard, and begins again after it.
    fn cut(&mut self) {
        self.take();
        let start = self.cursor.clone().map_or(Start::Oldest, Start::After);
        self.story.open_viewed(0, &["**"], start, View::Current);
    }

    fn take(&mut self) {
        let lines = self.story.lines();
        self.story.socket.heard.clear();
        self.cursor = cursor(&lines).or(self.cursor.take());
        for line in lines {
            let Some(position) = line["position"].as_u64() else { continue };
            let live = line["channel"].as_str().unwrap().starts_with("live");
            let body = || line["body"].as_str().unwrap().to_owned();
            assert!(line["deleted"].is_null(), "{line}");
            if let Some(target) = line["replaces"].as_u64() {
                if let Some(shown) = self.shown.get_mut(&(live, target)).filter(|(_, edit)| *edit < position)
                {
                    *shown = (body(), position);
                }
            } else if let Some(target) = line["deletes"].as_u64() {
                self.shown.remove(&(live, target));
            } else {
                let edit = line["edited"].as_u64().unwrap_or(0);
                self.shown.insert((live, position), (body(), edit));
                self.told.push((live, position));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(
        std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(400)) })]
    #[test]
    fn a_reader_of_what_is_current_shows_what_is_current(
        steps in prop::collection::vec(step(), 1..60),
        tail in prop_oneof![Just(1), Just(4), Just(limits::TAIL_SLOTS)],
    ) {
        let story = Story::on(story::memory(), tail);
        let (said, shown, told) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        let mut walk = Walk { story, said, shown, told, cursor: None, count: 0 };
        walk.cut();
        steps.iter().for_each(|step| walk.step(step));
        walk.story.socket.full = false;
        walk.settle();
        walk.take();
        let said: BTreeMap<Place, String> = walk.said.into_iter().map(|(place, (_, body))| (place, body)).collect();
        let shown: BTreeMap<Place, String> =
            walk.shown.into_iter().map(|(place, (body, _))| (place, body)).collect();
        prop_assert_eq!(shown, said);
        let count = walk.told.len();
        walk.told.sort_unstable();
        walk.told.dedup();
        prop_assert_eq!(walk.told.len(), count, "each original is told once");
    }
}
