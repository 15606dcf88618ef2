//! How many workers.

use super::{Written, within};
use fanfare_proto::limits;
use serde::Deserialize;
use std::num::NonZeroUsize;
use std::thread::available_parallelism;

/// A number of threads, or `cores`: one for each core this process may use.
#[derive(Deserialize)]
#[serde(try_from = "Written")]
pub(in super::super) struct WorkerCount(pub(in super::super) NonZeroUsize);

/// Not more than there may be.
pub(in super::super) fn one_for_each_core() -> NonZeroUsize {
    let most = NonZeroUsize::new(limits::WORKERS).unwrap_or(NonZeroUsize::MIN);
    available_parallelism().map_or(NonZeroUsize::MIN, |cores| cores.min(most))
}

impl TryFrom<Written> for WorkerCount {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<WorkerCount, Self::Error> {
        if written.0 == "cores" {
            return Ok(WorkerCount(one_for_each_core()));
        }
        let number = written.0.parse().map_err(|_| "it is neither a whole number nor `cores`")?;
        let number = within(number, 1, limits::WORKERS as u64)?;
        usize::try_from(number).ok().and_then(NonZeroUsize::new).map(WorkerCount).ok_or("it is too small")
    }
}
