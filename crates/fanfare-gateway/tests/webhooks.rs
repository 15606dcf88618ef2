//! Webhooks against targets that are well, that fail, hang, lead elsewhere, rebind and come back.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod door;

use aws_lc_rs::digest;
use door::{SECRET, Says, Server, Target, Wanted, ok, until};
use fanfare_egress::Addresses;
use fanfare_gateway::Options;
use fanfare_proto::TagValue;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

fn server(wanted: Wanted) -> (tempfile::TempDir, Server) {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), wanted);
    (data, server)
}

/// HMAC as RFC 2104 writes it, by nothing but the hash.
fn hmac(key: &[u8], text: &[u8]) -> String {
    let sha = |parts: [&[u8]; 2]| digest::digest(&digest::SHA256, &parts.concat()).as_ref().to_vec();
    let mut key = key.to_vec();
    key.resize(64, 0);
    let pad = |byte: u8| key.iter().map(|key| key ^ byte).collect::<Vec<_>>();
    let hash = sha([&pad(0x5c), &sha([&pad(0x36), text])]);
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn messages_come_in_order_signed_and_named() {
    let target = Target::new(|_, _| ok());
    let (_data, server) = server(Wanted::default());
    server.say("a/b", "before");
    server.hook("w1", &target.url(), "a/**", None);
    for index in 0..100 {
        server.say(if index % 2 == 0 { "a/b" } else { "a/c" }, &index.to_string());
        server.say("other", "not this");
    }
    until("all came", || target.heard().len() >= 100);
    let heard = target.heard();
    assert_eq!(target.said(), (0..100).map(|index| index.to_string()).collect::<Vec<_>>());
    let mut names: Vec<_> = heard.iter().map(|heard| heard.header("fanfare-delivery").to_owned()).collect();
    names.dedup();
    assert_eq!(names.len(), 100);
    for heard in &heard {
        assert!(heard.head.starts_with("POST /hook HTTP/1.1\r\n"));
        assert_eq!((heard.header("fanfare-webhook-id"), heard.header("fanfare-attempt")), ("w1", "1"));
        assert_eq!(heard.header("content-type"), "application/json");
        let (time, signature) = heard.header("fanfare-signature").split_once(",v1=").unwrap();
        let signed = format!("{}.{}", time.strip_prefix("t=").unwrap(), heard.body);
        assert_eq!(signature, hmac(SECRET.as_bytes(), signed.as_bytes()));
    }
    let envelope = heard[0].json();
    assert_eq!((&envelope["channel"], &envelope["body"]), (&"a/b".into(), &"0".into()));
    assert!(envelope["cursor"].is_string() && envelope["position"].is_u64());
    until("it is noted", || server.health("w1").delivered == 100);
    assert!(server.health("w1").success.is_some() && server.health("w1").waiting.is_none());
    server.stop();
}

#[test]
fn the_signature_is_that_of_rfc_4231() {
    let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    assert_eq!(hmac(b"Jefe", b"what do ya want for nothing?"), expected);
}

#[test]
fn a_target_that_asks_for_batches_gets_pages() {
    let open = Arc::new(AtomicBool::new(false));
    let theirs = open.clone();
    let target = Target::new(move |_, _| if theirs.load(SeqCst) { ok() } else { Some("500 X".into()) });
    let (_data, server) = server(Wanted {
        options: Options { attempts: 99, ..Wanted::default().options },
        ..Wanted::default()
    });
    server.hook("w1", &target.url(), "a", Some(10));
    (0..25).for_each(|index| server.say("a", &index.to_string()));
    until("it was tried", || !target.heard().is_empty());
    let tried = target.heard().len();
    open.store(true, SeqCst);
    until("all were taken", || server.health("w1").delivered == 25);
    let pages: Vec<_> = target.heard().into_iter().skip(tried).map(|heard| heard.json()).collect();
    let taken = pages.iter().rev().take(3).map(|page| page["messages"].as_array().unwrap().len());
    assert!(taken.max() == Some(10), "{pages:?}");
    assert!(pages.iter().all(|page| page["gap"].is_null() && page["cursor"].is_string()));
    server.stop();
}

#[test]
fn a_target_that_fails_is_tried_again_and_delays_nobody() {
    let fails = Target::new(|_, before| if before < 3 { Some("500 X".into()) } else { ok() });
    let hangs = Target::new(|_, _| None);
    let well = Target::new(|_, _| ok());
    let (_data, server) = server(Wanted { time: Duration::from_secs(20), ..Wanted::default() });
    server.hook("fails", &fails.url(), "a", None);
    server.hook("hangs", &hangs.url(), "a", None);
    server.hook("well", &well.url(), "a", None);
    (0..50).for_each(|index| server.say("a", &index.to_string()));
    until("the well one has all", || well.heard().len() == 50);
    until("the failing one has all", || server.health("fails").delivered == 50);
    let tries: Vec<_> =
        fails.heard().iter().take(5).map(|heard| heard.header("fanfare-attempt").to_owned()).collect();
    assert_eq!(tries, ["1", "2", "3", "4", "1"]);
    assert_eq!(fails.said()[..5], ["0", "0", "0", "0", "1"].map(String::from));
    let names: Vec<_> =
        fails.heard().iter().map(|heard| heard.header("fanfare-delivery").to_owned()).collect();
    assert!(names[0] == names[3] && names[3] != names[4], "{names:?}");
    assert_eq!(hangs.heard().len(), 1);
    assert!(server.health("hangs").waiting.is_some());
    let failure = server.health("fails").failure.unwrap().1;
    assert_eq!(&*failure, "the target answered 500");
    server.stop();
}

#[test]
fn a_target_that_hangs_is_left_in_time() {
    let hangs = Target::new(|_, _| None);
    let (_data, server) = server(Wanted { time: Duration::from_millis(100), ..Wanted::default() });
    server.hook("w1", &hangs.url(), "a", None);
    server.say("a", "x");
    until("it was left", || server.health("w1").failures >= 2);
    assert_eq!(&*server.health("w1").failure.unwrap().1, "the whole request took more than 100 ms");
    server.stop();
}

#[test]
fn what_is_given_up_is_found_with_the_dead() {
    let target = Target::new(|heard, _| if heard.said() == "bad" { Some("500 X".into()) } else { ok() });
    let (_data, server) = server(Wanted::default());
    server.hook("w1", &target.url(), "a", None);
    server.hook("w2", &target.url(), "$dead/w1", None);
    ["good", "bad", "better"].iter().for_each(|text| server.say("a", text));
    until("the last came", || target.said().contains(&"better".to_owned()));
    let dead = server.messages("$dead/w1");
    assert_eq!(dead.len(), 1);
    let content = &dead[0].content;
    assert_eq!(&*content.body, b"bad");
    assert_eq!(content.tags["dead_channel"], TagValue::Text("a".into()));
    assert_eq!(content.tags["dead_why"], TagValue::Text("the target answered 500".into()));
    assert_eq!(server.health("w1").dead, 1);
    let tries = target
        .heard()
        .iter()
        .filter(|heard| heard.header("fanfare-webhook-id") == "w1" && heard.said() == "bad")
        .count();
    assert_eq!(tries, 5);
    // What is dead twice does not go round.
    until("the other one gives up, too", || server.health("w2").dead == 1);
    assert!(server.messages("$dead/w2").is_empty());
    server.stop();
}

#[test]
fn a_target_that_is_gone_is_sent_nothing_more() {
    let target = Target::new(|_, _| Some("410 Gone".into()));
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), Wanted::default());
    server.hook("w1", &target.url(), "a", None);
    server.say("a", "x");
    until("it is disabled", || server.progress("w1").disabled.is_some());
    server.say("a", "y");
    server.stop();
    let server = Server::start(data.path(), Wanted::default());
    let other = Target::new(|_, _| ok());
    server.hook("w2", &other.url(), "a", None);
    server.say("a", "z");
    until("another one hears", || other.said() == ["z"]);
    assert_eq!(target.heard().len(), 1);
    server.stop();
}

#[test]
fn a_target_that_is_gone_stays_so_though_that_could_not_be_kept_at_once() {
    let target = Target::new(|_, _| Some("410 Gone".into()));
    let (_data, server) = server(Wanted::default());
    server.hook("w1", &target.url(), "a", None);
    server.store.puts.store(true, SeqCst);
    server.say("a", "x");
    until("it could not be kept", || server.store.refused.load(SeqCst) > 0);
    server.store.puts.store(false, SeqCst);
    until("it is kept", || server.progress("w1").disabled.is_some());
    assert_eq!(target.heard().len(), 1);
    server.stop();
}

#[test]
fn a_target_is_not_called_again_because_its_dead_letters_are_not_taken() {
    let target = Target::new(|heard, _| if heard.said() == "bad" { Some("500 X".into()) } else { ok() });
    let (_data, server) = server(Wanted::default());
    server.hook("w1", &target.url(), "a", None);
    server.store.appends.store(true, SeqCst);
    ["bad", "good"].iter().for_each(|text| server.say("a", text));
    until("it was tried to be buried", || server.store.refused.load(SeqCst) > 1);
    assert_eq!(target.said(), ["bad"; 5]);
    server.store.appends.store(false, SeqCst);
    until("the other one came", || target.said().len() > 5);
    assert_eq!(target.said()[5..], ["good"]);
    assert_eq!(server.messages("$dead/w1").len(), 1);
    server.stop();
}

#[test]
fn a_dead_letter_that_is_refused_for_good_stops_nobody() {
    let target = Target::new(|heard, _| if heard.said() == "bad" { Some("500 X".into()) } else { ok() });
    let (_data, server) = server(Wanted::default());
    server.hook("w1", &target.url(), "a", None);
    server.say("a", "bad");
    until("it was tried", || !target.heard().is_empty());
    let delivery = target.heard()[0].header("fanfare-delivery").to_owned();
    let message = server.messages("a").remove(0);
    // The same name for another letter.
    server.wait(server.node.bury("w1", &message, &delivery, "for another reason")).unwrap();
    server.say("a", "good");
    until("the other one came", || target.said().contains(&"good".into()));
    server.stop();
}

#[test]
fn retry_after_is_obeyed_and_kept_over_a_restart() {
    let open = Arc::new(AtomicBool::new(false));
    let theirs = open.clone();
    let target = Target::new(move |_, _| match theirs.load(SeqCst) {
        true => ok(),
        false => Some("503 Later\r\nretry-after: 3".into()),
    });
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), Wanted::default());
    server.hook("w1", &target.url(), "a", None);
    ["x", "y"].iter().for_each(|text| server.say("a", text));
    until("it is put off", || server.progress("w1").due.is_some());
    let due = server.progress("w1").due.unwrap();
    assert_eq!(server.progress("w1").attempts, 1);
    server.stop();
    open.store(true, SeqCst);
    let server = Server::start(data.path(), Wanted::default());
    until("all came", || target.heard().len() >= 3);
    assert!(door::now() >= due, "it was tried before it was due");
    assert_eq!(target.said(), ["x", "x", "y"]);
    assert_eq!(target.heard()[1].header("fanfare-attempt"), "2");
    until("it is kept", || server.progress("w1").attempts == 0 && server.progress("w1").due.is_none());
    server.stop();
    // And what was delivered is not again.
    let server = Server::start(data.path(), Wanted::default());
    server.say("a", "z");
    until("the new one came", || target.said().last().is_some_and(|said| said == "z"));
    assert_eq!(target.said(), ["x", "x", "y", "z"]);
    server.stop();
}

#[test]
fn nothing_leads_to_what_is_not_allowed() {
    let secret = Target::new(|_, _| ok());
    let leads = format!("307 T\r\nlocation: {}", secret.url());
    let good = Target::at("127.0.0.2:0", move |_, _| Some(leads.clone()));
    let addresses = Addresses::allowing(vec!["127.0.0.2/32".parse().unwrap()]);
    let port = secret.address.port();
    let asked = AtomicUsize::new(0);
    // At first it is the good one's address, and then this machine's.
    let says = move || {
        vec![if asked.fetch_add(1, SeqCst) == 0 { "127.0.0.2" } else { "127.0.0.1" }.parse().unwrap()]
    };
    let resolver = Some(Arc::new(Says(says)) as Arc<dyn fanfare_egress::Resolver>);
    let (_data, server) = server(Wanted { addresses, resolver, ..Wanted::default() });
    server.hook("direct", &secret.url(), "a", None);
    server.hook("redirected", &good.url(), "a", None);
    server.hook("rebinds", &format!("http://rebinds.example:{port}/"), "a", None);
    server.say("a", "x");
    for (id, why) in [("direct", "loopback"), ("redirected", "another origin"), ("rebinds", "")] {
        until("it is given up", || server.health(id).dead == 1);
        let failure = server.health(id).failure.unwrap().1;
        assert!(failure.contains(why), "{id}: {failure}");
    }
    assert!(server.health("rebinds").failure.unwrap().1.contains("loopback"));
    assert!(secret.heard().is_empty());
    server.stop();
}

#[test]
fn what_was_lost_is_told() {
    let data = tempfile::tempdir().unwrap();
    let open = Arc::new(AtomicBool::new(false));
    let theirs = open.clone();
    let target = Target::new(
        move |_, _| if theirs.load(SeqCst) { ok() } else { Some("503 X\r\nretry-after: 1".into()) },
    );
    let server = Server::start(data.path(), Wanted::default());
    server.hook("w1", &target.url(), "few/a", None);
    (0..20).for_each(|index| server.say("few/a", &index.to_string()));
    until("retention has let some go", || server.messages("few/a").len() == 3);
    open.store(true, SeqCst);
    until("the last came", || target.heard().last().is_some_and(|heard| heard.json()["body"] == "19"));
    let heard = target.heard();
    let gap =
        heard.iter().map(|heard| heard.json()).find(|json| json["gap"].is_object()).expect("a gap is told");
    assert_eq!((gap["messages"].as_array().unwrap().len(), &gap["gap"]["reason"]), (0, &"trimmed".into()));
    server.stop();
}

#[test]
fn one_that_is_removed_hears_nothing_more() {
    let open = Arc::new(AtomicBool::new(false));
    let theirs = open.clone();
    let slow = Target::new(move |_, _| {
        until("it may answer", || theirs.load(SeqCst));
        ok()
    });
    let quick = Target::new(|_, _| ok());
    let (_data, server) = server(Wanted::default());
    server.hook("w1", &slow.url(), "live/a", None);
    server.hook("w2", &quick.url(), "live/a", None);
    server.say_all("live/a", 0..20);
    until("it is in the middle of a page", || slow.heard().len() == 1);
    until("the other one heard", || quick.heard().len() == 20);
    assert_eq!(server.wait(server.webhooks.remove("w1")), Ok(true));
    assert_eq!(server.wait(server.webhooks.remove("w1")), Ok(false));
    // What was on its way leaves nothing behind.
    server.webhooks.note("w1", |health| health.failures += 1);
    assert!(server.webhooks.health_of_all().iter().all(|(id, _)| &**id != "w1"));
    // What another sends there comes, in its turn.
    server.hook("w3", &slow.url(), "live/b", None);
    (100..120).for_each(|index| server.say("live/b", &index.to_string()));
    open.store(true, SeqCst);
    until("a third heard", || slow.said().contains(&"119".into()));
    let mine = slow.heard().iter().filter(|heard| heard.header("fanfare-webhook-id") == "w1").count();
    assert_eq!(mine, 1);
    server.stop();
}

/// The guide's own program, where there is Python to run it.
#[test]
fn what_the_guide_says_checks_a_signature() {
    let guide = include_str!("../../../docs/webhooks.md");
    let program = guide.split("```python\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let program =
        format!("{program}\nimport sys\nprint(is_genuine(sys.argv[1], sys.argv[2].encode(), sys.argv[3]))");
    let target = Target::new(|_, _| ok());
    let (_data, server) = server(Wanted::default());
    server.hook("w1", &target.url(), "a", None);
    server.say("a", "grüße");
    until("it came", || !target.heard().is_empty());
    let heard = target.heard().remove(0);
    let run = |body: &str, secret: &str| {
        let header = heard.header("fanfare-signature");
        std::process::Command::new("python3").args(["-c", &program, header, body, secret]).output()
    };
    match run(&heard.body, SECRET) {
        Err(error) => println!("not run, there is no python3: {error}"),
        Ok(output) => {
            assert_eq!(String::from_utf8_lossy(&output.stdout), "True\n", "{output:?}");
            for (body, secret) in [(&*heard.body.replace("ü", "u"), SECRET), (&heard.body, "other")] {
                assert_eq!(String::from_utf8_lossy(&run(body, secret).unwrap().stdout), "False\n");
            }
        }
    }
    server.stop();
}
