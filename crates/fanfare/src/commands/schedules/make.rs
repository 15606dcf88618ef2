//! `fanfare schedules make`: a message for later, or again and again.

use super::Command;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::publishing::{Fields, given};
use crate::remote::ServerArgs;
use crate::showing::write_line;
use clap::{ArgGroup, ArgMatches, Args, FromArgMatches};
use serde_json::{Map, Value};

pub const COMMAND: Command = Command {
    name: "make",
    about: "Publish a message later, or again and again",
    examples: &[
        (
            "At nine on working days",
            "fanfare schedules make team/standup 'Good morning' --cron '0 9 * * 1-5' --zone Europe/Berlin",
        ),
        (
            "Another one in its place",
            "fanfare schedules make team/standup 'At noon' --delay 2h --replace 1a20d1c2c0f3b1e5",
        ),
    ],
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
#[command(group = ArgGroup::new("timing").required(true).args(["at", "delay", "cron"]))]
struct Options {
    /// Where the message goes
    channel: String,

    /// Its body
    body: String,

    /// Publish it then: 2026-11-30T09:00:00+01:00, or seconds since 1970; at most a year ahead
    #[arg(long, value_name = "TIME")]
    at: Option<String>,

    /// Publish it after this long: 90 (seconds), 10m, 2h
    #[arg(long, value_name = "DURATION")]
    delay: Option<String>,

    /// Publish it each time: minute, hour, day of the month, month and day of the week
    #[arg(long, value_name = "FIELDS")]
    cron: Option<String>,

    /// The time zone of --cron: a name of the IANA database; UTC unless said
    #[arg(long, value_name = "ZONE", requires = "cron", conflicts_with_all = ["at", "delay"])]
    zone: Option<String>,

    /// What becomes of a time that passes while the server is down: once (published late) or skip
    #[arg(long, value_name = "once|skip")]
    missed: Option<String>,

    /// Put it in the place of this schedule
    #[arg(long, value_name = "SCHEDULE")]
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
        Some(name) => remote.wait(remote.client.replace_schedule(name, &wish))?,
        None => remote.wait(remote.client.make_schedule(&wish))?,
    };
    let line = match options.json {
        true => made.raw().to_owned(),
        false => format!("{} {} {}", made.schedule, made.channel, made.at),
    };
    write_line(line.as_bytes())?;
    Ok(Exit::DONE)
}

impl Options {
    /// What is asked of the server.
    fn wish(&self) -> Result<Map<String, Value>, Failure> {
        let mut wish = self.fields.envelope(&self.channel)?;
        wish.insert("body".to_owned(), self.fields.body(&self.body));
        let own = [
            ("at", self.at.as_ref()),
            ("cron", self.cron.as_ref()),
            ("delay", self.delay.as_ref()),
            ("id", self.fields.id.as_ref()),
            ("missed", self.missed.as_ref()),
            ("zone", self.zone.as_ref()),
        ];
        wish.extend(given(own));
        Ok(wish)
    }
}
