//! What is said for later: once, or again and again; as it is asked for, kept and shown.
//!
//! When an occurrence is due is not decided here: that takes calendars and a clock.

use crate::archive;
use crate::door::item::{self, FIELDS};
use crate::door::{Own, bad, short};
use crate::put::Shown;
use crate::{Code, Publish, Refusal, ScheduleId, Time, When, envelope, json, limits};

/// The fields of a schedule that a message has not.
const OWN: &[&str] = &["cron", "missed", "zone"];
/// And those of its record, which nobody gives.
const GIVEN: &[&str] = &["at", "created", "publisher", "cron", "missed", "zone"];
/// The zone of a recurring schedule that names none.
const ZONE: &str = "UTC";

/// What becomes of an occurrence whose time passes while nobody can publish it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Missed {
    /// It is published as soon as it can be, marked as late; of several that were missed in a row, the first.
    #[default]
    Once,
    /// It is not published.
    Skip,
}

impl Missed {
    /// The word on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Missed::Once => "once",
            Missed::Skip => "skip",
        }
    }
}

/// When a schedule is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Timing {
    /// Once.
    Once(When),
    /// At every time that a cron expression means.
    Every {
        /// Five fields: minute, hour, day of the month, month, day of the week.
        cron: Box<str>,
        /// The time zone in which they are read, by its name in the IANA database.
        zone: Box<str>,
    },
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// What is to be published. Its `id` is that of the request.
    pub publish: Publish,
    /// When.
    pub timing: Timing,
    /// What becomes of what was missed.
    pub missed: Missed,
}

/// A schedule that is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// Its name.
    pub id: ScheduleId,
    /// When it is due next.
    pub at: Time,
    /// When it was made.
    pub created: Time,
    /// Who made it.
    pub publisher: Option<Box<str>>,
    /// What is asked for.
    pub schedule: Schedule,
}

impl Schedule {
    /// The schedule that a publish for later is; `None` for one that is not.
    pub fn of(publish: &Publish) -> Option<Schedule> {
        let timing = Timing::Once(publish.when?);
        let publish = Publish { when: None, ..publish.clone() };
        Some(Schedule { publish, timing, missed: Missed::default() })
    }

    /// Reads the body of a request: an envelope with `at`, `delay`, or `cron` and `zone`; and `missed`.
    pub fn read(text: &str) -> Result<Schedule, Refusal> {
        let object = item::members(text)?;
        let known = [FIELDS, OWN].concat();
        if let Some((name, _)) = object.iter().find(|(name, _)| !known.contains(&&**name)) {
            return Err(item::unknown(name, &known));
        }
        let (own, said) = Own::split(object, OWN);
        let mut publish = item::said(&said)?;
        let timing = match (publish.when.take(), every(&own)?) {
            (Some(when), None) => Timing::Once(when),
            (None, Some(every)) => every,
            (Some(_), Some(_)) => return Err(bad("cron", "give `cron`, `at` or `delay`, not two of them")),
            (None, None) => {
                return Err(bad(
                    "at",
                    "it is missing: say when with `at` or `delay`, or again and again with `cron`",
                ));
            }
        };
        Ok(Schedule { publish, timing, missed: missed(&own)? })
    }
}

impl Planned {
    /// The answer to whoever made it.
    pub fn write_receipt(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        self.place(out);
        out.push(b'}');
    }

    /// All of it, as people and programs see it.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        self.place(out);
        self.timing(out);
        json::quoted("created", self.created, out);
        self.message(out);
        envelope::body(&self.schedule.publish.content, out);
        out.push(b'}');
    }

    /// All of it, as it is stored.
    pub fn record(&self) -> Vec<u8> {
        let (publish, mut out) = (&self.schedule.publish, vec![b'{']);
        json::string("channel", publish.channel.as_str(), &mut out);
        json::quoted("at", self.at, &mut out);
        self.timing(&mut out);
        json::quoted("created", self.created, &mut out);
        if let Some(publisher) = &self.publisher {
            json::string("publisher", publisher, &mut out);
        }
        if let Some(id) = &publish.id {
            json::string("id", id, &mut out);
        }
        self.message(&mut out);
        archive::body(&publish.content, &mut out);
        out.push(b'}');
        out
    }

    /// Reads what is stored.
    pub fn read_record(id: ScheduleId, record: &[u8]) -> Result<Planned, Refusal> {
        let text = std::str::from_utf8(record)
            .map_err(|_| Refusal::new(Code::BAD_JSON, "the record is not UTF-8"))?;
        let (own, said) = Own::split(item::members(text)?, GIVEN);
        let at = own.moment("at")?;
        let timing = every(&own)?.unwrap_or(Timing::Once(When::At(at)));
        let publisher = own.text("publisher")?.map(|publisher| short("publisher", &publisher)).transpose()?;
        let schedule = Schedule { publish: item::build(&said)?, timing, missed: missed(&own)? };
        Ok(Planned { id, at, created: own.moment("created")?, publisher, schedule })
    }

    fn place(&self, out: &mut Vec<u8>) {
        json::quoted("schedule", Shown(self.id), out);
        json::string("channel", self.schedule.publish.channel.as_str(), out);
        json::quoted("at", self.at, out);
    }

    fn timing(&self, out: &mut Vec<u8>) {
        if let Timing::Every { cron, zone } = &self.schedule.timing {
            json::string("cron", cron, out);
            json::string("zone", zone, out);
        }
        json::string("missed", self.schedule.missed.name(), out);
    }

    fn message(&self, out: &mut Vec<u8>) {
        let publish = &self.schedule.publish;
        if let Some(ttl) = publish.ttl {
            json::string("ttl", &format!("{}ms", ttl.as_millis()), out);
        }
        envelope::details(&publish.content, None, out);
    }
}

/// How it recurs, if it does.
fn every(own: &Own<'_>) -> Result<Option<Timing>, Refusal> {
    let (cron, zone) = (own.text("cron")?, own.text("zone")?);
    let Some(cron) = cron else {
        return match zone {
            Some(_) => Err(bad("zone", "it is for `cron`; `at` has its offset in it")),
            None => Ok(None),
        };
    };
    if cron.len() > limits::CRON_BYTES {
        let why = format!("it has {} bytes; at most {} are allowed", cron.len(), limits::CRON_BYTES);
        return Err(bad("cron", why));
    }
    let zone = short("zone", zone.as_deref().unwrap_or(ZONE))?;
    Ok(Some(Timing::Every { cron: cron.into(), zone }))
}

fn missed(own: &Own<'_>) -> Result<Missed, Refusal> {
    match own.text("missed")?.as_deref() {
        None | Some("once") => Ok(Missed::Once),
        Some("skip") => Ok(Missed::Skip),
        Some(_) => Err(bad("missed", "it is `once` or `skip`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    fn planned(schedule: Schedule) -> Planned {
        let (at, created) = (Time(1_795_428_000_000), Time(1_795_000_000_001));
        Planned { id: ScheduleId(17), at, created, publisher: Some("p".into()), schedule }
    }

    #[test]
    fn what_is_asked_is_read_and_what_is_stored_comes_back() {
        let every = r#"{"channel":"a/b","cron":"0 9 * * 1-5","zone":"Europe/Berlin","missed":"skip","key":"k",
                        "ttl":5,"tags":{"n":1},"id":"i","body":{"a": 1}}"#;
        let schedule = Schedule::read(every).unwrap();
        let timing = Timing::Every { cron: "0 9 * * 1-5".into(), zone: "Europe/Berlin".into() };
        assert_eq!((&schedule.timing, schedule.missed), (&timing, Missed::Skip));
        assert_eq!(schedule.publish.ttl, Some(Duration::from_secs(5)));
        let kept = planned(schedule);
        assert_eq!(Planned::read_record(kept.id, &kept.record()), Ok(kept.clone()));
        let mut shown = Vec::new();
        kept.write(&mut shown);
        assert_eq!(
            String::from_utf8(shown).unwrap(),
            r#"{"schedule":"0000000000000011","channel":"a/b","at":"2026-11-23T10:00:00.000Z","cron":"0 9 * * 1-5","zone":"Europe/Berlin","missed":"skip","created":"2026-11-18T11:06:40.001Z","ttl":"5000ms","key":"k","tags":{"n":1},"content_type":"application/json","body":{"a": 1}}"#
        );
        let once = Schedule::read(r#"{"channel":"a","delay":"1h","body":""}"#).unwrap();
        assert_eq!(once.timing, Timing::Once(When::In(Duration::from_secs(3600))));
        let at = Schedule::read(r#"{"channel":"a","at":1795428000,"body":""}"#).unwrap();
        assert_eq!(at.timing, Timing::Once(When::At(Time(1_795_428_000_000))));
        let defaults = Schedule::read(r#"{"channel":"a","cron":"* * * * *","body":""}"#).unwrap();
        assert!(matches!(&defaults.timing, Timing::Every { zone, .. } if &**zone == "UTC"));
    }

    #[test]
    fn what_is_wrong_with_a_schedule_is_said() {
        let cron = "x".repeat(limits::CRON_BYTES + 1);
        for (fields, code, why) in [
            (r#""body":"""#.to_owned(), Code::BAD_FIELD, "at: it is missing"),
            (r#""body":"","at":1,"delay":1"#.to_owned(), Code::BAD_FIELD, "not both"),
            (r#""body":"","at":1,"cron":"* * * * *""#.to_owned(), Code::BAD_FIELD, "not two of them"),
            (r#""body":"","at":1,"zone":"UTC""#.to_owned(), Code::BAD_FIELD, "zone: it is for `cron`"),
            (r#""body":"","at":1,"missed":"twice""#.to_owned(), Code::BAD_FIELD, "missed: it is `once`"),
            (r#""body":"","at":"soon""#.to_owned(), Code::BAD_FIELD, "at: `soon` is not an RFC 3339"),
            (r#""body":"","delay":"soon""#.to_owned(), Code::BAD_FIELD, "delay: `soon` is not a duration"),
            (format!(r#""body":"","cron":"{cron}""#), Code::BAD_FIELD, "129 bytes"),
            (r#""at":1"#.to_owned(), Code::BAD_FIELD, "body: it is missing"),
            (r#""body":"","crom":"* * * * *""#.to_owned(), Code::UNKNOWN_FIELD, "`cron`?"),
            (
                r#""body":"","replaces":1"#.to_owned(),
                Code::BAD_FIELD,
                "replaces: an edit or a delete is done at once",
            ),
        ] {
            let refusal = Schedule::read(&format!(r#"{{"channel":"a",{fields}}}"#)).expect_err(&fields);
            assert!(refusal.code == code && refusal.detail.contains(why), "{fields}: {refusal}");
        }
    }

    #[test]
    fn what_is_over_is_now_and_what_is_too_far_is_refused() {
        let now = Time(1_795_428_000_000);
        assert_eq!(When::At(Time(1)).moment(now), Ok(now));
        assert_eq!(
            When::At(now.after(limits::SCHEDULE_TIME)).moment(now),
            Ok(now.after(limits::SCHEDULE_TIME))
        );
        let far = limits::SCHEDULE_TIME + Duration::from_millis(1);
        for when in [When::In(far), When::At(now.after(far)), When::In(Duration::MAX)] {
            assert!(when.moment(now).unwrap_err().detail.contains("more than 366 days ahead"));
        }
    }

    proptest! {
        #[test]
        fn any_body_comes_back(body: Vec<u8>, text: String, json in any::<bool>()) {
            for body in [body, text.into_bytes()] {
                let mut schedule = Schedule::read(r#"{"channel":"a","at":1795428000,"body":""}"#).unwrap();
                schedule.publish.content.body = body.into();
                schedule.publish.content.content_type = json.then(|| "application/json".into());
                let kept = planned(schedule);
                prop_assert_eq!(Planned::read_record(kept.id, &kept.record()), Ok(kept));
            }
        }

        #[test]
        fn any_text_is_answered(text in ".{0,200}") {
            let _ = Schedule::read(&text);
            let _ = Planned::read_record(ScheduleId(1), text.as_bytes());
        }
    }
}
