//! A name that leads elsewhere each time it is asked for: none of its answers passes that may not.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

#[allow(dead_code, reason = "each test file uses its part")]
mod door;

use door::{Peer, Says, allow, answer, client, target};
use fanfare_egress::{AddressKind, Call, EgressError, Options};
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

/// The peer that may be reached stands for the public internet: it is the one address that is allowed. The other one is
/// this machine, at the same port, and it counts who comes.
const GOOD: &str = "127.0.0.2";
const BAD: [&str; 4] = ["127.0.0.1", "::ffff:127.0.0.1", "::1", "64:ff9b::127.0.0.1"];

#[tokio::test]
async fn of_ten_thousand_attempts_to_rebind_none_passes() {
    let good = Peer::new("127.0.0.2:0", |_| answer("200 OK", "", "good"));
    let port = good.address.port();
    let bad = Peer::new(&format!("127.0.0.1:{port}"), |_| answer("200 OK", "", "secret"));
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let (chance, asked) =
        (Arc::new(Mutex::new(fastrand::Rng::with_seed(seed))), Arc::new(AtomicUsize::new(0)));
    let (theirs, count) = (chance.clone(), asked.clone());
    let says = move |_: &str| -> Vec<IpAddr> {
        count.fetch_add(1, SeqCst);
        let mut chance = theirs.lock().unwrap();
        let bad = BAD[chance.usize(..BAD.len())];
        let answers: &[&str] = match chance.u8(..4) {
            0 | 1 => &[GOOD],
            2 => &[bad],
            _ if chance.bool() => &[GOOD, bad],
            _ => &[bad, GOOD],
        };
        answers.iter().map(|address| address.parse().unwrap()).collect()
    };
    let client = client(Options {
        addresses: allow(&["127.0.0.2/32"]),
        resolver: Arc::new(Says(says)),
        ..Options::default()
    });
    let (mut passed, mut refused) = (0, 0);
    for attempt in 0..10_000 {
        let url = format!("http://rebinds.example:{port}/{attempt}");
        match client.send(Call::get(target(&url))).await {
            Ok(answer) => {
                assert_eq!(answer.body, "good", "attempt {attempt}");
                passed += 1;
            }
            Err(EgressError::Address { kind: AddressKind::Loopback, .. }) => refused += 1,
            Err(error) => panic!("attempt {attempt}: {error}"),
        }
    }
    assert_eq!(bad.connections(), 0);
    assert_eq!(good.connections(), passed);
    assert_eq!(asked.load(SeqCst), passed + refused, "a name is asked for once for each attempt");
    assert!(passed > 4_000 && refused > 4_000, "{passed} passed, {refused} refused");
    println!("{passed} to the good one, {refused} refused, 0 to the bad one");
}

#[tokio::test]
async fn a_redirect_to_a_name_that_rebinds_is_checked_again() {
    let good = Peer::new("127.0.0.2:0", |_| answer("302 Found", "location: /again\r\n", ""));
    let port = good.address.port();
    let bad = Peer::new(&format!("127.0.0.1:{port}"), |_| answer("200 OK", "", "secret"));
    let asked = AtomicUsize::new(0);
    let says =
        move |_: &str| vec![if asked.fetch_add(1, SeqCst) == 0 { GOOD } else { BAD[0] }.parse().unwrap()];
    let client = client(Options {
        addresses: allow(&["127.0.0.2/32"]),
        resolver: Arc::new(Says(says)),
        ..Options::default()
    });
    let error = client.send(Call::get(target(&format!("http://rebinds.example:{port}/")))).await.unwrap_err();
    assert!(matches!(error, EgressError::Address { kind: AddressKind::Loopback, .. }), "{error}");
    assert_eq!((good.connections(), bad.connections()), (1, 0));
}
