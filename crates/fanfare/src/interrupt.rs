//! Ctrl-C, and SIGTERM, which means the same here.

use crate::exit::Exit;
use crate::failure::Failure;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

/// A flag that is set by the signal itself, before whatever it interrupts goes on.
pub fn interrupted() -> Result<Arc<AtomicBool>, Failure> {
    let flag = Arc::<AtomicBool>::default();
    for signal in [SIGINT, SIGTERM] {
        let failed = |error| Failure::io("signals cannot be heard", &error);
        flag::register(signal, flag.clone()).map_err(failed)?;
    }
    Ok(flag)
}

/// Calls a function at the first signal, on a thread of its own; the second one ends the process at once.
pub fn on_interrupt(end: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
    let failed = |error| Failure::io("signals cannot be heard", &error);
    let runtime = Builder::new_current_thread().enable_io().build().map_err(failed)?;
    let (mut interrupt, mut terminate) = {
        let _inside = runtime.enter();
        let interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        (interrupt, signal(SignalKind::terminate()).map_err(failed)?)
    };
    let wait = async move || {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    let mut wait = wait;
    let watch = move || {
        runtime.block_on(wait());
        // The function may wait for a turn to end, so the second signal is heard on another thread than it.
        thread::spawn(end);
        runtime.block_on(wait());
        std::process::exit(Exit::INTERRUPTED.number.into());
    };
    thread::Builder::new().name("signals".into()).spawn(watch).map_err(failed)?;
    Ok(())
}
