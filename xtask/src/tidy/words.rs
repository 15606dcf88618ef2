//! Words: each concept has one name. ARCHITECTURE.md lists them; here are the names that are not used for them.
//!
//! Only names of types and modules are read, and only where the concepts live. A protocol's own file may use the
//! words of its specification.

use super::{Check, Violation};
use crate::rust::words;
use crate::tree::Tree;

pub(super) const CHECK: Check =
    Check { name: "words", rule: "types and modules use the words of ARCHITECTURE.md", run };

const WHERE: &[&str] = &["crates/fanfare-proto/src", "crates/fanfare-hub/src", "crates/fanfare-node/src"];

/// Below this, every file but `mod.rs` belongs to a protocol.
const PROTOCOLS: &str = "crates/fanfare-proto/src/protocol/";

/// What we say, and what we therefore do not.
const WORDS: &[(&str, &[&str])] = &[
    ("channel", &["topic", "subject", "room"]),
    ("pattern", &["wildcard"]),
    ("namespace", &["app"]),
    ("message", &["update", "publication", "record"]),
    ("log", &["queue", "broker", "bus"]),
    ("position", &["offset", "seq"]),
    ("session", &["client", "connection"]),
    ("subscription", &["listener", "consumer"]),
    ("grant", &["permission"]),
    ("protocol", &["codec", "serializer"]),
    ("transport", &["adapter"]),
    ("frame", &["packet"]),
    ("worker", &["reactor"]),
    ("node", &["instance"]),
    ("mailbox", &["inbox"]),
    ("device", &["endpoint"]),
    ("gateway", &["provider", "bridge"]),
    ("source", &["input"]),
    ("presence", &["roster"]),
    ("cast", &["transfer"]),
];

/// Too short to be forbidden inside a name: `LogId` is fine, `Id` is a position.
const WHOLE: &[(&str, &str)] = &[("position", "id"), ("cursor", "lastid")];

fn run(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for (_, file) in WHERE.iter().flat_map(|folder| tree.rust_below(folder)) {
        let own = file.path.strip_prefix(PROTOCOLS).is_some_and(|rest| rest != "mod.rs");
        for named in file.rust.names().filter(|_| !own) {
            if let Some((not, say)) = unsaid(named.name) {
                let message = format!("`{}`: we do not say `{not}`, we say `{say}`", named.name);
                found.push(Violation::new(&file.path, named.line, message));
            }
        }
    }
    found
}

/// The word in a name that we do not say, and what we say.
fn unsaid(name: &str) -> Option<(&'static str, &'static str)> {
    let parts = words(name);
    let inside = |not: &str| parts.iter().any(|part| part == not || part.strip_suffix('s') == Some(not));
    let named = WORDS.iter().find_map(|(say, nots)| Some((*nots.iter().find(|not| inside(not))?, *say)));
    let whole = parts.concat();
    named.or_else(|| WHOLE.iter().find(|(_, not)| whole == *not).map(|(say, not)| (*not, *say)))
}

#[cfg(test)]
mod tests {
    use super::super::samples::{messages, places, tree};
    use super::*;

    #[test]
    fn other_peoples_words_are_found() {
        let text = "struct TopicIndex;\nmod queues;\nstruct Id;\nstruct LogId;\nenum Application {}\nfn client() {}\n";
        let tree = tree(&[("crates/fanfare-hub/src/a.rs", text), ("crates/fanfare-api/src/a.rs", text)]);
        assert_eq!(
            places(&CHECK, &tree),
            [1, 2, 3].map(|line| format!("crates/fanfare-hub/src/a.rs:{line}"))
        );
        assert_eq!(messages(&CHECK, &tree)[0], "`TopicIndex`: we do not say `topic`, we say `channel`");
    }

    #[test]
    fn a_protocol_may_use_its_specifications_words() {
        let protocol = ("crates/fanfare-proto/src/protocol/mqtt.rs", "struct Packet;");
        let list = ("crates/fanfare-proto/src/protocol/mod.rs", "struct Packet;");
        assert_eq!(places(&CHECK, &tree(&[protocol, list])), ["crates/fanfare-proto/src/protocol/mod.rs:1"]);
    }

    #[test]
    fn the_document_says_the_same() {
        let document = include_str!("../../../ARCHITECTURE.md").to_lowercase();
        let words = document.split_once("## words").unwrap().1.split_once("\n## ").unwrap().0;
        for (say, nots) in WORDS {
            let line = words.split('\n').find(|line| line.contains(&format!("| {say} |"))).unwrap_or(words);
            assert!(words.contains(say), "`{say}` is not in the table of words");
            assert!(
                nots.iter().all(|not| line.contains(not)),
                "`{say}`: {nots:?} is not what the document says"
            );
        }
    }
}
