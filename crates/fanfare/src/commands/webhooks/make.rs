//! `fanfare webhooks make`: messages are sent to an address.

use super::Command;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::remote::ServerArgs;
use crate::showing::write_line;
use clap::{ArgMatches, Args, FromArgMatches, ValueHint};
use serde_json::{Map, Value};
use std::fs;
use std::path::PathBuf;

pub const COMMAND: Command = Command {
    name: "make",
    about: "Have messages sent to an address, from now on; prints its id and its secret",
    examples: &[
        ("Orders, one by one", "fanfare webhooks make https://hook.example/in 'orders/**'"),
        (
            "Large ones, at most 20 in a request",
            "fanfare webhooks make https://hook.example/in 'orders/**' --filter 'body.total > 1000' --batch 20",
        ),
    ],
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// Where they are sent: http or https
    #[arg(value_hint = ValueHint::Url)]
    url: String,

    /// Channels and patterns, at most 32
    #[arg(required = true, value_name = "CHANNEL")]
    channels: Vec<String>,

    /// Which of their messages
    #[arg(long, value_name = "FILTER")]
    filter: Option<String>,

    /// Messages of one request at the most, 1 to 100; without it each message is a request
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    batch: Option<u32>,

    /// Sign with what is in this file, 32 to 256 characters; without it the server makes a secret
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    secret_file: Option<PathBuf>,

    /// Print the answer as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    server: ServerArgs,
}

fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let options =
        Options::from_arg_matches(matches).map_err(|error| Failure::new(Exit::USAGE, error.to_string()))?;
    let remote = options.server.remote()?;
    let wish = Value::Object(options.wish()?).to_string();
    let made = remote.wait(remote.client.make_webhook(&wish))?;
    if options.json {
        write_line(made.raw().as_bytes())?;
        return Ok(Exit::DONE);
    }
    write_line(format!("{} {}", made.id, made.url).as_bytes())?;
    // One that was given is known.
    if let (Some(secret), None) = (&made.secret, &options.secret_file) {
        write_line(format!("secret {secret}").as_bytes())?;
    }
    Ok(Exit::DONE)
}

impl Options {
    /// What is asked of the server.
    fn wish(&self) -> Result<Map<String, Value>, Failure> {
        let secret = self.secret_file.as_ref().map(|file| {
            let unread = |error| Failure::io(format_args!("{} cannot be read", file.display()), &error);
            fs::read_to_string(file).map_err(unread)
        });
        let secret = secret.transpose()?;
        let fields = [
            ("url", Some(Value::from(&*self.url))),
            ("patterns", Some(Value::from(&*self.channels))),
            ("filter", self.filter.as_deref().map(Value::from)),
            ("batch", self.batch.map(Value::from)),
            ("secret", secret.map(|secret| Value::from(secret.trim_end_matches(['\r', '\n'])))),
        ];
        Ok(fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect())
    }
}
