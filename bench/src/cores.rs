//! Which core runs what: the server that is measured has one, what loads it another.

use crate::outcome::Result;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Who runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Core {
    /// The server that is measured.
    Server,
    /// What loads it, and what watches.
    Load,
    /// Wherever the kernel likes.
    Any,
}

/// Does something on this core. What is spawned meanwhile stays there. On a machine of one core all share it.
pub fn on<T>(core: Core, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let all = sched_getaffinity(None)?;
    let mut usable = (0..CpuSet::MAX_CPU).filter(|core| all.is_set(*core));
    let chosen = match core {
        Core::Server => usable.next(),
        Core::Load => usable.nth(1),
        Core::Any => None,
    };
    let Some(chosen) = chosen else { return work() };
    let mut one = CpuSet::new();
    one.set(chosen);
    sched_setaffinity(None, &one)?;
    let done = work();
    sched_setaffinity(None, &all)?;
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_done_on_one_core_and_then_on_all_again() {
        let before = sched_getaffinity(None).unwrap();
        let during = on(Core::Server, || Ok(sched_getaffinity(None)?.count())).unwrap();
        assert_eq!((during, sched_getaffinity(None).unwrap()), (1, before));
    }
}
