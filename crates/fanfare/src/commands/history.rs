//! `fanfare history`: read what was said.

use super::Command;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::hearing::Handler;
use crate::remote::{Envelope, Lost, Remote, ServerArgs, Silence, Target};
use crate::showing::Paint;
use crate::stderr::tell;
use clap::{ArgMatches, Args, FromArgMatches};
use fanfare_proto::limits;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::io::{self, IsTerminal};
use ureq::http::HeaderMap;

/// Messages when nothing else is asked for.
const LAST: u32 = 20;

pub const COMMAND: Command = Command {
    name: "history",
    about: "Read what was said in a channel",
    examples: &[
        ("The newest messages", "fanfare history ops/deploys"),
        ("The newest hundred below logs, as JSON", "fanfare history 'logs/**' --last 100 --json"),
        ("Everything of the last day", "fanfare history ops/deploys --since 24h"),
    ],
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// A channel, or a pattern
    channel: String,

    /// The newest N messages, at most 10,000; 20 when nothing else is asked for
    #[arg(long, value_name = "N", group = "start")]
    last: Option<u32>,

    /// Messages since T: a time (2026-11-23T10:00:00Z) or how long ago (10m, 24h)
    #[arg(long, value_name = "T", group = "start")]
    since: Option<String>,

    /// Messages after a cursor
    #[arg(long, value_name = "CURSOR", group = "start")]
    after: Option<String>,

    /// The newest messages up to a cursor, 20 unless --limit says more
    #[arg(long, value_name = "CURSOR", group = "start")]
    before: Option<String>,

    /// At most N messages
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,

    /// Print whole messages, one JSON object a line
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    server: ServerArgs,
}

/// A page of history.
#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    messages: Vec<&'a RawValue>,
    #[serde(borrow)]
    cursor: Cow<'a, str>,
    gap: Option<Lost>,
    /// All of them, if there is more than one.
    #[serde(default)]
    gaps: Vec<Lost>,
}

fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let options =
        Options::from_arg_matches(matches).map_err(|error| Failure::new(Exit::USAGE, error.to_string()))?;
    let remote = options.server.remote(Silence::Answer)?;
    let handler = match options.json {
        true => Handler::Json,
        false if io::stdout().is_terminal() => Handler::Pretty(Paint::stdout()),
        false => Handler::Body,
    };
    read(&options, &remote, &handler)?;
    Ok(Exit::DONE)
}

/// Shows page after page until there is no more, or enough.
fn read(options: &Options, remote: &Remote, handler: &Handler) -> Result<(), Failure> {
    let mut left = options.messages()?;
    let mut start = options.start();
    while left > 0 {
        let limit = left.min(limits::PAGE_MESSAGES as u64);
        let target =
            Target::channel(&options.channel).with("limit", limit.to_string()).with(start.0, &start.1);
        let answer = remote.get(&target, "application/json")?;
        let odd = |error: serde_json::Error| {
            Failure::new(
                Exit::FAILED,
                format!("{} sent a page that is not understood: {error}", remote.url()),
            )
        };
        let page: Page<'_> = serde_json::from_slice(&answer.body).map_err(odd)?;
        let first = page.gap.as_slice();
        for lost in if page.gaps.is_empty() { first } else { &page.gaps } {
            tell(lost.warning());
        }
        for raw in &page.messages {
            let message: Envelope<'_> = serde_json::from_str(raw.get()).map_err(odd)?;
            handler.handle(&message, raw.get().as_bytes())?;
        }
        left -= limit.min(page.messages.len() as u64);
        let more = start.0 != "before" && has_next(&answer.headers);
        if !more {
            return Ok(());
        }
        start = ("after", page.cursor.into_owned());
    }
    Ok(())
}

/// Whether the server says that there is another page (RFC 8288).
fn has_next(headers: &HeaderMap) -> bool {
    let links = headers.get_all("link").iter().filter_map(|link| link.to_str().ok());
    links.into_iter().any(|link| link.contains("rel=\"next\""))
}

impl Options {
    fn start(&self) -> (&'static str, String) {
        let last = || ("last", self.last.unwrap_or(LAST).to_string());
        let texts = [("since", &self.since), ("after", &self.after), ("before", &self.before)];
        let given = texts.into_iter().find_map(|(name, text)| Some((name, text.clone()?)));
        given.unwrap_or_else(last)
    }

    /// How many messages are wanted.
    fn messages(&self) -> Result<u64, Failure> {
        let all = match (&self.since, &self.after, &self.before) {
            (None, None, None) => u64::from(self.last.unwrap_or(LAST)),
            (None, None, Some(_)) => u64::from(LAST),
            _ => u64::MAX,
        };
        let page = limits::PAGE_MESSAGES as u64;
        match self.limit {
            Some(limit) if self.before.is_some() && limit > page => {
                let what = format!("--before goes back by at most {page} messages at once, not {limit}");
                Err(Failure::new(Exit::USAGE, what))
            }
            Some(limit) if self.before.is_some() => Ok(limit),
            limit => Ok(limit.unwrap_or(all).min(all)),
        }
    }
}
