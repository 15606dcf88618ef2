//! `fanfare history`: read what was said.

use super::{Command, from_one};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::hearing::Handler;
use crate::remote::{Remote, ServerArgs};
use crate::showing::Paint;
use crate::stderr::tell;
use clap::{ArgMatches, Args, FromArgMatches};
use fanfare_client::{Message, PageRequest};
use fanfare_proto::limits;
use std::collections::HashMap;
use std::io::{self, IsTerminal};

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
    #[arg(long, value_name = "N", group = "start", value_parser = clap::value_parser!(u32).range(0..=10_000))]
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

    /// Only messages that a filter accepts, such as 'temp > 20 and room = "hall"' (docs/preferences.md)
    #[arg(long, value_name = "FILTER")]
    filter: Option<String>,

    /// Of each channel and key only the newest message; without --since or --after, of all that is kept
    #[arg(long, conflicts_with_all = ["last", "before"])]
    latest: bool,

    /// Messages as they are now, with edits folded in and without what was deleted; events: as it happened
    #[arg(long, value_name = "VIEW", value_parser = ["events", "current"])]
    view: Option<String>,

    /// At most N messages
    #[arg(long, value_name = "N", value_parser = from_one)]
    limit: Option<u64>,

    /// Print whole messages, one JSON object a line
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    server: ServerArgs,
}

fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let options =
        Options::from_arg_matches(matches).map_err(|error| Failure::new(Exit::USAGE, error.to_string()))?;
    let remote = options.server.remote()?;
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
    let mut folded = Folded::new(options);
    while left > 0 {
        let limit = left.min(limits::PAGE_MESSAGES as u64) as usize;
        let request = remote.client.history(&options.channel).limit(limit);
        let request = start(options.filter.iter().fold(request, PageRequest::filter));
        let request = if options.latest { request.latest() } else { request };
        let request = options.view.iter().fold(request, PageRequest::view);
        let page = remote.wait(request.into_future())?;
        for gap in &page.gaps {
            tell(format_args!("warning: {gap}"));
        }
        for message in page.messages.iter().filter(|message| folded.leaves(message)) {
            handler.handle(message)?;
            left -= 1;
        }
        if options.before.is_some() || !page.more {
            return Ok(());
        }
        start = Box::new(move |request| request.after(&page.cursor));
    }
    Ok(())
}

/// What need not be shown because it was folded into what was shown: a page after another one says what became of messages before
/// it, and cannot know how those were shown.
enum Folded {
    /// Everything is shown as it happened.
    Nothing,
    /// Every edit and delete: nothing before the first page was seen.
    All,
    /// By channel and position, the edit that a message was shown with.
    Edits(HashMap<(String, u64), u64>),
}

impl Folded {
    fn new(options: &Options) -> Folded {
        match (options.view.as_deref(), &options.after) {
            (Some("current"), Some(_)) => Folded::Edits(HashMap::new()),
            (Some("current"), None) => Folded::All,
            _ => Folded::Nothing,
        }
    }

    /// Whether a message is to be shown.
    fn leaves(&mut self, message: &Message) -> bool {
        match self {
            Folded::Nothing => true,
            Folded::All => message.replaces.is_none() && message.deletes.is_none(),
            Folded::Edits(shown) => {
                let place = |position| (message.channel.clone(), position);
                if let Some(edit) = message.edited {
                    shown.insert(place(message.position), edit);
                }
                let known = message.replaces.and_then(|target| shown.get(&place(target)));
                known.is_none_or(|edit| *edit < message.position)
            }
        }
    }
}

/// Adds to a request where its page begins.
type Start = Box<dyn Fn(PageRequest) -> PageRequest>;

impl Options {
    fn start(&self) -> Start {
        let last = self.last.unwrap_or(LAST);
        match (self.since.clone(), self.after.clone(), self.before.clone()) {
            (Some(since), _, _) => Box::new(move |request| request.since(&since)),
            (_, Some(after), _) => Box::new(move |request| request.after(&after)),
            (_, _, Some(before)) => Box::new(move |request| request.before(&before)),
            (None, None, None) if self.latest => Box::new(|request| request),
            (None, None, None) => Box::new(move |request| request.last(last)),
        }
    }

    /// How many messages are wanted.
    fn messages(&self) -> Result<u64, Failure> {
        let all = match (&self.since, &self.after, &self.before) {
            (None, None, None) if !self.latest => u64::from(self.last.unwrap_or(LAST)),
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
