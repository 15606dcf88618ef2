//! `fanfare conditions make`: a message for when something holds.

use super::Command;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::publishing::{Fields, given};
use crate::remote::ServerArgs;
use crate::showing::write_line;
use clap::{ArgMatches, Args, FromArgMatches};
use serde_json::{Map, Value};

pub const COMMAND: Command = Command {
    name: "make",
    about: "Publish a message whenever a filter holds on a channel, or the channel is silent",
    examples: &[
        (
            "When it is hot for a minute, until it is cool",
            "fanfare conditions make alerts/heat 'too hot' --watch 'sensors/*' --when 'body.temp > 90' --until \
             'body.temp < 85' --for 1m --clear 'cool again'",
        ),
        (
            "When no backup has succeeded for 26 hours, and again each day",
            "fanfare conditions make alerts/backup 'no backup' --watch backups/db --when 'ok = true' --silent 26h --repeat 1d",
        ),
    ],
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// Where the message goes
    channel: String,

    /// Its body
    body: String,

    /// The channel that is judged, or a pattern: each channel on its own
    #[arg(long, value_name = "CHANNEL")]
    watch: String,

    /// A filter: it fires when the channel's newest message is one of these. With --silent, only these count as heard
    #[arg(long, value_name = "FILTER", required_unless_present = "silent")]
    when: Option<String>,

    /// A filter: it is over with the first of these; unless said, with the first that --when does not want
    #[arg(long, value_name = "FILTER", conflicts_with = "silent")]
    until: Option<String>,

    /// How long it has to hold before it fires: 90 (seconds), 10m, 2h
    #[arg(long = "for", value_name = "DURATION", conflicts_with = "silent")]
    time: Option<String>,

    /// It fires when nothing was heard for this long
    #[arg(long, value_name = "DURATION")]
    silent: Option<String>,

    /// Say it again after this long, as long as it fires
    #[arg(long, value_name = "DURATION")]
    repeat: Option<String>,

    /// The least time between two firings of a channel; 1s unless said
    #[arg(long, value_name = "DURATION")]
    pause: Option<String>,

    /// The body of a message that says that it is over
    #[arg(long, value_name = "BODY")]
    clear: Option<String>,

    /// Put it in the place of this condition
    #[arg(long, value_name = "CONDITION")]
    replace: Option<String>,

    /// Print the answer as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    server: ServerArgs,

    #[command(flatten)]
    fields: Fields,
}

fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let options =
        Options::from_arg_matches(matches).map_err(|error| Failure::new(Exit::USAGE, error.to_string()))?;
    options.fields.check(&options.channel)?;
    let remote = options.server.remote()?;
    let wish = Value::Object(options.wish()?).to_string();
    let made = match &options.replace {
        Some(name) => remote.wait(remote.client.replace_condition(name, &wish))?,
        None => remote.wait(remote.client.make_condition(&wish))?,
    };
    let line = match options.json {
        true => made.raw().to_owned(),
        false => format!("{} {} {}", made.condition, made.channel, made.watch),
    };
    write_line(line.as_bytes())?;
    Ok(Exit::DONE)
}

impl Options {
    /// What is asked of the server.
    fn wish(&self) -> Result<Map<String, Value>, Failure> {
        let mut wish = self.fields.envelope(&self.channel)?;
        let own = [
            ("for", self.time.as_ref()),
            ("id", self.fields.id.as_ref()),
            ("pause", self.pause.as_ref()),
            ("repeat", self.repeat.as_ref()),
            ("silent", self.silent.as_ref()),
            ("until", self.until.as_ref()),
            ("watch", Some(&self.watch)),
            ("when", self.when.as_ref()),
        ];
        wish.extend(given(own));
        wish.insert("body".to_owned(), self.fields.body(&self.body));
        if let Some(clear) = &self.clear {
            wish.insert("clear".to_owned(), self.fields.body(clear));
        }
        Ok(wish)
    }
}
