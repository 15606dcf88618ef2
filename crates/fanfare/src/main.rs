//! The `fanfare` command.
fn main() {}
