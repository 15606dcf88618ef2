//! The transport as a whole: its threads start together and end together.

use crate::acceptor::{self, Stop};
use crate::call::Api;
use crate::figures::Watch;
use crate::mailbox::{Drain, Mailbox};
use crate::options::Options;
use crate::room::Room;
use crate::worker::{self, Seat};
use fanfare_node::Node;
use fanfare_proto::limits;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Between two looks whether the acceptor has ended.
const PAUSE: Duration = Duration::from_millis(1);

/// Serves a node over HTTP.
pub struct Transport;

/// A transport that serves. It goes on until [`Running::drain`].
pub struct Running {
    address: SocketAddr,
    room: Arc<Room>,
    stop: Stop,
    acceptor: JoinHandle<()>,
    mailboxes: Vec<Arc<Mailbox>>,
    workers: Vec<JoinHandle<()>>,
    patience: Duration,
}

impl Transport {
    /// Starts the workers and then the acceptor. Requests that are not held open go to `api`.
    pub fn start(listener: TcpListener, node: Node, api: Api, options: Options) -> io::Result<Running> {
        let address = listener.local_addr()?;
        let workers = options.workers.clamp(1, limits::WORKERS);
        let room = Arc::new(Room::new(options.descriptors, workers));
        let patience = options.patience.drain;
        let (mut mailboxes, mut threads) = (Vec::new(), Vec::new());
        for index in 0..workers {
            let mailbox = Arc::new(Mailbox::new(room.clone()));
            let (node, api, options) = (node.clone(), api.clone(), options.clone());
            threads.push(worker::start(index, Seat { node, api, options, mailbox: mailbox.clone() })?);
            mailboxes.push(mailbox);
        }
        let (stop, acceptor) = acceptor::start(listener, mailboxes.clone())?;
        Ok(Running { address, room, stop, acceptor, mailboxes, workers: threads, patience })
    }
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What its workers have counted, for as long as one likes.
    pub fn watch(&self) -> Watch {
        Watch::new(self.room.clone(), self.mailboxes.clone())
    }

    /// Held-open sessions.
    pub fn sessions(&self) -> u64 {
        self.room.held()
    }

    /// Sockets, whatever they are doing.
    pub fn sockets(&self) -> u64 {
        self.room.open()
    }

    /// Accepts nothing more: who connects from now on is refused, or waits for the next server if the listening socket
    /// is somebody else's too. What was accepted is served. Waits for the acceptor's end.
    pub fn close(&self) {
        self.stop.stop();
        while !self.acceptor.is_finished() {
            std::thread::sleep(PAUSE);
        }
    }

    /// Accepts nothing more, answers the requests in progress and tells every reader to come back, each at a moment
    /// of its own within `window`. Everything is closed within [`Patience::drain`](crate::Patience::drain). Does not
    /// wait for it.
    pub fn drain(&self, window: Duration) {
        self.close();
        let until = Instant::now() + self.patience;
        self.mailboxes.iter().for_each(|mailbox| mailbox.drain(Drain { window, until }));
    }

    /// Waits until everything has ended.
    pub fn join(self) {
        for thread in self.workers.into_iter().chain([self.acceptor]) {
            let _ = thread.join();
        }
    }
}
