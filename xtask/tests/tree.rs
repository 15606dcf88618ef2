//! The rules of the house, held against the house.

use std::path::Path;
use xtask::tidy;
use xtask::tree::Tree;

#[test]
fn the_tree_is_tidy() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let tree = Tree::read(root).unwrap();
    assert!(tree.rust().count() > 20 && tree.packages.len() > 5, "the tree was not read");
    let report = tidy::run(&tree);
    assert!(report.violations.is_empty(), "\n{report}");
}
