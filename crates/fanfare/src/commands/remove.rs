//! `fanfare remove`: what was said is taken out of a channel.

use super::{Command, from_one};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::remote::ServerArgs;
use clap::{ArgMatches, Args, FromArgMatches};

pub const COMMAND: Command = Command {
    name: "remove",
    about: "Remove messages of a channel, or all of them, or end keys; the channel stays",
    examples: &[
        ("This message", "fanfare remove ops/deploys 1042"),
        ("A rate that is quoted no more", "fanfare remove rates/fx --key gbpusd"),
        ("All that was said in a channel", "fanfare remove chat --all"),
        ("Dead letters that somebody has looked at", "fanfare remove '$dead/phone-7' --all"),
    ],
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// The channel, which may be one of `$dead/...`
    channel: String,

    /// The positions of messages; all are tried, whatever comes of one
    #[arg(required_unless_present_any = ["all", "keys"], value_name = "POSITION", value_parser = from_one)]
    positions: Vec<u64>,

    /// All messages; readers that are behind are told what they lost
    #[arg(long, conflicts_with = "positions")]
    all: bool,

    /// End a key, as often as needed: a message says that it has no value any more, so that readers forget it
    #[arg(long = "key", value_name = "KEY", conflicts_with_all = ["positions", "all"])]
    keys: Vec<String>,

    #[command(flatten)]
    server: ServerArgs,
}

fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let options =
        Options::from_arg_matches(matches).map_err(|error| Failure::new(Exit::USAGE, error.to_string()))?;
    let (remote, channel) = (options.server.remote()?, &*options.channel);
    match options.all {
        true => remote.each(&[channel], "emptied", |channel| remote.client.purge(channel)),
        false if !options.keys.is_empty() => {
            remote.each(&options.keys, "ended", |key| remote.client.end_key(channel, key))
        }
        false => remote.each(&options.positions, "removed", |at| remote.client.remove(channel, *at)),
    }
}
