//! The life of a server as a process: started, told to end by a signal, ended in time.

use crate::config::Config;
use crate::error::StartError;
use crate::rereading::Rereading;
use crate::server::Server;
use fanfare_node::Traces;
use fanfare_proto::limits;
use sd_notify::NotifyState;
use std::sync::Arc;
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

/// How a server ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// As it should.
    Well,
    /// At once, because it was told so twice. Messages that were answered are kept all the same.
    AtOnce,
    /// With something unfinished when the time was over.
    Late,
}

/// Runs a server until SIGTERM or SIGINT, and then ends it within [`limits::DRAIN_TIME`]; another one of either ends it
/// at once. At SIGHUP the configuration is read again, until it ends. `announce` is called when it listens. The caller is
/// expected to leave the process afterwards, and to end whoever traces.
pub fn run(
    config: &Config,
    traces: Option<Arc<dyn Traces>>,
    rereading: Rereading,
    announce: impl FnOnce(&Server),
) -> Result<Ended, StartError> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let mut signals = {
        // Before anything can be told, so that whoever reads the announcement may send a signal.
        let _inside = runtime.enter();
        Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        }
    };
    let server = Server::start(config, traces)?;
    announce(&server);
    tell(&[NotifyState::Ready]);
    let ended = runtime.block_on(async {
        let mut config = config.clone();
        while signals.next().await == Told::ReadAgain {
            rereading.read(&mut config, &server);
        }
        tell(&[NotifyState::Stopping]);
        let stop = spawn_blocking(move || server.stop(config.return_over));
        tokio::select! {
            ended = stop => if ended.is_ok() { Ended::Well } else { Ended::Late },
            () = signals.end() => Ended::AtOnce,
            () = sleep(limits::DRAIN_TIME) => Ended::Late,
        }
    });
    runtime.shutdown_background();
    Ok(ended)
}

/// Tells whoever started the server, if it wants to be told (sd_notify(3)).
fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "the service manager (NOTIFY_SOCKET) cannot be told");
    }
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

#[derive(PartialEq, Eq)]
enum Told {
    End,
    ReadAgain,
}

impl Signals {
    async fn next(&mut self) -> Told {
        tokio::select! {
            _ = self.hangup.recv() => Told::ReadAgain,
            () = end(&mut self.interrupt, &mut self.terminate) => Told::End,
        }
    }

    async fn end(&mut self) {
        end(&mut self.interrupt, &mut self.terminate).await;
    }
}

async fn end(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
