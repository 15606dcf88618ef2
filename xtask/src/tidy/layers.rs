//! Layers: a crate depends on lower layers only. Crates of one layer do not know each other.

use super::{Check, Violation};
use crate::tree::Tree;

pub(super) const CHECK: Check =
    Check { name: "layers", rule: "a crate depends on crates of lower layers only, tests too", run };

/// The whole plan, rooms that are not built yet included.
const LAYERS: &[(&str, u8)] = &[
    ("fanfare-proto", 0),
    ("fanfare-hub", 1),
    ("fanfare-store", 1),
    ("fanfare-auth", 1),
    ("fanfare-webpush", 1),
    ("fanfare-egress", 1),
    ("fanfare-cast", 1),
    ("fanfare-node", 2),
    ("fanfare-transport", 3),
    ("fanfare-api", 3),
    ("fanfare-gateway", 3),
    ("fanfare-source", 3),
    ("fanfare-server", 4),
    ("fanfare-client", 4),
    ("fanfare", 5),
];

/// A client library must build without a server.
const CLIENT: (&str, &[&str]) = ("fanfare-client", &["fanfare-proto", "fanfare-webpush"]);

/// Tools around the house: they may look at everything, and nothing may depend on them.
const OUTSIDE: &[&str] =
    &["fanfare-bench", "fanfare-instructions", "fanfare-fuzz", "fanfare-interop", "xtask"];

fn run(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for package in tree.packages.iter().filter(|package| !OUTSIDE.contains(&&*package.name)) {
        let mut say = |dependency: &str, message: String| {
            let (path, line) = tree.manifest_line(package, dependency);
            found.push(Violation::new(&path, line, message));
        };
        let name = &*package.name;
        let Some(own) = layer(name) else {
            say("name", format!("`{name}` has no layer; the plan is in xtask/src/tidy/layers.rs"));
            continue;
        };
        for dependency in &package.dependencies {
            let other = &*dependency.name;
            if OUTSIDE.contains(&other) {
                say(other, format!("`{name}` depends on `{other}`, which is a tool"));
            } else if name == CLIENT.0 && layer(other).is_some() && !CLIENT.1.contains(&other) {
                say(other, format!("`{name}` may know only {}, not `{other}`", CLIENT.1.join(" and ")));
            } else if let Some(layer) = layer(other).filter(|layer| *layer >= own) {
                let rule = "an arrow points to a lower layer";
                say(other, format!("`{name}` (layer {own}) depends on `{other}` (layer {layer}); {rule}"));
            }
        }
    }
    found
}

fn layer(name: &str) -> Option<u8> {
    LAYERS.iter().find(|(known, _)| *known == name).map(|(_, layer)| *layer)
}

#[cfg(test)]
mod tests {
    use super::super::samples::{messages, package, places, tree};
    use super::*;

    fn with(name: &str, dependencies: &[&str]) -> Tree {
        Tree { packages: vec![package(name, dependencies)], ..tree(&[]) }
    }

    #[test]
    fn down_is_fine() {
        assert!(run(&with("fanfare-node", &["fanfare-hub", "fanfare-store", "tokio"])).is_empty());
        assert!(run(&with("fanfare-bench", &["fanfare-server"])).is_empty());
        assert!(run(&with("fanfare-client", &["fanfare-proto", "ureq"])).is_empty());
    }

    #[test]
    fn up_and_sideways_are_not() {
        assert_eq!(run(&with("fanfare-proto", &["fanfare-hub"])).len(), 1);
        assert_eq!(run(&with("fanfare-hub", &["fanfare-store"])).len(), 1);
        assert_eq!(run(&with("fanfare-api", &["fanfare-transport"])).len(), 1);
    }

    #[test]
    fn tools_and_unknown_crates_are_not() {
        assert_eq!(run(&with("fanfare-node", &["fanfare-bench"])).len(), 1);
        assert_eq!(run(&with("fanfare-shed", &[])).len(), 1);
    }

    #[test]
    fn a_client_knows_no_server() {
        assert!(messages(&CHECK, &with("fanfare-client", &["fanfare-node"]))[0].contains("fanfare-webpush"));
    }

    #[test]
    fn the_manifest_line_is_named() {
        let manifest = ("crates/fanfare-hub/Cargo.toml", "[dependencies]\nfanfare-node.workspace = true\n");
        let packages = vec![package("fanfare-hub", &["fanfare-node"])];
        assert_eq!(
            places(&CHECK, &Tree { packages, ..tree(&[manifest]) }),
            ["crates/fanfare-hub/Cargo.toml:2"]
        );
    }
}
