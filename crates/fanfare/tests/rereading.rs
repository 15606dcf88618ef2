//! SIGHUP: the server reads its file again, takes what it can, and says what it cannot.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use fanfare_server::config::{ALL, Change};
use std::fs;
use support::command::{Job, fanfare};
use support::http::{Held, Kept, ask, get, publish};
use support::server::{Server, until};

const AGAIN: &str = "the configuration was read again";

/// Gives a server another file, and waits until it says so many times what it made of it.
fn hang_up(server: &Server, file: &str, said: &str, times: usize) {
    fs::write(server.config(), file).unwrap();
    server.hang_up();
    until(said, || server.stderr().matches(said).count() == times);
}

/// Which origin may read, as a route, and a worker on a connection that was open before, say it.
fn allowed(server: &Server, kept: &mut Kept, origin: &str) -> [String; 2] {
    let by_api = ask(server.address, &format!("GET /c/a HTTP/1.1\nOrigin: {origin}"), b"");
    let by_worker = kept.ask(&format!("POST /c/a HTTP/1.1\nOrigin: {origin}"), b"x");
    [by_api, by_worker].map(|answer| answer.header("access-control-allow-origin").to_owned())
}

#[test]
fn origins_change_without_a_restart() {
    let (a, b) = ("https://a.example", "https://b.example");
    let server = Server::with_config(&format!("origins = ['{a}']\n"), &[]);
    let mut kept = Kept::open(server.address);
    let mut reader = Held::open(server.address, "GET /c/x?via=sse HTTP/1.1");
    assert_eq!(allowed(&server, &mut kept, a), [a, a]);
    assert_eq!(allowed(&server, &mut kept, b), ["", ""]);
    hang_up(&server, &format!("origins = ['{b}']\n"), AGAIN, 1);
    assert_eq!(allowed(&server, &mut kept, a), ["", ""]);
    assert_eq!(allowed(&server, &mut kept, b), [b, b]);
    let said = server.stderr();
    assert!(
        said.contains("applied option=\"origins\" was=[\"https://a.example\"] now=[\"https://b.example\"]"),
        "{said}"
    );
    // Nobody was sent away.
    publish(server.address, "x", "still here");
    assert_eq!(reader.data().unwrap(), "data: still here");
}

#[test]
fn the_level_of_the_log_changes_without_a_restart() {
    let mut server = Server::with_config("log_level = 'off'\n", &[]);
    hang_up(&server, "log_level = 'info'\n", AGAIN, 1);
    hang_up(&server, "log_level = 'error'\n", "applied option=\"log_level\" was=\"info\" now=\"error\"", 1);
    server.terminate();
    server.wait();
    let said = server.stderr();
    assert!(said.contains("applied option=\"log_level\" was=\"off\" now=\"info\""), "{said}");
    assert!(!said.contains("ending"), "{said}");
}

#[test]
fn the_time_over_which_readers_come_back_changes_without_a_restart() {
    let server = Server::with_config("return_over = '10m'\n", &[]);
    let mut reader = Held::open(server.address, "GET /c/x?via=sse HTTP/1.1");
    hang_up(&server, "return_over = '0s'\n", AGAIN, 1);
    server.terminate();
    let told = std::iter::from_fn(|| reader.line()).filter(|line| line.starts_with("retry:"));
    assert_eq!(told.last().unwrap(), "retry: 0");
}

#[test]
fn the_grace_of_members_changes_without_a_restart() {
    let server = Server::with_config("presence_grace = '10m'\n", &[]);
    hang_up(&server, "presence_grace = '0s'\n", AGAIN, 1);
    let head = "GET /c/x?via=sse&presence=alice HTTP/1.1";
    drop(Held::open(server.address, head));
    let gone = || get(server.address, "/c/x/$presence").json()["count"] == 0;
    until("the member to be gone", gone);
    assert_eq!(get(server.address, "/c/x/$presence").json()["certain"], true);
}

#[test]
fn each_option_does_what_its_row_says() {
    // What flags say, as they do of the first two, the file does not change.
    let file = "listen = '127.0.0.1:1'\ndata = 'elsewhere'\nworkers = 7\norigins = ['https://a.example']\n\
                log_format = 'json'\nlog_level = 'debug'\nstore_bytes = '2GiB'\nreturn_over = '1s'\npresence_grace = '1s'\nhost = true\n\
                egress_allow = ['::1']\ninsecure_open = true\n[[namespace]]\npattern = 'a/**'\n";
    let running = ALL.iter().filter(|setting| matches!(setting.change, Change::Running(_)));
    let running: Vec<&str> = running.map(|setting| setting.key).collect();
    assert_eq!(
        running,
        ["origins", "log_level", "return_over", "presence_grace"],
        "each needs a test of its own, as above"
    );
    let server = Server::start();
    hang_up(&server, file, AGAIN, 1);
    let said = server.stderr();
    for setting in ALL {
        let became = match setting.change {
            _ if ["listen", "data"].contains(&setting.key) => None,
            Change::Running(_) => Some("applied"),
            Change::Restart => Some("needs a restart"),
        };
        for what in ["applied", "needs a restart"] {
            let line = format!("{what} option=\"{}\"", setting.key);
            assert_eq!(said.contains(&line), became == Some(what), "{line}: {said}");
        }
    }
    assert!(said.contains("changed=11"), "{said}");
    // What waits for a restart is said again, what was applied is not.
    hang_up(&server, file, AGAIN, 2);
    assert!(server.stderr().contains("changed=7"), "{}", server.stderr());
    hang_up(
        &server,
        "log_level = 'debug'\norigins = 'https://a.example'\nreturn_over = '1s'\npresence_grace = '1s'\n",
        "changed=0",
        1,
    );
}

#[test]
fn a_file_with_errors_changes_nothing() {
    let a = "https://a.example";
    let server = Server::with_config(&format!("origins = ['{a}']\n"), &[]);
    let mut kept = Kept::open(server.address);
    let nothing = "nothing of the configuration was changed";
    hang_up(&server, "origins = []\nwokers = 1\nlog_level = 'loud'\n", nothing, 2);
    let (said, file) = (server.stderr(), server.config().display().to_string());
    assert!(
        said.contains(&format!("{file}, line 2: there is no option `wokers`; did you mean `workers`?")),
        "{said}"
    );
    assert!(said.contains(&format!("{file}, line 3: `log_level` cannot be \"loud\"")), "{said}");
    hang_up(&server, "origins = [", "this is not TOML", 1);
    fs::remove_file(server.config()).unwrap();
    server.hang_up();
    until("the missing file to be named", || server.stderr().contains("cannot be read"));
    assert_eq!(allowed(&server, &mut kept, a), [a, a]);
    assert!(!server.stderr().contains("applied"), "{}", server.stderr());
    hang_up(&server, "", AGAIN, 1);
    assert_eq!(allowed(&server, &mut kept, a), ["", ""]);
}

#[test]
fn without_a_regular_file_there_is_nothing_to_read_again() {
    let folder = tempfile::TempDir::new().unwrap();
    for (args, said) in [
        (&[][..], "there is no configuration file to read again"),
        (&["--config", "/dev/null"], "this is no regular file and cannot be read again"),
    ] {
        let mut command = fanfare("", &["serve", "--listen", "127.0.0.1:0", "--data"]);
        let mut job = Job::start(command.arg(folder.path().join("data")).args(args));
        job.line();
        job.hang_up();
        job.told(said);
        job.interrupt();
        job.end().with(0);
    }
}
