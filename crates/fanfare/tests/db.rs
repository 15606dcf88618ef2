//! `fanfare db`: stores are checked, counted, backed up, restored, exported and imported, from a shell.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]
#![allow(clippy::print_stdout, reason = "says which case failed")]

mod readers;
mod support;

use readers::{Heard, Reader, Transport};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use support::command::{Ended, Job, fanfare, run};
use support::http::{ask, get, publish};
use support::server::{Server, until};
use tempfile::TempDir;

/// Runs `fanfare db` on the store of a folder.
fn db(data: &Path, args: &[&str]) -> Ended {
    let all = [&["db"], args, &["--data", data.to_str().unwrap()]].concat();
    run(fanfare("", &all))
}

fn stop(server: &mut Server) {
    server.terminate();
    assert!(server.wait().success());
}

fn stats(data: &Path) -> Value {
    serde_json::from_str(&db(data, &["stats", "--json"]).with(0).stdout).unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn break_store(file: &Path, how: &str) {
    assert!(Connection::open(file).unwrap().execute(how, []).unwrap() > 0);
}

/// Lines of an export, without what is new in another store.
fn messages(file: &Path) -> Vec<Value> {
    let line = |line: &str| {
        let mut value: Value = serde_json::from_str(line).unwrap();
        for field in ["position", "previous", "cursor", "selection"] {
            value.as_object_mut().unwrap().remove(field);
        }
        value
    };
    fs::read_to_string(file).unwrap().lines().map(line).collect()
}

#[test]
fn a_check_says_what_is_wrong_and_what_to_do() {
    let dir = TempDir::new().unwrap();
    let missing = db(dir.path(), &["check"]).with(1);
    assert!(
        missing.stderr.contains("there is no store here") && missing.stderr.contains("--data"),
        "{missing:?}"
    );
    let mut server = Server::start();
    (0..3).for_each(|index| drop(publish(server.address, "a/b", &index.to_string())));
    let sound = db(&server.data(), &["check"]).with(0);
    assert!(sound.stdout.contains("is sound: 3 messages in 1 channels, up to position 3"), "{sound:?}");
    stop(&mut server);
    break_store(&server.data().join("fanfare.db"), "UPDATE channel SET messages = 2");
    let damaged = db(&server.data(), &["check"]).with(7);
    let told = "channels: a/b: the row of the channel number 1 was changed by no server\n";
    assert_eq!(damaged.stdout, told);
    let data = server.data().display().to_string();
    for advice in ["is damaged", &format!("db restore BACKUP --data {data} --force"), "db export SAVED"] {
        assert!(damaged.stderr.contains(advice), "{damaged:?}");
    }
    let file = server.data().join("fanfare.db");
    fs::write(&file, &fs::read(&file).unwrap()[..5000]).unwrap();
    let cut = db(&server.data(), &["check"]).with(7);
    assert!(cut.stdout.starts_with("file: "), "{cut:?}");
}

#[test]
fn stats_count_what_a_server_holds_and_a_backup_as_well() {
    let config = "[[namespace]]\npattern = \"big/**\"\nmessages = 100\n";
    let server = Server::with_config(config, &[]);
    for (channel, body) in [("big/a", "xxxxxxxxxx"), ("big/b", "xxxxx"), ("small", "x")] {
        (0..3).for_each(|_| drop(publish(server.address, channel, body)));
    }
    let stats = stats(&server.data());
    assert_eq!((&stats["messages"], &stats["channels"], &stats["bytes"]), (&json!(9), &json!(3), &json!(48)));
    let namespaces = json!([
        {"pattern": "big/**", "channels": 2, "messages": 6, "bytes": 45},
        {"pattern": "**", "channels": 1, "messages": 3, "bytes": 3},
    ]);
    assert_eq!(stats["namespaces"], namespaces);
    assert_eq!(stats["largest"][0], json!({"channel": "big/a", "messages": 3, "bytes": 30}));
    assert!(stats["file_bytes"].as_u64().unwrap() > 0 && stats["wal_bytes"].as_u64().unwrap() > 0);
    let newest = get(server.address, "/c/small?last=1").json()["messages"][0]["time"].clone();
    assert_eq!((&stats["head"], &stats["newest"], &stats["schema"]), (&json!(9), &newest, &json!(3)));
    let file = server.folder().join("b.db");
    db(&server.data(), &["backup", text(&file)]).with(0);
    let shown = run(fanfare("", &["db", "stats", text(&file), "--largest", "1"])).with(0);
    assert!(shown.stdout.contains("9, with 48 B") && shown.stdout.contains("big/a"), "{shown:?}");
    assert!(!shown.stdout.contains("big/b"), "{shown:?}");
}

#[test]
fn a_backup_is_made_while_others_publish_and_replaces_nothing_by_chance() {
    let server = Server::start();
    let (file, ends) = (server.folder().join("backup.db"), AtomicBool::new(false));
    let (before, made) = thread::scope(|scope| {
        scope.spawn(|| {
            while !ends.load(Ordering::SeqCst) {
                publish(server.address, "a", "x");
            }
        });
        until("something to be published", || stats(&server.data())["messages"].as_u64() >= Some(20));
        let before = publish(server.address, "b", "mark")["position"].as_u64().unwrap();
        let made = db(&server.data(), &["backup", text(&file)]);
        ends.store(true, Ordering::SeqCst);
        (before, made.with(0))
    });
    assert!(made.stdout.contains("with everything up to position "), "{made:?}");
    let sound = run(fanfare("", &["db", "check", text(&file)])).with(0);
    let head = sound.stdout.trim().rsplit(' ').next().unwrap().parse::<u64>().unwrap();
    assert!(head >= before, "{head}, {before}");
    assert!(sound.stdout.contains(&format!("{head} messages")), "no hole: {sound:?}");
    let refused = db(&server.data(), &["backup", text(&file)]).with(1);
    assert!(refused.stderr.contains("exists already") && refused.stderr.contains("--force"), "{refused:?}");
    db(&server.data(), &["backup", text(&file), "--force"]).with(0);
    let own = server.data().join("fanfare.db");
    let refused = db(&server.data(), &["backup", text(&own), "--force"]).with(1);
    assert!(refused.stderr.contains("belongs to the store itself"), "{refused:?}");
    let beside: Vec<_> =
        fs::read_dir(server.folder()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(beside.iter().all(|name| !name.to_string_lossy().contains("backup.db.")), "{beside:?}");
}

#[test]
fn a_reader_from_after_the_backup_is_told_a_gap_and_goes_on() {
    let mut server = Server::start();
    let say = |server: &Server, body: &str| publish(server.address, "a/b", body);
    let heard = |said: &Value, body: &str| Heard::Message {
        channel: "a/b".to_owned(),
        position: said["position"].as_u64().unwrap(),
        body: body.to_owned(),
    };
    let mut kept: Vec<Heard> = ["1", "2", "3"].map(|body| heard(&say(&server, body), body)).into();
    let file = server.folder().join("backup.db");
    db(&server.data(), &["backup", text(&file)]).with(0);
    let lost: Vec<Value> = ["4", "5"].map(|body| say(&server, body)).into();
    let running = db(&server.data(), &["restore", text(&file), "--force"]).with(1);
    assert!(running.stderr.contains("another server") && running.stderr.contains("stop"), "{running:?}");
    stop(&mut server);
    let occupied = db(&server.data(), &["restore", text(&file)]).with(1);
    assert!(occupied.stderr.contains("left as it is") && occupied.stderr.contains("--force"), "{occupied:?}");
    let restored = db(&server.data(), &["restore", text(&file), "--force"]).with(0);
    assert!(restored.stdout.contains("everything up to position 3"), "{restored:?}");
    let aside = restored.stdout.lines().next().unwrap().rsplit(' ').next().unwrap();
    let before = run(fanfare("", &["db", "check", aside])).with(0);
    assert!(before.stdout.contains("5 messages"), "{before:?}");
    server.restart();
    let next = say(&server, "new");
    assert_eq!(next["position"], 4, "the restored log goes on where the backup ends");
    kept.push(heard(&next, "new"));
    for transport in Transport::all() {
        println!("{transport:?}");
        let cursor = lost[1]["cursor"].as_str().map(str::to_owned);
        let mut reader = Reader { cursor, heard: Vec::new() };
        reader.read(server.address, "/c/a/b", transport, kept.len()).unwrap();
        let Some((Heard::Gap { reason, from, .. }, rest)) = reader.heard.split_first() else {
            panic!("no gap first: {:?}", reader.heard);
        };
        assert_eq!((&**reason, *from, rest), ("epoch", 5, &*kept));
        let told = reader.heard.len();
        let more = say(&server, "more");
        reader.read(server.address, "/c/a/b", transport, 1).unwrap();
        assert_eq!(reader.heard[told..], [heard(&more, "more")], "the gap is told once");
        kept.push(heard(&more, "more"));
    }
}

#[test]
fn a_damaged_backup_is_not_restored() {
    let server = Server::start();
    publish(server.address, "a", "x");
    let (file, data) = (server.folder().join("b.db"), server.folder().join("new"));
    db(&server.data(), &["backup", text(&file)]).with(0);
    break_store(&file, "UPDATE channel SET bytes = 9");
    let refused = db(&data, &["restore", text(&file)]).with(7);
    assert!(refused.stdout.contains("was changed by no server") && !data.exists(), "{refused:?}");
}

/// A message of each kind.
fn say_everything(server: &Server) {
    let post = |head: &str, body: &[u8]| {
        let answer = ask(server.address, &format!("POST {head}"), body);
        assert_eq!(answer.status, 201, "{answer:?}");
    };
    post("/c/text HTTP/1.1", "é\r\n\u{1}".as_bytes());
    post("/c/bytes HTTP/1.1\nContent-Type: image/png", b"\xff\0\x01");
    post("/c/json HTTP/1.1\nContent-Type: application/json", b"{\"a\":\r\n [1, 2.50]}");
    post("/c/json HTTP/1.1\nContent-Type: application/json", b" {oops");
    post(
        "/c/all/fields HTTP/1.1\nIdempotency-Key: i1\nKey: k\nTTL: 1h\nPriority: 5\nTags: a=1.5,b=\"2\",c\nEvent: e",
        b"",
    );
    let notice = json!({"channel": "notice", "notice": {"title": "t"}, "body": null});
    let answer = ask(server.address, "POST /publish HTTP/1.1", notice.to_string().as_bytes());
    assert!(answer.status < 300, "{answer:?}");
}

#[test]
fn what_is_exported_is_imported_as_it_was() {
    let server = Server::start();
    say_everything(&server);
    let [one, two, some] = ["one", "two", "some"].map(|name| server.folder().join(name));
    let told = db(&server.data(), &["export", text(&one)]).with(0);
    assert_eq!(told.stderr, "messages: 6, up to position 6\n");
    let fields = messages(&one)[4].clone();
    let time = fields["time"].clone();
    let expires = fields["expires"].clone();
    let expected = json!({"channel": "all/fields", "time": time, "id": "i1", "key": "k", "priority": 5,
        "expires": expires, "tags": {"a": 1.5, "b": "2", "c": true}, "event": "e", "body": ""});
    assert_eq!(fields, expected);
    let data = server.folder().join("new");
    let imported = db(&data, &["import", text(&one)]).with(0);
    assert!(imported.stdout.contains("6 messages imported"), "{imported:?}");
    db(&data, &["check"]).with(0);
    db(&data, &["export", text(&two)]).with(0);
    assert_eq!(messages(&two), messages(&one));
    assert_eq!(messages(&one).len(), 6);
    db(&data, &["export", text(&some), "--channel", "json", "--channel", "all/**", "--after", "3"]).with(0);
    assert_eq!(messages(&some), messages(&one)[3..5]);
    let stdout = db(&server.data(), &["export", "-", "--channel", "text"]).with(0).stdout;
    assert_eq!(stdout.lines().count(), 1);
    let other = db(&data, &["export", text(&one), "--resume"]).with(2);
    assert!(other.stderr.contains("of another store"), "{other:?}");
    let there = db(&data, &["export", text(&one)]).with(1);
    assert!(there.stderr.contains("--resume") && there.stderr.contains("--force"), "{there:?}");
}

#[test]
fn an_interrupted_export_goes_on_after_its_last_whole_line() {
    let server = Server::start();
    (0..700).for_each(|index| drop(publish(server.address, &format!("c/{}", index % 3), &index.to_string())));
    let (whole, cut) = (server.folder().join("whole"), server.folder().join("cut"));
    db(&server.data(), &["export", text(&whole)]).with(0);
    let lines = fs::read(&whole).unwrap();
    for end in [0, 10, lines.len() / 3, lines.len() - 1, lines.len()] {
        fs::write(&cut, &lines[..end]).unwrap();
        db(&server.data(), &["export", text(&cut), "--resume"]).with(0);
        assert_eq!(fs::read(&cut).unwrap(), lines, "cut after {end} bytes");
    }
    publish(server.address, "c/0", "new");
    let told = db(&server.data(), &["export", text(&cut), "--resume"]).with(0);
    assert_eq!(told.stderr, "messages: 1, up to position 701\n");
    fs::write(&cut, "{\"channel\":\"a\"}\n").unwrap();
    let foreign = db(&server.data(), &["export", text(&cut), "--resume"]).with(1);
    assert!(foreign.stderr.contains("not of an export"), "{foreign:?}");
}

/// Lines in the form of an export, with rising times.
fn lines(numbers: std::ops::Range<u64>) -> String {
    let line = |number: u64| {
        let time = 1_700_000_000.0 + number as f64 / 1000.0;
        format!("{{\"channel\":\"c/{}\",\"time\":\"{time:.3}\",\"body\":\"{number}\"}}\n", number % 5)
    };
    numbers.map(line).collect()
}

#[test]
fn an_import_goes_on_after_what_is_in_and_imports_nothing_twice() {
    let dir = TempDir::new().unwrap();
    let (file, data) = (dir.path().join("file"), dir.path().join("data"));
    fs::write(&file, lines(0..2_500)).unwrap();
    db(&data, &["import", text(&file)]).with(0);
    let nothing = db(&data, &["import", text(&file)]).with(0);
    assert!(nothing.stdout.contains(": 0 messages imported"), "{nothing:?}");
    fs::write(&file, lines(0..2_600)).unwrap();
    let more = db(&data, &["import", text(&file)]).with(0);
    assert!(more.stderr.contains("2500 lines are in the store since before"), "{more:?}");
    assert!(more.stdout.contains(": 100 messages imported"), "{more:?}");
    assert_eq!(stats(&data)["messages"], 2_600);
    fs::write(&file, lines(0..10) + &lines(11..3_000)).unwrap();
    let changed = db(&data, &["import", text(&file)]).with(1);
    assert!(changed.stderr.contains("has changed before line 2600"), "{changed:?}");
    let again = db(&data, &["import", text(&file), "--again"]).with(7);
    assert!(again.stderr.contains("time in a log never goes back"), "{again:?}");
    assert_eq!(stats(&data)["messages"], 2_600);
    db(&data, &["import", text(&file), "--again", "--raise-times"]).with(0);
    assert_eq!(stats(&data)["messages"], 2_600 + 2_999);
    db(&data, &["check"]).with(0);
}

#[test]
fn a_line_end_may_come_and_go_after_the_last_line_that_is_in() {
    let dir = TempDir::new().unwrap();
    let (file, data) = (dir.path().join("file"), dir.path().join("data"));
    let import = |text: String| {
        fs::write(&file, text).unwrap();
        db(&data, &["import", file.to_str().unwrap()])
    };
    for (count, end, new) in
        [(2, "", 2), (3, "\n", 1), (3, "", 0), (5, "", 2), (5, "\r\n", 0), (6, "\n\n", 1)]
    {
        let imported = import(lines(0..count).trim_end().to_owned() + end).with(0);
        assert!(imported.stdout.contains(&format!(": {new} messages imported")), "{imported:?}");
        assert_eq!(stats(&data)["messages"], count);
    }
    let bad = import(lines(0..6) + "\nx\n").with(7);
    assert!(bad.stderr.contains("line 8: "), "{bad:?}");
    for other in ["", " ", "x"] {
        let changed =
            import(lines(0..6).replace("\"4\"", &format!("\"4{other}\"")).trim_end().to_owned() + other);
        assert_eq!(changed.code, Some(if other.is_empty() { 0 } else { 1 }), "{changed:?}");
    }
}

#[test]
fn an_import_that_was_killed_goes_on() {
    const LINES: u64 = 40_000;
    let dir = TempDir::new().unwrap();
    let (file, data) = (dir.path().join("file"), dir.path().join("data"));
    fs::write(&file, lines(0..LINES)).unwrap();
    let mut job = Job::start(&mut fanfare("", &["db", "import", text(&file), "--data", text(&data)]));
    until("the import to be under way", || {
        let found = db(&data, &["stats", "--json"]);
        job.has_ended() || found.code == Some(0) && !found.stdout.contains("\"messages\":0,")
    });
    job.kill();
    println!("killed with {} in", stats(&data)["messages"]);
    db(&data, &["import", text(&file)]).with(0);
    let sound = db(&data, &["check"]).with(0);
    assert!(sound.stdout.contains(&format!("{LINES} messages in 5 channels")), "{sound:?}");
    let out = dir.path().join("out");
    db(&data, &["export", text(&out)]).with(0);
    let bodies = messages(&out).into_iter().map(|message| message["body"].as_str().unwrap().to_owned());
    assert!(bodies.eq((0..LINES).map(|number| number.to_string())));
}

#[test]
fn bad_lines_are_told_and_nothing_is_imported() {
    let dir = TempDir::new().unwrap();
    let (file, data) = (dir.path().join("file"), dir.path().join("data"));
    let bad: [(&[u8], &str); 6] = [
        (b"{\"channel\":", "line 2: this is not a JSON object"),
        (br#"{"channel":"a"}"#, "line 2: time: it is missing"),
        (br#"{"channel":"a/","time":"1700000100"}"#, "line 2: `a/`"),
        (br#"{"channel":"a","time":"1700000100","priority":9}"#, "line 2: priority: `9` is neither 1 to 5"),
        (br#"{"channel":"a","time":"9999-01-01T00:00:00Z"}"#, "is still to come"),
        (b"{\"channel\":\"\xff\"}", "line 2: it is not UTF-8"),
    ];
    for (line, said) in bad {
        let good = lines(0..1);
        fs::write(&file, [good.as_bytes(), line, b"\n\n", lines(1..2).as_bytes()].concat()).unwrap();
        let refused = db(&data, &["import", text(&file)]).with(7);
        assert!(refused.stderr.contains(said), "{refused:?}");
        assert!(
            refused.stderr.contains("has bad lines, 1 in all; nothing of it was imported"),
            "{refused:?}"
        );
        assert!(!data.exists(), "nothing is made for it");
    }
    fs::write(&file, "x\n".repeat(50)).unwrap();
    let many = db(&data, &["import", text(&file)]).with(7);
    assert!(many.stderr.contains("line 20:") && !many.stderr.contains("line 21:"), "{many:?}");
    assert!(many.stderr.contains("bad lines, 50 in all"), "{many:?}");
    let folder = db(&data, &["import", text(dir.path())]).with(2);
    assert!(folder.stderr.contains("is not a file"), "{folder:?}");
}

#[test]
fn what_can_be_read_of_a_damaged_store_is_exported_and_what_is_missing_is_told() {
    let dir = TempDir::new().unwrap();
    let (file, data) = (dir.path().join("file"), dir.path().join("data"));
    fs::write(&file, lines(0..5_000)).unwrap();
    db(&data, &["import", text(&file)]).with(0);
    break_store(&data.join("fanfare.db"), "UPDATE message SET tags = '{' WHERE position = 2500");
    let out = dir.path().join("out");
    let told = db(&data, &["export", text(&out)]).with(7);
    assert!(told.stderr.contains("after 2499 nothing up to 2500 can be read"), "{told:?}");
    assert_eq!(messages(&out).len(), 4_999);
}
