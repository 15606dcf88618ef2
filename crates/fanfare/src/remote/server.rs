//! Which server.

use crate::failure::Failure;
use clap::Args;
use fanfare_client::Client;
use std::future::Future;
use tokio::runtime::{Builder, Runtime};

/// Which server.
#[derive(Debug, Clone, Args)]
pub struct ServerArgs {
    /// Where the server is
    #[arg(long, value_name = "URL", env = "FANFARE_SERVER", hide_env_values = true)]
    #[arg(default_value = "http://127.0.0.1:8080")]
    server: String,
}

/// A server, and the runtime on which we speak with it. Its thread goes on hearing while a command handles messages.
pub struct Remote {
    pub client: Client,
    runtime: Runtime,
}

impl ServerArgs {
    /// The server that is meant.
    pub fn remote(&self) -> Result<Remote, Failure> {
        let client = Client::new(&self.server)?;
        let failed = |error| Failure::io("a thread cannot be started", &error);
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(failed)?;
        Ok(Remote { client, runtime })
    }
}

impl Remote {
    /// Lets something go on beside.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.runtime.spawn(work);
    }

    /// Waits for an answer.
    pub fn wait<T>(&self, answer: impl Future<Output = T>) -> T {
        self.runtime.block_on(answer)
    }
}
