//! `fanfare schedules list`: what is to be published.

use super::Command;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::remote::ServerArgs;
use crate::showing::{Listing, printable};
use crate::stderr::tell;
use clap::{ArgMatches, Args, FromArgMatches};
use fanfare_client::{DamagedSchedule, Scheduled};

pub const COMMAND: Command = Command {
    name: "list",
    about: "List what is to be published later, as it was made",
    examples: &[
        ("Everything", "fanfare schedules list"),
        ("Those to channels below team, as JSON", "fanfare schedules list 'team/**' --json"),
    ],
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// Only those to this channel, or to channels that this pattern means
    #[arg(default_value = "**")]
    channel: String,

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
    let mut list = Listing::new(options.json, &["SCHEDULE", "CHANNEL", "NEXT", "RECURS"]);
    let (mut after, mut damaged) = (None::<String>, Vec::new());
    loop {
        let page = remote.wait(remote.client.schedules(&options.channel, after.as_deref()))?;
        for scheduled in &page.schedules {
            list.add(scheduled.raw(), || row(scheduled))?;
        }
        damaged.extend(page.damaged);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    list.end()?;
    for DamagedSchedule { schedule, why, .. } in damaged {
        tell(format_args!("warning: {why}; `fanfare schedules cancel {schedule}` removes it"));
    }
    Ok(Exit::DONE)
}

fn row(scheduled: &Scheduled) -> [String; 4] {
    let recurs = match (&scheduled.cron, &scheduled.zone) {
        (Some(cron), Some(zone)) => printable(&format!("{cron} ({zone})")).into_owned(),
        _ => String::new(),
    };
    let channel = printable(&scheduled.channel).into_owned();
    [scheduled.schedule.clone(), channel, scheduled.at.clone(), recurs]
}
