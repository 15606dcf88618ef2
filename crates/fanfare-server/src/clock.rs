//! The clock of a server: the only place where one is read for messages.
//!
//! Retention and expiry go by it, so a jump of the system's clock must not be a jump of this one: a day forward would
//! take every message that is kept for a day. It runs as the processor does, sleep included, and follows the system's
//! clock in small steps: a quarter faster or slower, until both agree (`docs/adr/0004`). It starts where the system's
//! clock is, and not before the newest message that is kept.

use fanfare_proto::Time;
use rustix::time::{ClockId, clock_gettime};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, TryLockError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// One part in so many of the time that passes is what the clock goes wrong by, on purpose, until it is right.
const FOLLOW: u64 = 4;
/// A difference worth a line in the server's log.
const STEP: Duration = Duration::from_secs(60);

/// The clock of this process.
static CLOCK: Mutex<Option<Clock>> = Mutex::new(None);
/// What it said last.
static SAID: AtomicU64 = AtomicU64::new(0);

/// Now. Waits for nobody: while another thread asks, what that one was told last is new enough.
pub(crate) fn now() -> Time {
    let mut clock = match CLOCK.try_lock() {
        Ok(clock) => clock,
        Err(TryLockError::Poisoned(clock)) => clock.into_inner(),
        Err(TryLockError::WouldBlock) if SAID.load(Relaxed) > 0 => return Time(SAID.load(Relaxed)),
        Err(TryLockError::WouldBlock) => return wall(),
    };
    let (wall, passed) = (wall(), passed());
    let clock = clock.get_or_insert_with(|| Clock::new(wall, passed));
    let now = clock.read(wall, passed);
    tell(clock.tell_step(wall));
    SAID.store(now.0, Relaxed);
    now
}

/// From now on it is not earlier than this: the log's newest message. An earlier time would stand still in the log until
/// the clock has come there.
pub(crate) fn start_from(newest: Time) {
    let (wall, passed) = (wall(), passed());
    let mut clock = CLOCK.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    clock.get_or_insert_with(|| Clock::new(wall, passed)).raise(newest);
}

/// The system's clock. Before 1970 is 1970.
#[expect(clippy::disallowed_methods, reason = "here it is followed, and its jumps are not")]
pub(crate) fn wall() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Time since the machine was started, its sleep included.
fn passed() -> Duration {
    let since = clock_gettime(ClockId::Boottime);
    Duration::new(since.tv_sec.unsigned_abs(), u32::try_from(since.tv_nsec).unwrap_or(0))
}

fn tell(step: Option<(Time, Time)>) {
    if let Some((own, system)) = step {
        tracing::warn!(
            %own,
            %system,
            "the system's clock has jumped; the server's follows it slowly, or at once when it is started again"
        );
    }
}

/// A clock that follows another one. What time it is and how much has passed are arguments.
#[derive(Debug)]
struct Clock {
    now: Time,
    /// Time that had passed when it was read last.
    passed: Duration,
    /// What is too little to be a millisecond, in milliseconds of [`FOLLOW`] parts.
    rest: u64,
    /// Whether the two are far apart, and somebody was told.
    told: bool,
}

impl Clock {
    fn new(wall: Time, passed: Duration) -> Clock {
        Clock { now: wall, passed, rest: 0, told: false }
    }

    fn raise(&mut self, newest: Time) {
        self.now = self.now.max(newest);
    }

    /// What time it is. Never earlier than before.
    fn read(&mut self, wall: Time, passed: Duration) -> Time {
        let whole = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let went = whole(passed).saturating_sub(whole(self.passed));
        self.passed = self.passed.max(passed);
        self.now = self.now.after(Duration::from_millis(went));
        // How far it may go wrong on purpose, with what was too little the times before.
        let may = went.saturating_add(self.rest);
        let most = may / FOLLOW;
        self.rest = may % FOLLOW;
        self.now = Time(match self.now <= wall {
            true => self.now.0 + (wall.0 - self.now.0).min(most),
            false => self.now.0 - (self.now.0 - wall.0).min(most.min(went)),
        });
        self.now
    }

    /// The two clocks, once when they have come far apart.
    fn tell_step(&mut self, wall: Time) -> Option<(Time, Time)> {
        let apart = self.now.0.abs_diff(wall.0) > STEP.as_millis() as u64;
        let tell = apart && !self.told;
        self.told = apart;
        tell.then_some((self.now, wall))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fanfare_proto::{Channel, Content, Keeping, LogId, Namespace, Namespaces, Pattern};
    use fanfare_store::{Draft, Log, MemoryLog, SqliteLog, SqliteOptions};
    use std::sync::Arc;

    const HOUR: Duration = Duration::from_secs(3600);
    const DAY: Duration = Duration::from_secs(24 * 3600);
    const START: Time = Time(1_790_000_000_000);

    /// A machine: its clock, and the server's.
    struct Machine {
        clock: Clock,
        wall: Time,
        passed: Duration,
    }

    impl Machine {
        fn new() -> Machine {
            Machine { clock: Clock::new(START, DAY), wall: START, passed: DAY }
        }

        /// Time passes, and the server looks at the clock every second.
        fn pass(&mut self, time: Duration) -> Time {
            let until = self.passed + time;
            while self.passed < until {
                let step = Duration::from_secs(1).min(until - self.passed);
                (self.passed, self.wall) = (self.passed + step, self.wall.after(step));
                let before = self.clock.now;
                assert!(self.clock.read(self.wall, self.passed) > before, "it stands still");
            }
            self.clock.now
        }

        fn jump(&mut self, by: Jump) -> Time {
            self.wall = match by {
                Jump::Forward(time) => self.wall.after(time),
                Jump::Back(time) => self.wall.before(time),
            };
            self.clock.read(self.wall, self.passed)
        }
    }

    #[derive(Debug, Clone, Copy)]
    enum Jump {
        Forward(Duration),
        Back(Duration),
    }

    const JUMPS: [Jump; 4] = [Jump::Forward(HOUR), Jump::Forward(DAY), Jump::Back(HOUR), Jump::Back(DAY)];

    /// A log with one message a minute; answers how many are left after a step of retention.
    fn age(log: &dyn Log, now: Time) -> u64 {
        while log.trim(now).unwrap().more {}
        log.status().messages
    }

    fn say(log: &dyn Log, now: Time) {
        let channel = Channel::parse("a").unwrap();
        let draft = Draft { channel, id: None, publisher: None, expires: None, content: Content::default() };
        let (before, said) = (log.status(), log.append(vec![draft], now).unwrap());
        assert!(said[0].position > before.head && said[0].time >= before.time);
        assert_eq!(said[0].time, now, "the log and the clock agree");
    }

    fn logs(dir: &std::path::Path) -> [(Box<dyn Log>, Duration); 2] {
        let rules = |keeping| Arc::new(Namespaces::new([Namespace::new(Pattern::everything(), keeping)]));
        let kept = SqliteLog::open(dir, rules(Keeping::Kept), SqliteOptions::default()).unwrap();
        let live = MemoryLog::new(LogId::LIVE, rules(Keeping::Live));
        [(Box::new(kept), DAY), (Box::new(live), 5 * Duration::from_secs(60))]
    }

    #[test]
    fn a_jump_of_the_clock_takes_no_message_and_time_goes_on_rising() {
        for jump in JUMPS {
            let dir = tempfile::tempdir().unwrap();
            for (log, kept) in logs(dir.path()) {
                let mut machine = Machine::new();
                (0..10).for_each(|_| say(&*log, machine.pass(Duration::from_secs(1))));
                let now = machine.jump(jump);
                assert_eq!(age(&*log, now), 10, "{jump:?}");
                say(&*log, machine.pass(Duration::from_secs(1)));
                // Each lives at least four fifths of its time, and at the most four thirds.
                let now = machine.pass(kept * 4 / 5 - Duration::from_secs(60));
                assert_eq!(age(&*log, now), 11, "{jump:?}");
                let now = machine.pass(kept * 4 / 3 - kept * 4 / 5 + Duration::from_secs(120));
                assert_eq!(age(&*log, now), 0, "{jump:?}");
            }
        }
    }

    #[test]
    fn a_jump_there_and_back_leaves_nothing_behind() {
        for (there, back) in [(Jump::Forward(DAY), Jump::Back(DAY)), (Jump::Back(DAY), Jump::Forward(DAY))] {
            let mut machine = Machine::new();
            machine.jump(there);
            let now = machine.pass(HOUR);
            assert!(now.0.abs_diff(START.after(HOUR).0) <= HOUR.as_millis() as u64 / FOLLOW, "{now}");
            machine.jump(back);
            let now = machine.pass(HOUR);
            assert_eq!(now, START.after(2 * HOUR));
        }
    }

    #[test]
    fn the_system_is_right_in_the_end_and_small_corrections_are_followed() {
        let mut machine = Machine::new();
        machine.jump(Jump::Forward(HOUR));
        assert_eq!(machine.pass(4 * HOUR), machine.wall);
        machine.jump(Jump::Back(HOUR));
        assert_eq!(machine.pass(4 * HOUR), machine.wall);
        // As a time service does it: half a millisecond a second.
        for _ in 0..5_000 {
            machine.wall = machine.wall.after(Duration::from_millis(1));
            let now = machine.pass(Duration::from_secs(2));
            assert!(now.0.abs_diff(machine.wall.0) <= 1, "{now} and {}", machine.wall);
        }
    }

    #[test]
    fn sleep_is_time_that_passes() {
        let mut clock = Clock::new(START, DAY);
        assert_eq!(clock.read(START.after(8 * HOUR), DAY + 8 * HOUR), START.after(8 * HOUR));
    }

    #[test]
    fn it_starts_from_the_newest_message_and_a_jump_is_told_once() {
        let mut clock = Clock::new(START, DAY);
        clock.raise(START.after(DAY));
        assert_eq!(clock.read(START, DAY), START.after(DAY));
        assert_eq!(clock.tell_step(START), Some((START.after(DAY), START)));
        assert_eq!(clock.tell_step(START), None);
        assert_eq!(clock.tell_step(START.after(DAY)), None);
        assert!(clock.tell_step(START).is_some(), "another jump");
        clock.raise(START);
        assert_eq!(clock.now, START.after(DAY));
    }
}
