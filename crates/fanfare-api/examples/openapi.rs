//! Prints the OpenAPI document: `cargo run -p fanfare-api --example openapi > docs/openapi.json`.

use std::io::{self, Write};

fn main() -> io::Result<()> {
    writeln!(io::stdout(), "{:#}", fanfare_api::openapi())
}
