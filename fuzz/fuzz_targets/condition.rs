//! Conditions: what is asked is kept and read as the same, and whatever is said and whenever, the state comes back as it was.
#![no_main]

use fanfare_proto::{
    Condition, ConditionId, ConditionState, Cursor, CursorPart, Epoch, KeptCondition, LogId, Position, Time,
    Verdict,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|said: (&str, Vec<(u8, u32, bool, bool)>)| {
    let (text, steps) = said;
    let _ = ConditionState::read_record(text.as_bytes());
    let Ok(condition) = Condition::read(text) else { return };
    let kept = KeptCondition {
        id: ConditionId(7),
        created: Time(1),
        publisher: None,
        text: text.trim().into(),
        condition: condition.clone(),
    };
    assert_eq!(KeptCondition::read_record(kept.id, &kept.record()).as_ref(), Ok(&kept));
    let cursor = Cursor::new([CursorPart { log: LogId::KEPT, epoch: Epoch(1), position: Position(1) }]);
    let (mut state, mut out) = (ConditionState::begin(&condition, cursor, Time(0)), Vec::new());
    for (channel, time, when, until) in steps {
        let time = Time(u64::from(time) * 1000);
        match channel {
            0 => state.pass(&condition, time, 10, &mut out),
            1 => state.resume(&condition, time),
            _ => {
                let place = (Position(u64::from(channel)), time);
                state.hear(&condition, &channel.to_string(), place, Verdict { when, until }, &mut out);
            }
        }
        let back = ConditionState::read_record(&state.record());
        assert_eq!(back.as_ref(), Ok(&state));
    }
    assert_eq!(out.last().map_or(0, |last| last.number), state.occurrences);
});
