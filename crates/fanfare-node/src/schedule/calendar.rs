//! When a recurring schedule is due: cron expressions in a time zone.
//!
//! Where clocks are put forward, a time that is left out is the first moment after the hole; where they are put back, a
//! time that comes twice counts once. An expression that says "every" for minutes or hours (`*`, `*/5`) goes by elapsed
//! time instead: it has nothing to make up for in the hole, and goes on through the hour that comes twice.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use fanfare_proto::{Code, Refusal, Time};
use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

/// Zones of the IANA database as it was when this was built, so that a server needs none beside it.
fn zones() -> TimeZoneDatabase {
    TimeZoneDatabase::bundled()
}

/// A cron expression in its zone.
pub(super) struct Calendar {
    cron: Cron,
    zone: TimeZone,
}

impl Calendar {
    /// Reads both; the refusal says what is wrong with which.
    pub(super) fn parse(cron: &str, zone: &str) -> Result<Calendar, Refusal> {
        let cron = cron_of(cron).map_err(|why| bad("cron", why))?;
        let zone = zones().get(zone).map_err(|_| {
            let shown: String = zone.chars().take(64).collect();
            bad("zone", format!("`{shown}` is not a name of the IANA database, such as UTC or Europe/Berlin"))
        })?;
        Ok(Calendar { cron, zone })
    }

    /// The first time after a moment, if there is one.
    pub(super) fn next(&self, after: Time) -> Option<Time> {
        let after = Timestamp::from_millisecond(i64::try_from(after.0).ok()?).ok()?;
        let next = self.cron.find_next_occurrence(&after.to_zoned(self.zone.clone()), false).ok()?;
        u64::try_from(next.timestamp().as_millisecond()).ok().map(Time)
    }
}

/// The parts of an expression, and what each may be.
const PARTS: [(&str, &str); 5] = [
    ("minute", "0 to 59"),
    ("hour", "0 to 23"),
    ("day of the month", "1 to 31, or L for the last"),
    ("month", "1 to 12, or JAN to DEC"),
    ("day of the week", "0 to 7, or SUN to SAT"),
];
/// One that works.
const EXAMPLE: &str = "`0 9 * * 1-5` is at nine from Monday to Friday";

/// Reads an expression; the error says which of its parts is wrong. Others have names such as `@daily`; here there is one way to
/// say it.
fn cron_of(text: &str) -> Result<Cron, String> {
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    let parts: Vec<&str> = text.split_whitespace().collect();
    let names = PARTS.map(|(name, _)| name).join(", ");
    if parts.len() != PARTS.len() || text.contains('@') {
        let shown = text.escape_debug();
        return Err(format!("`{shown}` has not the five parts that it needs: {names}; {EXAMPLE}"));
    }
    let alone = |at: usize| {
        let mut others = ["*"; PARTS.len()];
        others[at] = parts[at];
        others.join(" ")
    };
    if let Some(at) = (0..PARTS.len()).find(|at| parser.parse(&alone(*at)).is_err()) {
        let ((name, allowed), shown) = (PARTS[at], parts[at].escape_debug());
        let rest = "`*`, and lists, ranges and steps such as 1,3 or 2-5 or */2";
        return Err(format!("the {name} is `{shown}`; {allowed} are allowed, {rest}; {EXAMPLE}"));
    }
    parser.parse(text).map_err(|_| {
        let shown = text.escape_debug();
        format!("`{shown}` means no time, though each of its parts alone does; {EXAMPLE}")
    })
}

fn bad(field: &str, why: impl std::fmt::Display) -> Refusal {
    Refusal::new(Code::BAD_FIELD, format!("{field}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn moment(text: &str) -> Time {
        Time::parse(text).unwrap()
    }

    /// So many times after a moment, as the zone's clock shows them.
    fn times(cron: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
        let calendar = Calendar::parse(cron, zone).unwrap();
        let mut at = moment(after);
        let mut next = || {
            at = calendar.next(at).unwrap();
            let shown = Timestamp::from_millisecond(at.0 as i64).unwrap().to_zoned(calendar.zone.clone());
            shown.strftime("%m-%d %H:%M%:::z").to_string()
        };
        (0..count).map(|_| next()).collect()
    }

    #[test]
    fn what_is_wrong_is_named_with_what_is_allowed() {
        for (cron, says) in [
            ("soon", "has not the five parts"),
            ("", "`` has not the five parts that it needs: minute, hour, "),
            ("0 9 * *", "`0 9 * *` has not the five parts"),
            ("@daily", "`@daily` has not the five parts"),
            ("0 0 9 * * 1", "has not the five parts"),
            ("60 9 * * *", "the minute is `60`; 0 to 59 are allowed, "),
            ("0 25 * * 1-5", "the hour is `25`; 0 to 23 are allowed"),
            ("0 9 32 * *", "the day of the month is `32`; 1 to 31"),
            ("0 9 * FOO *", "the month is `FOO`; 1 to 12, or JAN to DEC"),
            ("0 9 * * 1-", "the day of the week is `1-`; 0 to 7, or SUN to SAT"),
            ("0 */0 * * *", "the hour is `*/0`; "),
        ] {
            let Err(refusal) = Calendar::parse(cron, "UTC") else { panic!("{cron}") };
            let detail = &refusal.detail;
            assert!(detail.starts_with("cron: ") && detail.ends_with(EXAMPLE), "{cron}: {detail}");
            assert!(detail.contains(says), "{cron}: {detail}");
        }
        let works = EXAMPLE.split('`').nth(1).unwrap();
        assert!(Calendar::parse(works, "UTC").is_ok());
    }

    #[test]
    fn days_on_which_clocks_are_put_forward_or_back() {
        for (cron, zone, after, expected) in [
            // Berlin: 2026-03-29 02:00 becomes 03:00, 2026-10-25 03:00 becomes 02:00.
            (
                "0 9 * * *",
                "Europe/Berlin",
                "2026-03-28T00:00:00Z",
                &["03-28 09:00+01", "03-29 09:00+02", "03-30 09:00+02"][..],
            ),
            (
                "30 2 * * *",
                "Europe/Berlin",
                "2026-03-28T00:00:00Z",
                &["03-28 02:30+01", "03-29 03:00+02", "03-30 02:30+02"],
            ),
            ("0 2,3 * * *", "Europe/Berlin", "2026-03-29T00:30:00Z", &["03-29 03:00+02", "03-30 02:00+02"]),
            ("30 2 * * *", "Europe/Berlin", "2026-10-24T00:30:00Z", &["10-25 02:30+02", "10-26 02:30+01"]),
            ("30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", &["10-26 02:30+01"]),
            ("30 2 * * *", "Europe/Berlin", "2026-10-25T00:45:00Z", &["10-26 02:30+01"]),
            (
                "30 * * * *",
                "Europe/Berlin",
                "2026-10-25T00:00:00Z",
                &["10-25 02:30+02", "10-25 02:30+01", "10-25 03:30+01"],
            ),
            ("30 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", &["03-29 01:30+01", "03-29 03:30+02"]),
            // New York, where it is the second Sunday of March and the first of November.
            ("30 2 * * 0", "America/New_York", "2027-03-13T12:00:00Z", &["03-14 03:00-04", "03-21 02:30-04"]),
            ("30 1 * * *", "America/New_York", "2026-11-01T00:00:00Z", &["11-01 01:30-04", "11-02 01:30-05"]),
            // Lord Howe: by half an hour. Beirut: at midnight.
            (
                "15 2 * * *",
                "Australia/Lord_Howe",
                "2026-10-03T00:00:00Z",
                &["10-04 02:30+11", "10-05 02:15+11"],
            ),
            ("30 0 * * *", "Asia/Beirut", "2026-03-28T00:00:00Z", &["03-29 01:00+03", "03-30 00:30+03"]),
            // No change, and the end of a month.
            ("0 0 29 2 *", "UTC", "2026-11-27T00:00:00Z", &["02-29 00:00+00"]),
            ("0 9 * * 1-5", "UTC", "2026-11-27T10:00:00Z", &["11-30 09:00+00"]),
        ] {
            assert_eq!(times(cron, zone, after, expected.len()), expected, "{cron} {zone} after {after}");
        }
    }

    #[test]
    fn zones_have_names_and_what_never_comes_ends() {
        for (cron, zone, why) in
            [("* * * * *", "Europe/Atlantis", "`Europe/Atlantis` is not a name"), ("* * * * *", "", "IANA")]
        {
            let refusal = Calendar::parse(cron, zone).err().unwrap_or_else(|| panic!("{cron} {zone}"));
            assert!(refusal.code == Code::BAD_FIELD && refusal.detail.contains(why), "{refusal}");
        }
        for never in ["0 0 30 2 *", "0 0 31 4,6,9,11 *"] {
            let calendar = Calendar::parse(never, "Europe/Berlin").unwrap();
            assert_eq!(calendar.next(moment("2026-11-27T00:00:00Z")), None);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_time_of_the_day_comes_once_on_each(hour in 0u8..24, minute in 0u8..60, zone in 0usize..6, hours in 0u64..80_000) {
            let zone = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Beirut", "America/Santiago", "UTC"][zone];
            let calendar = Calendar::parse(&format!("{minute} {hour} * * *"), zone).unwrap();
            let mut at = Time(moment("2020-01-01T00:00:00Z").0 + hours * 3_600_000);
            let mut day = None;
            for _ in 0..400 {
                let next = calendar.next(at).unwrap();
                prop_assert!(next > at);
                let shown = Timestamp::from_millisecond(next.0 as i64).unwrap().to_zoned(calendar.zone.clone());
                if let Some(day) = day {
                    prop_assert_eq!(shown.date(), jiff::civil::Date::tomorrow(day).unwrap());
                }
                // At the time itself, or where that is left out, at the end of the hole.
                let asked = shown.date().at(hour as i8, minute as i8, 0, 0);
                let ambiguous = calendar.zone.to_ambiguous_zoned(asked);
                match ambiguous.offset() {
                    jiff::tz::AmbiguousOffset::Gap { .. } => {
                        let before = next.before(std::time::Duration::from_millis(1));
                        let before = Timestamp::from_millisecond(before.0 as i64).unwrap();
                        let offset = calendar.zone.to_offset(before);
                        prop_assert!(offset < calendar.zone.to_offset(shown.timestamp()), "{}", shown);
                    }
                    _ => prop_assert_eq!(shown, ambiguous.earlier().unwrap()),
                }
                (at, day) = (next, Some(asked.date()));
            }
        }

        #[test]
        fn any_text_is_answered(cron in "[0-9*/,LW# -]{0,20}", zone in "[A-Za-z/]{0,12}") {
            let _ = Calendar::parse(&cron, &zone);
            if let Ok(calendar) = Calendar::parse(&cron, "Europe/Berlin") {
                let _ = calendar.next(moment("2026-11-27T00:00:00Z"));
            }
        }
    }
}
