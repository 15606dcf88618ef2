//! fanfare-bench
fn main() {}
