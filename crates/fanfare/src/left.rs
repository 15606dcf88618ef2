//! Whoever reads our stdout has left, as `head` does: noticed also while there is nothing to write.

use crate::failure::Failure;
use rustix::event::{PollFd, PollFlags, poll};
use std::io;
use std::thread;

/// Calls a function when nobody reads stdout any more, on a thread of its own. Files and terminals stay.
pub fn on_left(end: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
    let watch = move || {
        let stdout = io::stdout();
        // Errors and the other side's end are told without being asked for.
        let mut watched = [PollFd::new(&stdout, PollFlags::empty())];
        while matches!(poll(&mut watched, None), Err(rustix::io::Errno::INTR)) {}
        if watched[0].revents().intersects(PollFlags::ERR | PollFlags::HUP) {
            end();
        }
    };
    let failed = |error| Failure::io("a thread cannot be started", &error);
    thread::Builder::new().name("stdout".into()).spawn(watch).map_err(failed)?;
    Ok(())
}
