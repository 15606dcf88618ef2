//! Which store a command means that looks after one.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use std::fs;
use support::command::{fanfare, run};
use support::http::publish;
use support::server::Server;

#[test]
fn the_servers_configuration_names_the_store_unless_something_nearer_does() {
    let (server, other) = (Server::start(), Server::start());
    publish(server.address, "a", "1");
    (0..2).for_each(|_| drop(publish(other.address, "a", "1")));
    let [data, elsewhere] = [server.data(), other.data()].map(|path| path.to_str().unwrap().to_owned());
    let file = server.folder().join("named.toml");
    fs::write(&file, format!("data = {data:?}\nlog_level = \"debug\"\n")).unwrap();
    let config = file.to_str().unwrap();
    for (args, environment, messages) in [
        (&["--config", config][..], None, 1),
        (&["--config", config, "--data", &elsewhere], None, 2),
        (&["--config", config], Some(("FANFARE_DATA", &*elsewhere)), 2),
        (&[], Some(("FANFARE_CONFIG", config)), 1),
    ] {
        for command in ["check", "stats"] {
            let mut command = fanfare("", &[&["db", command], args].concat());
            command.envs(environment);
            let shown = run(command).with(0).stdout;
            let told = shown.contains(&format!("{messages} messages"))
                || shown.contains(&format!("{messages}, with"));
            assert!(told, "{args:?} {environment:?}: {shown}");
        }
    }
    let saved = server.folder().join("saved");
    run(fanfare("", &["db", "backup", saved.to_str().unwrap(), "--config", config])).with(0);
    fs::write(&file, "dada = \"x\"\n").unwrap();
    let told = run(fanfare("", &["db", "check", "--config", config])).with(2).stderr;
    assert!(told.contains("dada") && told.contains("named.toml"), "{told}");
}

#[test]
fn a_backup_and_a_folder_are_not_both_meant() {
    let server = Server::start();
    let (data, file) = (server.data(), server.folder().join("backup"));
    let (data, file) = (data.to_str().unwrap(), file.to_str().unwrap());
    run(fanfare("", &["db", "backup", file, "--data", data])).with(0);
    for command in ["check", "stats"] {
        let told = run(fanfare("", &["db", command, file, "--data", data])).with(2).stderr;
        assert!(told.contains("--data names another"), "{told}");
        run(fanfare("", &["db", command, file, "--config", "x"])).with(2);
        // A variable that is there for all commands is no second wish.
        let mut chosen = fanfare("", &["db", command, file]);
        chosen.env("FANFARE_DATA", data).env("FANFARE_CONFIG", "x");
        assert!(run(chosen).with(0).stdout.contains("backup"));
    }
}
