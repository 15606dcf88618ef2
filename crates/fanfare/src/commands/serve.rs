//! `fanfare serve`: run the server.

use super::Command;
use crate::configuring::{self, Flags};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::logging;
use crate::showing::Paint;
use crate::traces;
use clap::ArgMatches;
use fanfare_server::{Ended, Rereading, Server};
use std::io::{self, Write};

pub const COMMAND: Command = Command {
    name: "serve",
    about: "Run the server",
    examples: &[
        ("On this machine, with the store in ./data", "fanfare serve"),
        ("Elsewhere", "fanfare serve --listen 127.0.0.1:9000 --data /var/lib/fanfare"),
        ("With a configuration", "fanfare serve --config /etc/fanfare.toml"),
    ],
    arguments: |command| configuring::arguments(command, Flags::Shown),
    run,
};

fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let sources = configuring::sources(matches);
    let config = configuring::read(&sources)?.config;
    let set_level = logging::start(&config);
    let tracing = traces::start();
    match fanfare_server::run(&config, tracing.traces.clone(), Rereading { sources, set_level }, announce)? {
        Ended::Well => {
            tracing.end();
            Ok(Exit::DONE)
        }
        Ended::AtOnce => Ok(Exit::INTERRUPTED),
        Ended::Late => {
            Err(Failure::new(Exit::FAILED, "the server did not end in time, and was left unfinished")
                .next("what was answered is kept; look at the disk if this happens again"))
        }
    }
}

/// Says where the server is and what to try. Nobody has to read it.
fn announce(server: &Server) {
    let paint = Paint::stdout();
    let (url, data) = (format!("http://{}", server.address()), server.data().display());
    let version = env!("CARGO_PKG_VERSION");
    let text = format!(
        "Fanfare {version} listens on {}\nMessages are kept in {data}\nTry: {}\n",
        paint.strong(&url),
        paint.strong(format_args!("curl -d 'hello' {url}/c/hello")),
    );
    let _ = io::stdout().write_all(text.as_bytes());
}
