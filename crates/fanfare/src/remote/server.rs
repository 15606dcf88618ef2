//! Which server.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::showing::write_line;
use clap::Args;
use fanfare_client::{Client, Error};
use std::fmt::Display;
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

    /// Does something to several, one after the other, and says so of each. What is wrong with one is told and keeps it from
    /// no other; it ends as the first that failed.
    pub fn each<'a, T: Display, F: Future<Output = Result<(), Error>>>(
        &self,
        all: &'a [T],
        done: &str,
        act: impl Fn(&'a T) -> F,
    ) -> Result<Exit, Failure> {
        let mut exit = Exit::DONE;
        for one in all {
            match self.wait(act(one)).map_err(Failure::from) {
                // If nobody reads that, it is done all the same.
                Ok(()) => drop(write_line(format!("{done} {one}").as_bytes())),
                Err(failure) if failure.exit == Exit::UNREACHABLE => return Err(failure),
                Err(failure) => {
                    failure.report();
                    exit = if exit == Exit::DONE { failure.exit } else { exit };
                }
            }
        }
        Ok(exit)
    }

    /// Waits for an answer.
    pub fn wait<T>(&self, answer: impl Future<Output = T>) -> T {
        self.runtime.block_on(answer)
    }
}
