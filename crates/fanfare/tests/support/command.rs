//! The command, run to its end or left running, against a server of the test.

use super::server::{FANFARE, PATIENCE, wait};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;

/// What a command that has ended said.
#[derive(Debug)]
pub struct Ended {
    /// The exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// A command with its arguments, asking the server at this URL, and nothing from the environment of the test.
pub fn fanfare(server: &str, args: &[&str]) -> Command {
    let mut command = Command::new(FANFARE);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("FANFARE_")) {
        command.env_remove(name);
    }
    command.args(args).env("FANFARE_SERVER", server).stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub fn run(mut command: Command) -> Ended {
    Job::start(&mut command).end()
}

/// Runs a command to its end with this on its stdin.
pub fn run_with_input(mut command: Command, input: &[u8]) -> Ended {
    let mut job = Job::start(command.stdin(Stdio::piped()));
    let mut stdin = job.stdin();
    let input = input.to_vec();
    let writing = thread::spawn(move || {
        // A command may end without having read it all.
        let _ = stdin.write_all(&input);
    });
    let ended = job.end();
    writing.join().unwrap();
    ended
}

/// A command that goes on. Dropping it kills it.
pub struct Job {
    child: Child,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
    heard: String,
    told: String,
}

impl Job {
    /// Starts it; its output is read in the background.
    pub fn start(command: &mut Command) -> Job {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = lines(child.stdout.take().unwrap());
        let stderr = lines(child.stderr.take().unwrap());
        Job { child, stdout, stderr, heard: String::new(), told: String::new() }
    }

    /// Its stdin, which the command must have been given with [`Stdio::piped`]; dropping it ends it.
    pub fn stdin(&mut self) -> ChildStdin {
        self.child.stdin.take().unwrap()
    }

    /// The next line of stdout.
    #[track_caller]
    pub fn line(&mut self) -> String {
        match self.stdout.recv_timeout(PATIENCE) {
            Ok(line) => {
                self.heard.push_str(&line);
                self.heard.push('\n');
                line
            }
            Err(_) => {
                self.kill();
                let told: Vec<String> = self.stderr.iter().collect();
                panic!("no more lines on stdout; stderr: {:?} {told:?}", self.told);
            }
        }
    }

    /// Waits for a line of stderr that contains a text, after those waited for before.
    #[track_caller]
    pub fn told(&mut self, text: &str) {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.stderr.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    self.told.push_str(&line);
                    self.told.push('\n');
                    if line.contains(text) {
                        return;
                    }
                }
                Err(_) => panic!("never said {text:?}; stderr: {:?}", self.told),
            }
        }
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    pub fn interrupt(&self) {
        self.signal(Signal::INT);
    }

    pub fn hang_up(&self) {
        self.signal(Signal::HUP);
    }

    /// It stands still, and ends only when it is killed.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for its end, and answers all it said.
    pub fn end(mut self) -> Ended {
        let code = wait(&mut self.child).code();
        let rest = |lines: &Receiver<String>| lines.iter().map(|line| line + "\n").collect::<String>();
        self.heard.push_str(&rest(&self.stdout));
        self.told.push_str(&rest(&self.stderr));
        Ended { code, stdout: std::mem::take(&mut self.heard), stderr: std::mem::take(&mut self.told) }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Ended {
    /// Fails, showing everything, unless it ended with this code.
    #[track_caller]
    pub fn with(self, code: i32) -> Ended {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// The lines of stdout.
    pub fn lines(&self) -> Vec<&str> {
        self.stdout.lines().collect()
    }
}

fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            let _ = sender.send(String::from_utf8_lossy(&line).into_owned());
        }
    });
    receiver
}
