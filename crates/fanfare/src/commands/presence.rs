//! `fanfare presence`: who is there.

use super::Command;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::remote::ServerArgs;
use crate::showing::{Listing, count, printable, write_line};
use crate::stderr::tell;
use clap::{ArgMatches, Args, FromArgMatches};
use fanfare_client::Member;

pub const COMMAND: Command = Command {
    name: "presence",
    about: "Show who is on a channel now",
    examples: &[
        ("Who is there", "fanfare presence chat"),
        ("Who comes and goes", "fanfare subscribe '$presence/chat' --json"),
    ],
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// The channel
    channel: String,

    /// Print each member as one JSON object a line; above 1,000 members, their number alone
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    server: ServerArgs,
}

fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let options =
        Options::from_arg_matches(matches).map_err(|error| Failure::new(Exit::USAGE, error.to_string()))?;
    let remote = options.server.remote()?;
    let presence = remote.wait(remote.client.presence(&options.channel))?;
    if !presence.certain {
        tell("the server was started a moment ago: others may not have come back yet");
    }
    let Some(members) = presence.members else {
        let many = format!("{} members; so many are not named", count(presence.count as f64));
        write_line(if options.json { presence.raw() } else { &many }.as_bytes())?;
        return Ok(Exit::DONE);
    };
    let mut list = Listing::new(options.json, &["MEMBER", "SINCE", "INFO"]);
    for member in &members {
        list.add(member.raw(), || row(member))?;
    }
    list.end()?;
    Ok(Exit::DONE)
}

fn row(member: &Member) -> [String; 3] {
    let info = member.info.as_deref().unwrap_or_default();
    [&member.member, &member.since, info].map(|text| printable(text).into_owned())
}
