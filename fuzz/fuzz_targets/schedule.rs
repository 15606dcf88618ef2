//! Schedules: what is read is stored and read as the same, and any record is answered.
#![no_main]

use fanfare_proto::{Planned, Schedule, ScheduleId, Time, Timing, When};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let id = ScheduleId(1);
    let _ = Planned::read_record(id, bytes);
    let Some(schedule) = std::str::from_utf8(bytes).ok().and_then(|text| Schedule::read(text).ok()) else { return };
    let at = Time(1_795_428_000_000);
    let timing = match schedule.timing {
        Timing::Once(_) => Timing::Once(When::At(at)),
        every => every,
    };
    let planned = Planned { id, at, created: at, publisher: None, schedule: Schedule { timing, ..schedule } };
    let read = Planned::read_record(id, &planned.record());
    // Line ends in a notice become spaces.
    let told = read.map(|read| read.record());
    assert_eq!(told, Ok(planned.record()));
});
