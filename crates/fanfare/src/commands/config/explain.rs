//! `fanfare config explain`: which rules a channel has, and why these.

use super::Command;
use crate::configuring::{self, Flags};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::showing::{Table, printable, write_line};
use clap::{Arg, ArgMatches};
use fanfare_proto::{Channel, Keeping, Namespace, limits};
use fanfare_server::Config;
use fanfare_server::config::{Explanation, Verdict, show_one, shown_size};

pub const COMMAND: Command = Command {
    name: "explain",
    about: "Say which namespace rules a channel, why, and what follows",
    examples: &[
        ("A channel", "fanfare config explain market/eurusd --config fanfare.toml"),
        ("One that no namespace is for", "fanfare config explain ops/deploys"),
    ],
    arguments,
    run,
};

fn arguments(command: clap::Command) -> clap::Command {
    let channel = Arg::new("channel").value_name("CHANNEL").required(true).help("Which channel");
    configuring::arguments(command.arg(channel), Flags::Hidden)
}

fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let name = matches.get_one::<String>("channel").map_or("", String::as_str);
    let channel = Channel::parse(name).map_err(|error| {
        let next = "name one channel, as it stands after /c/ in a URL; patterns are for subscriptions and namespaces";
        Failure::new(Exit::USAGE, format!("`{}` is no channel: {error}", printable(name))).next(next)
    })?;
    let reading = configuring::read(&configuring::sources(matches))?;
    let explanation = reading.explain(&channel);
    let found = explanation.rules.iter().position(|rule| rule.verdict == Verdict::Rules);
    let headline = match found.map(|index| (index + 1, &explanation.rules[index])) {
        Some((number, rule)) => {
            let (pattern, place) = (&rule.pattern, printable(&rule.place));
            format!("{channel} is ruled by rule {number}, `{pattern}` ({place}).")
        }
        None => format!("{channel} is a system channel that no rule is for; it has the default's."),
    };
    write_line(headline.as_bytes())?;
    write_line(b"")?;
    rules(&explanation)?;
    write_line(b"")?;
    consequences(&explanation.ruling, &reading.config)?;
    Ok(Exit::DONE)
}

/// All rules in their order, with what was found.
fn rules(explanation: &Explanation) -> Result<(), Failure> {
    let mut table = Table::new(&["RULE", "PATTERN", "WHERE", "FOUND"]);
    for (index, rule) in explanation.rules.iter().enumerate() {
        let found = match &rule.verdict {
            Verdict::Other(why) => format!("does not match: {why}"),
            Verdict::Rules => "matches, and is the first that does".to_owned(),
            Verdict::Late => "would match, but comes later".to_owned(),
            Verdict::After => "comes later".to_owned(),
        };
        let place = printable(&rule.place).into_owned();
        table.row([(index + 1).to_string(), rule.pattern.to_string(), place, found]);
    }
    table.print()
}

/// What a rule means for a channel.
fn consequences(rule: &Namespace, config: &Config) -> Result<(), Failure> {
    let all = match rule.keeping {
        Keeping::Kept => ("store_bytes", config.store_bytes, "all kept messages together"),
        Keeping::Live => ("(fixed)", limits::LIVE_BYTES, "all live messages together"),
    };
    let mut table = Table::new(&["OPTION", "VALUE", "WHAT FOLLOWS"]);
    for (key, value) in show_one(rule) {
        let follows = match (key, rule.keeping) {
            ("keeping", Keeping::Kept) => "in the store, synced before the publisher is answered".to_owned(),
            ("keeping", Keeping::Live) => "in memory only, gone when the server ends".to_owned(),
            ("age", _) => "older messages go".to_owned(),
            ("messages", _) => "when this channel has more, its oldest go".to_owned(),
            ("bytes", _) => "when the channels of this rule together have more, their oldest go".to_owned(),
            ("body", _) => "a larger body is refused".to_owned(),
            ("pattern", _) => continue,
            _ => String::new(),
        };
        table.row([key.to_owned(), value, follows]);
    }
    let (key, bytes, whose) = all;
    table.row([key.to_owned(), shown_size(bytes), format!("when {whose} have more, the oldest go")]);
    table.print()
}
