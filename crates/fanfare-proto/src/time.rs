//! Moments as the log knows them, and as people and other programs write them.

use crate::put::Put;
use std::fmt;
use std::time::Duration;

/// A moment: milliseconds since 1970-01-01T00:00:00Z. Time in a log never goes back (design rule 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Time(pub u64);

/// The last moment that RFC 3339 can write: the end of the year 9999.
const LAST: u64 = 253_402_300_799_999;

/// What a moment may look like, for people.
const FORMS: &str = "an RFC 3339 time such as 2026-11-23T10:00:00Z, or seconds since 1970";

impl Time {
    /// This moment, later by a duration; saturates.
    #[must_use]
    pub fn after(self, duration: Duration) -> Time {
        Time(self.0.saturating_add(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)))
    }

    /// This moment, earlier by a duration; not before 1970.
    #[must_use]
    pub fn before(self, duration: Duration) -> Time {
        Time(self.0.saturating_sub(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)))
    }

    /// Reads an RFC 3339 time or Unix seconds, with or without a fraction. Earlier than 1970 is 1970. The error says
    /// what is allowed.
    pub fn parse(text: &str) -> Result<Time, String> {
        let number = |byte: u8| byte.is_ascii_digit() || byte == b'.';
        if !text.is_empty() && text.bytes().all(number) {
            return unix_seconds(text);
        }
        // In a query `+` means a space, and so does the sign of the offset when nobody escaped it.
        let signed = match text.rfind(' ') {
            Some(at) if at > "2026-11-23".len() => format!("{}+{}", &text[..at], &text[at + 1..]),
            _ => text.to_owned(),
        };
        match signed.parse::<jiff::Timestamp>() {
            Ok(moment) => Ok(Time(u64::try_from(moment.as_millisecond()).unwrap_or(0))),
            Err(_) => Err(format!("`{}` is not {FORMS}", crate::quote::shown(text))),
        }
    }
}

fn unix_seconds(text: &str) -> Result<Time, String> {
    let millis = text.parse::<f64>().ok().map(|seconds| seconds * 1000.0);
    match millis {
        // Whole milliseconds below 2^53 are exact.
        Some(millis) if millis <= LAST as f64 => Ok(Time(millis as u64)),
        Some(_) => Err(format!("`{text}` is after the year 9999; give seconds since 1970, not milliseconds")),
        None => Err(format!("`{text}` is not {FORMS}")),
    }
}

/// A moment as the `Date` of a response: `Mon, 23 Nov 2026 10:00:00 GMT` (RFC 9110 section 5.6.7).
#[derive(Debug, Clone, Copy)]
pub struct HttpDate(pub Time);

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl HttpDate {
    fn text(self) -> [u8; 29] {
        let seconds = self.0.0.min(LAST) / 1000;
        let (days, rest) = (seconds / 86_400, seconds % 86_400);
        let (year, month, day) = civil(days);
        let mut text = *b"---, 00 --- 0000 00:00:00 GMT";
        text[0..3].copy_from_slice(DAYS[(days % 7) as usize].as_bytes());
        digits(&mut text[5..7], day);
        text[8..11].copy_from_slice(MONTHS[month as usize - 1].as_bytes());
        digits(&mut text[12..16], year);
        digits(&mut text[17..19], rest / 3600);
        digits(&mut text[20..22], rest / 60 % 60);
        digits(&mut text[23..25], rest % 60);
        text
    }
}

impl Put for HttpDate {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.text());
    }
}

impl fmt::Display for HttpDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.text()).map_err(|_| fmt::Error)?)
    }
}

/// RFC 3339 in UTC with milliseconds: `2026-11-23T10:00:00.000Z`. Moments after the year 9999 print as its end.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.text()).map_err(|_| fmt::Error)?)
    }
}

impl Put for Time {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.text());
    }
}

impl Time {
    fn text(self) -> [u8; 24] {
        let millis = self.0.min(LAST);
        let (days, rest) = (millis / 86_400_000, millis % 86_400_000);
        let (year, month, day) = civil(days);
        let mut text = *b"0000-00-00T00:00:00.000Z";
        digits(&mut text[0..4], year);
        digits(&mut text[5..7], month);
        digits(&mut text[8..10], day);
        digits(&mut text[11..13], rest / 3_600_000);
        digits(&mut text[14..16], rest / 60_000 % 60);
        digits(&mut text[17..19], rest / 1000 % 60);
        digits(&mut text[20..23], rest % 1000);
        text
    }
}

fn digits(places: &mut [u8], mut value: u64) {
    for digit in places.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

/// Year, month and day of a count of days since 1970: Howard Hinnant's `civil_from_days`, in years that begin in
/// March.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (era * 400 + year + u64::from(month <= 2), month, of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The last moment that the library knows: one that would be in its year everywhere.
    const KNOWN: u64 = LAST - 26 * 3_600_000;

    proptest! {
        #[test]
        fn what_is_printed_is_what_a_calendar_says(millis in 0..=KNOWN) {
            let text = Time(millis).to_string();
            let moment: jiff::Timestamp = text.parse().unwrap();
            prop_assert_eq!(moment.as_millisecond(), millis as i64);
            prop_assert_eq!(format!("{moment:.3}"), text.clone());
            prop_assert_eq!(Time::parse(&text), Ok(Time(millis)));
        }

        #[test]
        fn dates_of_responses_are_what_a_calendar_says(millis in 0..=KNOWN) {
            let moment = jiff::Timestamp::from_millisecond(millis as i64).unwrap();
            prop_assert_eq!(HttpDate(Time(millis)).to_string(), moment.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string());
        }

        #[test]
        fn any_text_is_answered(text in ".{0,40}") {
            let _ = Time::parse(&text);
        }
    }

    #[test]
    fn forms_of_a_moment() {
        for (text, millis) in [
            ("0", 0),
            ("1700000000", 1_700_000_000_000),
            ("1700000000.25", 1_700_000_000_250),
            ("1969-12-31T00:00:00Z", 0),
            ("2026-11-23T10:00:00Z", 1_795_428_000_000),
            ("2026-11-23t10:00:00.5z", 1_795_428_000_500),
            ("2026-11-23T11:00:00+01:00", 1_795_428_000_000),
            ("2026-11-23T11:00:00 01:00", 1_795_428_000_000),
            ("2026-11-23 10:00:00Z", 1_795_428_000_000),
        ] {
            assert_eq!(Time::parse(text), Ok(Time(millis)), "{text}");
        }
        for text in ["", "soon", "1.2.3", ".", "2026-11-23", "2026-13-01T00:00:00Z", "2026-11-23T10:00:00"] {
            let why = Time::parse(text).expect_err(text);
            assert!(why.contains("RFC 3339"), "{text}: {why}");
        }
        assert!(Time::parse("1700000000000").unwrap_err().contains("milliseconds"));
        assert_eq!(Time(u64::MAX).to_string(), "9999-12-31T23:59:59.999Z");
    }
}
