//! Conditions: what is asked and refused, and what follows from messages and from time, against an evaluator that looks
//! through everything that was ever said.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use fanfare_proto::{
    Channel, Code, Condition, ConditionId, ConditionState, ConditionView, Content, Cursor, CursorPart, Epoch,
    Judge, KeptCondition, LogId, Message, Occurrence, Phase, Position, Rule, TagValue, Time, Turn, Verdict,
    limits,
};
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;

fn read(fields: &str) -> Condition {
    Condition::read(&format!(r#"{{"channel":"alerts","body":"hot",{fields}}}"#)).unwrap()
}

fn cursor() -> Cursor {
    Cursor::new([CursorPart { log: LogId::KEPT, epoch: Epoch(7), position: Position(5) }])
}

const HOT: &str = r#""watch":"sensors/*","when":"body.temp > 90","until":"body.temp < 85","for":"60s""#;

#[test]
fn what_is_asked_is_read_kept_and_shown() {
    let text = r#"{"channel":"alerts","watch":"sensors/*","when":"body.temp > 90","until":"body.temp<85","for":60,
        "repeat":"10m","pause":"1m","clear":{"over": true},"body":"hot","key":"k","ttl":"1h","tags":{"n":1}}"#;
    let condition = Condition::read(text).unwrap();
    assert_eq!(
        (condition.repeat, condition.pause),
        (Some(Duration::from_secs(600)), Duration::from_secs(60))
    );
    assert!(matches!(&condition.rule, Rule::Holds { time, .. } if *time == Duration::from_secs(60)));
    let kept = KeptCondition {
        id: ConditionId(17),
        created: Time(1_795_428_000_000),
        publisher: Some("p".into()),
        text: text.into(),
        condition: condition.clone(),
    };
    assert_eq!(KeptCondition::read_record(kept.id, &kept.record()), Ok(kept.clone()));
    let state = ConditionState::begin(&condition, cursor(), Time(0));
    let mut shown = Vec::new();
    ConditionView { kept: Arc::new(kept), state, pending: 1, firing: 0 }.write(&mut shown);
    let shown = String::from_utf8(shown).unwrap();
    for part in [
        r#"{"condition":"0000000000000011","channel":"alerts","watch":"sensors/*","when":"body.temp > 90","#,
        r#""until":"body.temp < 85","for":"1m","repeat":"10m","pause":"1m","created":"2026-"#,
        r#""state":"pending","pending":1,"firing":0,"published":0,"#,
        r#""ttl":"1h","key":"k","tags":{"n":1},"body":"hot","clear":{"over": true}}"#,
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let defaults = read(r#""watch":"a","silent":"5m""#);
    assert_eq!((defaults.repeat, defaults.pause), (None, limits::CONDITION_PAUSE));
    assert!(matches!(defaults.rule, Rule::Silent { when: None, .. }));
}

#[test]
fn what_is_wrong_with_a_condition_is_said() {
    for (fields, code, why) in [
        (r#""when":"priority > 3""#, Code::BAD_FIELD, "watch: it is missing"),
        (r#""watch":"a""#, Code::BAD_FIELD, "when: it is missing"),
        (r#""watch":"a//b","when":"priority > 3""#, Code::BAD_NAME, "watch: `a//b`"),
        (r#""watch":"alerts","when":"priority > 3""#, Code::BAD_FIELD, "channel: `alerts` is watched by"),
        (r#""watch":"**","when":"priority > 3""#, Code::BAD_FIELD, "channel: `alerts` is watched by"),
        (r#""watch":"a","when":"priority >""#, Code::BAD_FILTER, "when: "),
        (r#""watch":"a","when":"priority > 3","until":"= 3""#, Code::BAD_FILTER, "until: "),
        (
            r#""watch":"a","when":"priority > 3","for":"soon""#,
            Code::BAD_FIELD,
            "for: `soon` is not a duration",
        ),
        (r#""watch":"a","when":"priority > 3","for":"400d""#, Code::BAD_FIELD, "0s to 52w2d are allowed"),
        (r#""watch":"a","silent":0"#, Code::BAD_FIELD, "silent: it is 0s; 1s to"),
        (r#""watch":"a","silent":5,"for":5"#, Code::BAD_FIELD, "for: it is not for `silent`"),
        (
            r#""watch":"a","silent":5,"until":"priority > 3""#,
            Code::BAD_FIELD,
            "until: it is not for `silent`",
        ),
        (r#""watch":"a","silent":5,"pause":"10ms""#, Code::BAD_FIELD, "pause: it is 10ms; 1s to"),
        (r#""watch":"a","silent":5,"repeat":0"#, Code::BAD_FIELD, "repeat: it is 0s; 1s to"),
        (r#""watch":"a","silent":5,"at":5"#, Code::UNKNOWN_FIELD, "`at`"),
        (r#""watch":"a","silent":5,"whenn":"x""#, Code::UNKNOWN_FIELD, "`when`?"),
    ] {
        let refusal = Condition::read(&format!(r#"{{"channel":"alerts","body":"x",{fields}}}"#));
        let refusal = refusal.map(drop).expect_err(fields);
        assert!(refusal.code == code && refusal.detail.contains(why), "{fields}: {refusal}");
    }
    let silent = Condition::read(r#"{"channel":"b","watch":"a","silent":5}"#).unwrap_err();
    assert!(silent.detail.starts_with("body: it is missing"), "{silent}");
    let tags: Vec<String> = (0..=limits::CONDITION_TAGS).map(|tag| format!(r#""t{tag}":1"#)).collect();
    let many = format!(r#"{{"channel":"b","body":"","watch":"a","silent":5,"tags":{{{}}}}}"#, tags.join(","));
    assert!(Condition::read(&many).unwrap_err().detail.starts_with("tags: 28 tags"));
}

fn message(body: &str) -> Message {
    Message {
        channel: Channel::parse("sensors/boiler").unwrap(),
        position: Position(1),
        previous: None,
        time: Time(0),
        id: None,
        publisher: None,
        expires: None,
        content: Content { body: body.to_owned().into(), ..Content::default() },
    }
}

#[test]
fn filters_judge_and_the_message_says_what_set_it_off() {
    let condition = read(&format!("{HOT},\"clear\":\"cool again\""));
    let mut judge = Judge::new(&condition);
    let mut verdict = |temp: u32| judge.verdict(&message(&format!("{{\"temp\":{temp}}}")));
    assert_eq!(verdict(95), Verdict { when: true, until: false });
    assert_eq!(verdict(87), Verdict { when: false, until: false });
    assert_eq!(verdict(80), Verdict { when: false, until: true });
    let occurrence = |turn| Occurrence {
        number: 3,
        turn,
        channel: "sensors/boiler".into(),
        position: Some(Position(7)),
        due: Time(5_000),
    };
    let fires = condition.message(ConditionId(1), &occurrence(Turn::Fires), Time(6_000));
    assert_eq!(fires.id.as_deref(), Some("0000000000000001/3"));
    assert_eq!((&*fires.content.body, fires.content.tags.contains_key("late")), (&b"hot"[..], false));
    for (name, value) in [
        ("condition", TagValue::Text("0000000000000001".into())),
        ("condition_channel", TagValue::Text("sensors/boiler".into())),
        ("condition_position", TagValue::Number(7.0)),
        ("condition_state", TagValue::Text("fires".into())),
    ] {
        assert_eq!(fires.content.tags[name], value);
    }
    let clears = condition.message(ConditionId(1), &occurrence(Turn::Clears), Time(105_000));
    assert_eq!(&*clears.content.body, b"cool again");
    assert_eq!(clears.content.tags["late"], TagValue::Number(100.0));
}

#[test]
fn channels_that_are_too_many_are_counted_and_others_go_on() {
    let condition = read(HOT);
    let mut state = ConditionState::begin(&condition, cursor(), Time(0));
    let mut out = Vec::new();
    let hot = Verdict { when: true, until: false };
    for number in 0..limits::CONDITION_CHANNELS as u64 + 5 {
        let place = (Position(number), Time(number));
        state.hear(&condition, &format!("sensors/{number}"), place, hot, usize::MAX, &mut out);
    }
    assert_eq!((state.channels.len(), state.left_out), (limits::CONDITION_CHANNELS, 5));
    state.hear(
        &condition,
        "sensors/0",
        (Position(9999), Time(9_999)),
        Verdict { when: false, until: true },
        usize::MAX,
        &mut out,
    );
    state.hear(&condition, "sensors/1004", (Position(10_000), Time(10_000)), hot, usize::MAX, &mut out);
    assert_eq!((state.channels.len(), state.left_out), (limits::CONDITION_CHANNELS, 5));
    // Many that are due at one time come in turns.
    state.pass(&condition, Time(80_000), 10, &mut out);
    assert_eq!((out.len(), state.count(Phase::Firing)), (10, 10));
    assert!(state.next(&condition).unwrap() <= Time(80_000));
    state.pass(&condition, Time(80_000), usize::MAX, &mut out);
    assert_eq!((out.len(), state.next(&condition)), (limits::CONDITION_CHANNELS, None));
}

/// One thing that happens.
#[derive(Debug, Clone)]
enum Step {
    Said {
        channel: usize,
        when: bool,
        until: bool,
    },
    Passes,
    /// The server ends and starts again.
    Restarts,
}

/// What was said in a channel: when, and what the filters say.
type Said = (Time, Verdict);

/// One channel, as somebody sees it who forgets nothing and looks through all of it each time.
#[derive(Default)]
struct Naive {
    said: Vec<Said>,
    /// When it was found true, and how many messages had been said then.
    fired: Vec<(Time, usize)>,
    repeated: Option<Time>,
}

impl Naive {
    fn silent(condition: &Condition) -> bool {
        matches!(condition.rule, Rule::Silent { .. })
    }

    /// The message that ended the last firing.
    fn over(&self, condition: &Condition) -> Option<usize> {
        let (_, from) = self.fired.last()?;
        let ends = |verdict: &Verdict| if Naive::silent(condition) { verdict.when } else { verdict.until };
        (*from..self.said.len()).find(|index| ends(&self.said[*index].1))
    }

    fn is_firing(&self, condition: &Condition) -> bool {
        !self.fired.is_empty() && self.over(condition).is_none()
    }

    /// When it becomes true if nothing more is said.
    fn due(&self, condition: &Condition) -> Option<Time> {
        let since = match &condition.rule {
            Rule::Silent { time, .. } => self.said.iter().rfind(|(_, verdict)| verdict.when)?.0.after(*time),
            Rule::Holds { time, .. } => {
                let first = self.over(condition).map_or(0, |over| over + 1);
                let broken = (first..self.said.len()).rfind(|index| !self.said[*index].1.when);
                self.said.get(broken.map_or(first, |broken| broken + 1))?.0.after(*time)
            }
        };
        Some(self.last().map_or(since, |last| since.max(last.after(condition.pause))))
    }

    fn last(&self) -> Option<Time> {
        self.fired.last().map(|(time, _)| *time).max(self.repeated)
    }

    fn fire(&mut self, condition: &Condition, now: Time) -> Option<Turn> {
        if self.is_firing(condition) || self.due(condition)? > now {
            return None;
        }
        self.fired.push((now, self.said.len()));
        Some(Turn::Fires)
    }

    fn hear(&mut self, condition: &Condition, now: Time, verdict: Verdict) -> Vec<Turn> {
        let mut turns = Vec::from_iter(self.fire(condition, now));
        let was_firing = self.is_firing(condition);
        self.said.push((now, verdict));
        if was_firing && !self.is_firing(condition) {
            turns.extend(condition.clear.as_ref().map(|_| Turn::Clears));
        } else {
            turns.extend(self.fire(condition, now));
        }
        turns
    }

    fn pass(&mut self, condition: &Condition, now: Time) -> Option<Turn> {
        if !self.is_firing(condition) {
            return self.fire(condition, now);
        }
        let last = self.last()?;
        let again = last.after(condition.repeat?).max(last.after(condition.pause));
        (again <= now).then(|| self.repeated = Some(now)).map(|()| Turn::Repeats)
    }

    /// A time in which nobody listened is no silence.
    fn resume(&mut self, condition: &Condition, away: Duration) {
        if Naive::silent(condition) && !self.is_firing(condition) {
            self.said.iter_mut().for_each(|(time, _)| *time = time.after(away));
        }
    }
}

fn condition() -> impl Strategy<Value = Condition> {
    let times = prop::sample::select(&[0u64, 5, 30, 60][..]);
    let options = (any::<bool>(), any::<bool>(), any::<bool>(), prop::sample::select(&[1u64, 7, 40][..]));
    (any::<bool>(), times, options).prop_map(|(silent, time, (until, clear, repeat, pause))| {
        let mut fields = format!(r#""watch":"c/*","pause":{pause}"#);
        match silent {
            true => fields.push_str(&format!(r#","silent":{}"#, time.max(1))),
            false => fields.push_str(&format!(r#","when":"priority > 3","for":{time}"#)),
        }
        for (is_said, said) in [
            (until && !silent, r#","until":"priority = 1""#),
            (clear, r#","clear":"over""#),
            (repeat, r#","repeat":20"#),
        ] {
            fields.push_str(if is_said { said } else { "" });
        }
        read(&fields)
    })
}

fn step() -> impl Strategy<Value = (Step, i64)> {
    let said = (0usize..3, any::<bool>(), any::<bool>()).prop_map(|(channel, when, until)| Step::Said {
        channel,
        when,
        until,
    });
    let step = prop_oneof![6 => said, 3 => Just(Step::Passes), 1 => Just(Step::Restarts)];
    // Now and then the clock jumps, also back.
    let time = prop_oneof![8 => 0i64..20_000, 1 => 0i64..200_000, 1 => -50_000i64..0];
    (step, time)
}

proptest! {
    #[test]
    fn what_follows_is_what_a_naive_evaluator_says(
        condition in condition(),
        steps in prop::collection::vec(step(), 0..60),
    ) {
        let names = ["c/0", "c/1", "c/2"];
        let mut naive = [(); 3].map(|()| Naive::default());
        let mut state = ConditionState::begin(&condition, cursor(), Time(1_000_000));
        let (mut clock, mut latest, mut position) = (1_000_000i64, Time(1_000_000), 0);
        let mut published = 0;
        for (step, time) in steps {
            clock += time;
            let now = Time(clock.max(0) as u64);
            let away = Duration::from_millis(now.0.saturating_sub(latest.0));
            latest = latest.max(now);
            let (mut found, mut expected) = (Vec::new(), Vec::new());
            match step {
                Step::Said { channel, when, until } => {
                    let follows = matches!(&condition.rule, Rule::Holds { until: Some(_), .. });
                    let verdict = Verdict { when, until: if follows { until } else { !when } };
                    position += 3;
                    state.hear(&condition, names[channel], (Position(position), now), verdict, usize::MAX, &mut found);
                    let turns = naive[channel].hear(&condition, latest, verdict);
                    expected.extend(turns.into_iter().map(|turn| (turn, names[channel])));
                }
                Step::Passes => {
                    state.pass(&condition, now, usize::MAX, &mut found);
                    for (naive, name) in naive.iter_mut().zip(names) {
                        expected.extend(naive.pass(&condition, latest).map(|turn| (turn, name)));
                    }
                    prop_assert!(state.next(&condition).is_none_or(|next| next > latest));
                }
                Step::Restarts => {
                    state = ConditionState::read_record(&state.record()).unwrap();
                    state.resume(&condition, now);
                    naive.iter_mut().for_each(|naive| naive.resume(&condition, away));
                }
            }
            let said: Vec<_> = found.iter().map(|said| (said.turn, &*said.channel)).collect();
            prop_assert_eq!(said, expected);
            for occurrence in &found {
                published += 1;
                prop_assert_eq!(occurrence.number, published);
                prop_assert!(occurrence.due <= latest);
            }
            for (naive, name) in naive.iter().zip(names) {
                let phase = state.channels.get(name).map_or(Phase::Quiet, |standing| standing.phase);
                prop_assert_eq!(phase == Phase::Firing, naive.is_firing(&condition));
            }
        }
    }

    #[test]
    fn any_text_is_answered(text in ".{0,200}") {
        let _ = Condition::read(&text);
        let _ = KeptCondition::read_record(ConditionId(1), text.as_bytes());
        let _ = ConditionState::read_record(text.as_bytes());
    }
}
