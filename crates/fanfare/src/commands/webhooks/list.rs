//! `fanfare webhooks list`: webhooks, and how they do.

use super::Command;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::remote::ServerArgs;
use crate::showing::{Listing, printable};
use clap::{ArgMatches, Args, FromArgMatches};
use fanfare_client::Webhook;

pub const COMMAND: Command = Command {
    name: "list",
    about: "List webhooks, what was delivered since the server was started, and dead letters",
    examples: &[
        ("All of them", "fanfare webhooks list"),
        ("Those that gave messages up", "fanfare webhooks list --json | jq 'select(.health.dead > 0)'"),
    ],
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    server: ServerArgs,
}

fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let options =
        Options::from_arg_matches(matches).map_err(|error| Failure::new(Exit::USAGE, error.to_string()))?;
    let remote = options.server.remote()?;
    let head = &["WEBHOOK", "URL", "CHANNELS", "STATE", "DELIVERED", "DEAD"];
    let mut list = Listing::new(options.json, head);
    for webhook in &remote.wait(remote.client.webhooks())? {
        list.add(webhook.raw(), || row(webhook))?;
    }
    list.end()?;
    Ok(Exit::DONE)
}

fn row(webhook: &Webhook) -> [String; 6] {
    let state = match (&webhook.disabled, webhook.attempts) {
        (Some(_), _) => "disabled".to_owned(),
        (None, 0) => "ok".to_owned(),
        (None, tried) => format!("tried {tried}"),
    };
    let [url, patterns] =
        [&webhook.url, &webhook.patterns.join(" ")].map(|text| printable(text).into_owned());
    let [delivered, dead] = [webhook.health.delivered, webhook.health.dead].map(|count| count.to_string());
    [webhook.id.clone(), url, patterns, state, delivered, dead]
}
