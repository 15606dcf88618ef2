//! How many workers.

use super::{Written, shown, within};
use fanfare_proto::limits;
use std::num::NonZeroUsize;
use std::thread::available_parallelism;

/// How many threads own sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workers {
    /// One for each core that this process may use.
    Cores,
    /// So many.
    Number(NonZeroUsize),
}

impl Workers {
    /// How many these are here: not more than there may be.
    pub fn count(self) -> NonZeroUsize {
        let most = NonZeroUsize::new(limits::WORKERS).unwrap_or(NonZeroUsize::MIN);
        match self {
            Workers::Cores => available_parallelism().map_or(NonZeroUsize::MIN, |cores| cores.min(most)),
            Workers::Number(number) => number,
        }
    }
}

impl TryFrom<Written> for Workers {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Workers, Self::Error> {
        let text = written.single()?;
        if text == "cores" {
            return Ok(Workers::Cores);
        }
        let number = text.parse().map_err(|_| "it is neither a whole number nor `cores`")?;
        let number = within(number, 1, limits::WORKERS as u64)?;
        usize::try_from(number).ok().and_then(NonZeroUsize::new).map(Workers::Number).ok_or("it is too small")
    }
}

/// Workers as TOML.
pub(in super::super) fn shown_workers(workers: Workers) -> String {
    match workers {
        Workers::Cores => shown("cores"),
        Workers::Number(number) => number.to_string(),
    }
}
