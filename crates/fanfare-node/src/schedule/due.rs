//! What becomes of a schedule that is due. What time it is is an argument.

use super::calendar::Calendar;
use fanfare_proto::{Missed, Planned, Publish, Refusal, TagValue, Time, Timing, limits};
use std::time::Duration;

/// The tag of what is published late: by how many seconds.
pub(super) const LATE: &str = "late";

/// One occurrence.
#[derive(Debug, PartialEq)]
pub(super) struct Occurrence {
    /// What is published; nothing, if it was missed and is not to be made up for.
    pub(super) publish: Option<Publish>,
    /// The schedule as it goes on; `None` ends it.
    pub(super) next: Option<Planned>,
}

/// The occurrence of a schedule that is due. Of several that were missed it is the first; the others are left out.
pub(super) fn occurrence(planned: &Planned, now: Time) -> Result<Occurrence, Refusal> {
    let next = match &planned.schedule.timing {
        Timing::Once(_) => None,
        Timing::Every { cron, zone } => {
            let next = Calendar::parse(cron, zone)?.next(now.max(planned.at));
            next.map(|at| Planned { at, ..planned.clone() })
        }
    };
    let late = Duration::from_millis(now.0.saturating_sub(planned.at.0));
    let is_late = late > limits::SCHEDULE_LATE;
    let skipped = is_late && planned.schedule.missed == Missed::Skip;
    let publish = (!skipped).then(|| {
        let mut publish = planned.schedule.publish.clone();
        publish.id = Some(format!("{}/{}", planned.id, planned.at).into());
        if is_late {
            let late = TagValue::Number(late.as_secs() as f64);
            publish.content.tags.insert(LATE.into(), late);
        }
        publish
    });
    Ok(Occurrence { publish, next })
}

#[cfg(test)]
mod tests {
    use super::*;
    use fanfare_proto::{Schedule, ScheduleId};

    fn planned(fields: &str, at: &str) -> Planned {
        let schedule = Schedule::read(&format!(r#"{{"channel":"a","body":"x","id":"i",{fields}}}"#)).unwrap();
        let at = Time::parse(at).unwrap();
        Planned { id: ScheduleId(7), at, created: Time(0), publisher: None, schedule }
    }

    #[test]
    fn what_is_due_late_and_missed() {
        const ONCE: &str = r#""at":1"#;
        const DAILY: &str = r#""cron":"0 9 * * *","zone":"Europe/Berlin""#;
        for (fields, skip, now, published, late, next) in [
            (ONCE, false, "2026-11-27T08:00:00Z", true, None, None),
            (ONCE, false, "2026-11-27T08:01:00Z", true, None, None),
            (ONCE, false, "2026-11-27T08:01:01Z", true, Some(61.0), None),
            (ONCE, true, "2026-11-27T08:01:00Z", true, None, None),
            (ONCE, true, "2026-11-27T08:01:01Z", false, None, None),
            (DAILY, false, "2026-11-27T08:00:00.02Z", true, None, Some("2026-11-28T08:00:00Z")),
            (DAILY, false, "2026-11-30T07:59:00Z", true, Some(259_140.0), Some("2026-11-30T08:00:00Z")),
            (DAILY, true, "2026-11-30T07:59:00Z", false, None, Some("2026-11-30T08:00:00Z")),
        ] {
            let missed = if skip { r#","missed":"skip""# } else { "" };
            let planned = planned(&format!("{fields}{missed}"), "2026-11-27T08:00:00Z");
            let found = occurrence(&planned, Time::parse(now).unwrap()).unwrap();
            let publish = found.publish.as_ref();
            let id = publish.map(|publish| publish.id.as_deref().unwrap());
            assert_eq!(
                id,
                published.then_some("0000000000000007/2026-11-27T08:00:00.000Z"),
                "{fields} {now}"
            );
            let tag = publish.and_then(|publish| publish.content.tags.get(LATE).cloned());
            assert_eq!(tag, late.map(TagValue::Number), "{fields} {now}");
            let next = next.map(|at| Planned { at: Time::parse(at).unwrap(), ..planned });
            assert_eq!(found.next, next, "{fields} {now}");
        }
    }
}
