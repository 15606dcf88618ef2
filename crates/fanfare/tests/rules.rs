//! A namespace that is kept becomes live at a restart, or the reverse: nothing is lost silently.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use serde_json::Value;
use std::fs;
use support::http::{Held, ask, get, publish};
use support::server::{Server, until};

const LIVE: &str = "[[namespace]]\npattern = 'm/**'\nkeeping = 'live'\n";

fn restart_with(server: &mut Server, config: &str) {
    fs::write(server.config(), config).unwrap();
    server.terminate();
    server.wait();
    server.restart();
}

fn cursor(server: &Server, target: &str) -> String {
    get(server.address, target).json()["cursor"].as_str().unwrap().to_owned()
}

#[test]
fn what_was_kept_is_read_on_when_its_channel_is_live() {
    let mut server = Server::with_config("", &[]);
    for body in ["1", "2", "3"] {
        publish(server.address, "m/a", body);
    }
    let page = get(server.address, "/c/m/a?last=3").json();
    let after_first = page["messages"][0]["cursor"].as_str().unwrap().to_owned();
    restart_with(&mut server, LIVE);
    assert!(server.stderr().contains("namespace=\"m/**\""), "{}", server.stderr());
    publish(server.address, "m/a", "4");
    publish(server.address, "m/b", "5");
    for (target, expected) in [
        (format!("/c/m/a?after={after_first}"), &["2", "3", "4"][..]),
        (format!("/c/m/**?after={after_first}"), &["2", "3", "4", "5"]),
        ("/c/m/a?last=10".into(), &["1", "2", "3", "4"]),
        (format!("/c/m/a?after={}", cursor(&server, "/c/m/a?last=1")), &[]),
    ] {
        let page = get(server.address, &target);
        assert_eq!(page.bodies(), expected, "{target}");
        assert_eq!(page.json()["gap"], Value::Null, "{target}");
    }
    let mut reader = Held::open(server.address, &format!("GET /c/m/a?via=sse&after={after_first} HTTP/1.1"));
    assert_eq!(["2", "3", "4"].map(|body| format!("data: {body}")), [(); 3].map(|()| reader.data().unwrap()));
    let list = get(server.address, "/channels?pattern=m/**").json();
    let counted = |name: &str| {
        let mut found = list["channels"].as_array().unwrap().iter().filter(|info| info["channel"] == name);
        let messages = found.next().unwrap()["messages"].as_u64();
        assert!(found.next().is_none(), "{name} is listed twice");
        messages.unwrap()
    };
    assert_eq!((counted("m/a"), counted("m/b")), (4, 1));
    assert_eq!(ask(server.address, "DELETE /c/m/a HTTP/1.1", b"").status, 204);
    assert_eq!(get(server.address, "/c/m/a?last=10").bodies(), [""; 0]);
}

#[test]
fn what_was_live_is_told_lost_when_its_channel_is_kept() {
    let mut server = Server::with_config(LIVE, &[]);
    publish(server.address, "m/a", "1");
    let after = cursor(&server, "/c/m/a?last=1");
    publish(server.address, "m/a", "2");
    restart_with(&mut server, "");
    publish(server.address, "m/a", "3");
    let page = get(server.address, &format!("/c/m/a?after={after}"));
    assert_eq!((page.bodies(), &page.json()["gap"]["reason"]), (vec!["3".to_owned()], &Value::from("epoch")));
}

#[test]
fn rules_that_keep_less_than_what_is_stored_say_how_much_goes() {
    let mut server = Server::with_config("", &[]);
    for number in 0..30 {
        publish(server.address, "m/a", &number.to_string());
    }
    restart_with(&mut server, "");
    assert!(!server.stderr().contains("the rules of today"), "{}", server.stderr());
    restart_with(&mut server, "[[namespace]]\npattern = 'm/**'\nmessages = 12\n");
    let told = server.stderr();
    let told = told.lines().find(|line| line.contains("the rules of today")).unwrap();
    assert!(told.contains("namespace=\"m/**\"") && told.contains("messages=18"), "{told}");
    until("what is beyond to go", || get(server.address, "/c/m/a?last=100").bodies().len() == 12);
}
