//! The real server as a child process: start it, wait until it listens, end it kindly or not, start it again on
//! the same store and the same port. Whatever happens to the test, the process ends with it.

use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The command under test.
pub const FANFARE: &str = env!("CARGO_BIN_EXE_fanfare");

/// How long a test waits for what should come at once; only a broken program makes it wait that long.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A server and its folder. Dropping it kills the one and removes the other.
pub struct Server {
    /// Where it listens; stays the same over [`Server::restart`].
    pub address: SocketAddr,
    folder: TempDir,
    args: Vec<String>,
    environment: Environment,
    limit: Option<Limit>,
    process: Process,
}

/// Variables that a server is given, and their values.
type Environment = Vec<(String, String)>;

/// What a server may have, as a shell's `ulimit` sets it.
#[derive(Debug, Clone, Copy)]
pub enum Limit {
    Descriptors(u32),
    /// Of addresses: what is mapped, whether it is used or not.
    MemoryKib(u32),
}

/// One life of the server.
struct Process {
    child: Child,
    stdout: Arc<Mutex<String>>,
    stderr: Arc<Mutex<String>>,
}

impl Server {
    /// Starts a server on a free port, with its data in a new folder.
    pub fn start() -> Server {
        Server::with(&[])
    }

    /// The same with more arguments for `fanfare serve`.
    pub fn with(args: &[&str]) -> Server {
        Server::with_config("", args)
    }

    /// The same with a configuration file of this text.
    pub fn with_config(config: &str, args: &[&str]) -> Server {
        Server::launch(TempDir::new().unwrap(), config, args, &[], None)
    }

    /// The same as [`Server::with`], with these variables in its environment.
    pub fn with_environment(environment: &[(&str, &str)], args: &[&str]) -> Server {
        Server::launch(TempDir::new().unwrap(), "", args, environment, None)
    }

    /// The same with a configuration file of this text.
    pub fn with_config_and_environment(config: &str, environment: &[(&str, &str)]) -> Server {
        Server::launch(TempDir::new().unwrap(), config, &[], environment, None)
    }

    /// The same as [`Server::start`], with everything it writes in another folder than the system's for such.
    pub fn inside(parent: &Path, config: &str) -> Server {
        Server::launch(TempDir::new_in(parent).unwrap(), config, &[], &[], None)
    }

    /// The same as [`Server::with_config`], and it gets no more than this.
    pub fn limited(limit: Limit, config: &str, args: &[&str]) -> Server {
        Server::launch(TempDir::new().unwrap(), config, args, &[], Some(limit))
    }

    /// The same as [`Server::start`], with no more file descriptors than this.
    pub fn with_descriptors(limit: u32) -> Server {
        Server::limited(Limit::Descriptors(limit), "", &[])
    }

    fn launch(
        folder: TempDir,
        config: &str,
        args: &[&str],
        environment: &[(&str, &str)],
        limit: Option<Limit>,
    ) -> Server {
        let file = folder.path().join("fanfare.toml");
        std::fs::write(&file, config).unwrap();
        let config = ["--config".to_owned(), file.to_str().unwrap().to_owned()];
        let args: Vec<String> = config.into_iter().chain(args.iter().map(|arg| (*arg).to_owned())).collect();
        let environment: Environment =
            environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let (process, address) = launch(own_loopback(), &data_of(&folder), &args, &environment, limit);
        Server { address, folder, args, environment, limit, process }
    }

    /// Starts it again on the same data and the same port, with the same arguments; kills it first if it runs.
    pub fn restart(&mut self) {
        self.kill();
        (self.process, self.address) =
            launch(self.address, &data_of(&self.folder), &self.args, &self.environment, self.limit);
    }

    /// `http://address` and a path that starts with `/`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The folder of the store.
    pub fn data(&self) -> PathBuf {
        data_of(&self.folder)
    }

    /// The configuration file.
    pub fn config(&self) -> PathBuf {
        self.folder.path().join("fanfare.toml")
    }

    /// A folder that lives as long as the server does.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.process.child.id()
    }

    /// Everything this life of the server wrote to stdout so far.
    pub fn stdout(&self) -> String {
        self.process.stdout.lock().unwrap().clone()
    }

    /// Everything this life of the server wrote to stderr so far.
    pub fn stderr(&self) -> String {
        self.process.stderr.lock().unwrap().clone()
    }

    /// kill -9, and waits for the end.
    pub fn kill(&mut self) {
        let _ = self.process.child.kill();
        self.process.child.wait().unwrap();
    }

    /// Whether the process has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.process.child.try_wait().unwrap().is_some()
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Sends SIGINT.
    pub fn interrupt(&self) {
        self.signal(Signal::INT);
    }

    /// Sends SIGHUP.
    pub fn hang_up(&self) {
        self.signal(Signal::HUP);
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process.child), signal).unwrap();
    }

    /// Waits for the end of the process.
    pub fn wait(&mut self) -> ExitStatus {
        wait(&mut self.process.child)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.end();
    }
}

impl Process {
    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for the end of a process; kills it and fails when it takes unreasonably long.
pub fn wait(child: &mut Child) -> ExitStatus {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if Instant::now() > end {
            let _ = child.kill();
            panic!("process {} did not end within {PATIENCE:?}", child.id());
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Waits for a condition; fails, naming it, when that takes unreasonably long.
#[track_caller]
pub fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < end, "waited {PATIENCE:?} in vain for: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// A loopback address nobody else uses: on 127.0.0.1 an outgoing connection of another test could take the port
/// between the end of a server and its restart.
fn own_loopback() -> SocketAddr {
    static SERVERS: AtomicU32 = AtomicU32::new(0);
    let number = SERVERS.fetch_add(1, Ordering::Relaxed);
    let mixed = (std::process::id() ^ number.rotate_right(9)).wrapping_mul(0x9E37_79B1);
    let [_, b, c, d] = mixed.to_be_bytes();
    SocketAddr::from(([127, b, c, d.clamp(2, 250)], 0))
}

fn data_of(folder: &TempDir) -> PathBuf {
    folder.path().join("data")
}

fn launch(
    listen: SocketAddr,
    data: &Path,
    args: &[String],
    environment: &Environment,
    limit: Option<Limit>,
) -> (Process, SocketAddr) {
    let mut command = match limit {
        Some(limit) => limited(limit),
        None => Command::new(FANFARE),
    };
    for (name, _) in std::env::vars_os() {
        if ["FANFARE_", "OTEL_"].iter().any(|ours| name.to_string_lossy().starts_with(ours)) {
            command.env_remove(name);
        }
    }
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    command.args(["serve", "--listen", &listen.to_string(), "--data"]).arg(data).args(args);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (stdout, lines) = collect(child.stdout.take().unwrap());
    let (stderr, _) = collect(child.stderr.take().unwrap());
    let mut process = Process { child, stdout, stderr };
    let end = Instant::now() + PATIENCE;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        match lines.recv_timeout(left) {
            Ok(line) => {
                if let Some(address) = address_in(&line) {
                    return (process, address);
                }
            }
            Err(_) => {
                process.end();
                let said = process.stderr.lock().unwrap().clone();
                panic!("the server did not say where it listens; stderr: {said}");
            }
        }
    }
}

/// The command with a hard limit: a shell sets it and becomes the command.
fn limited(limit: Limit) -> Command {
    let (what, most) = match limit {
        Limit::Descriptors(most) => ("-n", most),
        Limit::MemoryKib(most) => ("-v", most),
    };
    let mut command = Command::new("sh");
    let become_it = format!("ulimit {what} {most} && exec \"$0\" \"$@\"");
    command.args(["-c", &become_it, FANFARE]);
    command
}

fn address_in(line: &str) -> Option<SocketAddr> {
    line.split_whitespace().find_map(|word| word.strip_prefix("http://")?.parse().ok())
}

/// Reads a stream to its end in the background: the text so far, and its lines as they come.
fn collect(stream: impl Read + Send + 'static) -> (Arc<Mutex<String>>, Receiver<String>) {
    let text = Arc::new(Mutex::new(String::new()));
    let (sender, lines) = channel();
    let written = text.clone();
    thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            written.lock().unwrap().push_str(&format!("{line}\n"));
            let _ = sender.send(line);
        }
    });
    (text, lines)
}
