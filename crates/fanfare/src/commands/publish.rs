//! `fanfare publish`: say something.

use super::Command;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::on_interrupt;
use crate::publishing::{End, Fields, Intake, Sender, Shape, read_lines};
use crate::remote::{Remote, ServerArgs};
use crate::showing::write_line;
use crate::stderr::tell;
use clap::{ArgMatches, Args, FromArgMatches};
use fanfare_proto::limits;
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

/// When ending takes longer than this, it is explained.
const EXPLANATION_TIME: Duration = Duration::from_secs(1);

pub const COMMAND: Command = Command {
    name: "publish",
    about: "Publish a message, or every line of a stream",
    examples: &[
        ("Say something", "fanfare publish ops/deploys 'deploy finished'"),
        ("What a program prints, as one message", "df -h | fanfare publish ops/disk"),
        ("Each line as a message, as it comes", "journalctl -f | fanfare publish logs/host --lines"),
        ("A file, with its type", "fanfare publish webcam --file frame.jpg --content-type image/jpeg"),
        ("Later", "fanfare publish team/standup 'in ten minutes' --at 2026-11-30T09:50:00+01:00"),
        ("Change what was said, by its position", "fanfare publish team/chat 'we meet at ten' --replaces 17"),
        ("And take it back", "fanfare publish team/chat --deletes 17"),
        (
            "With fields",
            "fanfare publish market/eurusd 1.0842 --key eurusd --tag region=eu --ttl 10s --priority 4",
        ),
    ],
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// The channel
    channel: String,

    /// The body; without it and without --file, it comes from stdin
    #[arg(conflicts_with_all = ["file", "lines"])]
    body: Option<String>,

    /// The body is a file's content
    #[arg(long, value_name = "PATH")]
    file: Option<PathBuf>,

    /// Each line of stdin, or of --file, is a message, published as it comes and in order. Once it was
    /// reached, a server that is away is waited for; ids see to it that nothing is said twice
    #[arg(long)]
    lines: bool,

    /// Publish it then: 2026-11-30T09:00:00+01:00, or seconds since 1970; at most a year ahead
    #[arg(long, value_name = "TIME", conflicts_with_all = ["delay", "lines"])]
    at: Option<String>,

    /// Publish it after this long: 90 (seconds), 10m, 2h. What waits is listed by `fanfare schedules list`
    #[arg(long, value_name = "DURATION", conflicts_with = "lines")]
    delay: Option<String>,

    /// It is an edit: what it says replaces what the message at this position of the channel said
    #[arg(long, value_name = "POSITION", conflicts_with_all = ["lines", "at", "delay"])]
    replaces: Option<u64>,

    /// It is a delete, without a body: what the message at this position of the channel said is erased
    #[arg(long, value_name = "POSITION", conflicts_with_all = ["body", "file", "lines", "at", "delay", "replaces"])]
    deletes: Option<u64>,

    /// Print the receipt as JSON: channel, position, cursor, id and time; or of what is for later, schedule, channel
    /// and at
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
    if options.lines { publish_lines(options, remote) } else { publish_one(&options, &remote) }
}

fn publish_one(options: &Options, remote: &Remote) -> Result<Exit, Failure> {
    let message = options.fields.add_to(remote.client.publish(&options.channel, body(options)?));
    let message = options.replaces.iter().fold(message, |message, target| message.replaces(*target));
    let message = options.deletes.iter().fold(message, |message, target| message.deletes(*target));
    // Whoever typed it knows best whether to try again.
    let message = message.try_for(Duration::ZERO);
    let later = match (&options.at, &options.delay) {
        (Some(at), _) => Some(message.clone().at(at)),
        (None, delay) => delay.as_ref().map(|delay| message.clone().delay(delay)),
    };
    if let Some(later) = later {
        let scheduled = remote.wait(later.into_future())?;
        let line = match options.json {
            true => scheduled.raw().to_owned(),
            false => format!("{} {} {}", scheduled.schedule, scheduled.channel, scheduled.at),
        };
        write_line(line.as_bytes())?;
        return Ok(Exit::DONE);
    }
    let receipt = remote.wait(message.into_future())?;
    let line = match options.json {
        true => receipt.raw().to_owned(),
        false => format!("{} {}", receipt.channel, receipt.position),
    };
    write_line(line.as_bytes())?;
    Ok(Exit::DONE)
}

fn body(options: &Options) -> Result<Vec<u8>, Failure> {
    match (&options.body, &options.file) {
        _ if options.deletes.is_some() => Ok(Vec::new()),
        (Some(body), _) => Ok(body.clone().into_bytes()),
        (None, Some(path)) => whole(open(path)?, &path.display().to_string()),
        (None, None) => {
            if io::stdin().is_terminal() {
                tell("type the message; Ctrl-D ends it");
            }
            whole(io::stdin().lock(), "stdin")
        }
    }
}

fn open(path: &Path) -> Result<File, Failure> {
    File::open(path).map_err(|error| Failure::io(format_args!("{} cannot be read", path.display()), &error))
}

/// Reads it all, if it is not larger than any body may be.
fn whole(reader: impl Read, name: &str) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    let most = limits::BODY_BYTES_MAX;
    let read = reader.take(most as u64 + 1).read_to_end(&mut body);
    read.map_err(|error| Failure::io(format_args!("{name} cannot be read"), &error))?;
    if body.len() <= most {
        return Ok(body);
    }
    let failure =
        Failure::new(Exit::REFUSED, format!("{name} has more than the {most} bytes a body may have"));
    Err(failure.next("with --lines, each line is a message of its own"))
}

fn publish_lines(options: Options, remote: Remote) -> Result<Exit, Failure> {
    let id = options.fields.id.clone().unwrap_or_else(|| format!("{:016x}", fastrand::u64(..)));
    let text = options.fields.content_type.is_none();
    let shape = Shape::new(&options.fields.envelope(&options.channel)?, id, text);
    let intake = Intake::default();
    let reading = intake.clone();
    let file = options.file.as_deref().map(open).transpose()?;
    let read = move || match file {
        Some(file) => read_lines(io::BufReader::new(file), &shape, &reading),
        None => read_lines(io::stdin().lock(), &shape, &reading),
    };
    let started = thread::Builder::new().name("lines".into()).spawn(read);
    started.map_err(|error| Failure::io("a thread cannot be started", &error))?;
    let interrupted = intake.clone();
    on_interrupt(move || {
        interrupted.end(End::Interrupted);
        thread::sleep(EXPLANATION_TIME);
        tell("what was read is published first; Ctrl-C again ends at once");
    })?;
    Sender::new(remote, options.json).run(&intake)
}
