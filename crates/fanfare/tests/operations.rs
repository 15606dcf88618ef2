//! The commands of `docs/operations.md`, executed as they are written, in the order in which they stand.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use support::guide::{blocks, type_in};
use support::http::{get, publish};
use support::server::Server;

const GUIDE: &str = include_str!("../../../docs/operations.md");

#[test]
fn the_commands_of_the_guide_do_what_it_says() {
    let mut server = Server::start();
    for channel in ["ops/deploys", "ops/disk", "market/eurusd", "a"] {
        (0..3).for_each(|index| drop(publish(server.address, channel, &index.to_string())));
    }
    let folder = server.folder().to_owned();
    for (block, _) in blocks(GUIDE) {
        if block.contains("db restore") {
            server.terminate();
            assert!(server.wait().success());
            type_in(block, &folder, &server);
            server.restart();
        } else {
            type_in(block, &folder, &server);
        }
    }
    assert_eq!(get(server.address, "/c/**?limit=1000").bodies().len(), 12);
    for (file, lines) in [("all.ndjson", 12), ("ops.ndjson", 9)] {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        assert_eq!(text.lines().count(), lines, "{file}");
    }
    for store in ["new", "elsewhere", "saved"] {
        assert!(folder.join(store).join("fanfare.db").exists(), "{store}");
    }
}
