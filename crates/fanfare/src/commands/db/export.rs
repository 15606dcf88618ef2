//! `fanfare db export`: messages as lines of JSON.

use super::Command;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::stderr::tell;
use crate::storing::{Begun, Chosen, DataArgs, Export, Target, of_store};
use clap::{ArgMatches, Args, FromArgMatches};
use fanfare_proto::{Cursor, LogId, Pattern, Position};
use fanfare_store::Look;
use std::path::{Path, PathBuf};

pub const COMMAND: Command = Command {
    name: "export",
    about: "Write messages as lines of JSON, while the server goes on",
    examples: &[
        ("Everything", "fanfare db export all.ndjson"),
        ("Some channels, compressed", "fanfare db export - --channel 'ops/**' | zstd > ops.zst"),
        ("What came since, or after an interruption", "fanfare db export all.ndjson --resume"),
    ],
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// The file to write; - is stdout
    file: PathBuf,

    #[command(flatten)]
    data: DataArgs,

    /// Only channels that this pattern means; may be given several times
    #[arg(long = "channel", value_name = "PATTERN")]
    channels: Vec<String>,

    /// Only what comes after a position, or a cursor of this store
    #[arg(long, value_name = "PLACE", conflicts_with = "resume")]
    after: Option<String>,

    /// Go on after the last whole line of the file, with the same --channel patterns
    #[arg(long, conflicts_with = "force")]
    resume: bool,

    /// Replace the file if it is there, once the new one is whole
    #[arg(long)]
    force: bool,
}

fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let options =
        Options::from_arg_matches(matches).map_err(|error| Failure::new(Exit::USAGE, error.to_string()))?;
    let store = &options.data.folder()?;
    let failed = |error| of_store(store, error);
    let patterns = patterns(&options.channels)?;
    let mut look = Look::open(store).map_err(failed)?;
    let chosen = Chosen::new(patterns, &look).map_err(failed)?;
    let begun = begun(&options, &chosen)?;
    let after = after(&options, begun.as_ref(), &look)?;
    if after > look.head().map_err(failed)? {
        let what = format!("position {after} is beyond the end of {}", store.display());
        return Err(Failure::new(Exit::USAGE, what).next("`fanfare db stats` says where it ends"));
    }
    let target = match begun {
        Some(begun) => begun.go_on()?,
        None => target(&options, store)?,
    };
    let export = Export::run(store, &mut look, chosen, after, target)?;
    tell(format_args!("messages: {}, up to position {}", export.messages, export.through));
    match export.unreadable {
        0 => Ok(Exit::DONE),
        count => {
            let what = format!("{count} parts of {} could not be read and are missing", store.display());
            Err(Failure::new(Exit::DAMAGED, what)
                .next("the warnings say which positions; a backup may have them"))
        }
    }
}

fn patterns(texts: &[String]) -> Result<Vec<Pattern>, Failure> {
    let parse = |text: &String| {
        let wrong = |error| Failure::new(Exit::USAGE, format!("--channel `{text}`: {error}"));
        Pattern::parse(text).map_err(wrong)
    };
    texts.iter().map(parse).collect()
}

/// The file to go on with, if it is to be.
fn begun(options: &Options, chosen: &Chosen) -> Result<Option<Begun>, Failure> {
    if !options.resume {
        return Ok(None);
    }
    if is_stdout(&options.file) {
        return Err(Failure::new(Exit::USAGE, "--resume goes on with a file, and - is none")
            .next("say after which position with --after"));
    }
    let begun = Begun::open(&options.file)?;
    begun.expect(chosen.name())?;
    Ok(Some(begun))
}

/// After which place to begin.
fn after(options: &Options, begun: Option<&Begun>, look: &Look) -> Result<Position, Failure> {
    let after = match (begun.and_then(Begun::cursor), &options.after) {
        (Some(cursor), _) => Some(position(cursor, &options.file.display().to_string(), look)?),
        (None, Some(text)) => Some(place(text, look)?),
        (None, None) => None,
    };
    Ok(after.unwrap_or_default())
}

/// Where to write what is not gone on with.
fn target(options: &Options, store: &Path) -> Result<Target, Failure> {
    match options {
        Options { file, .. } if is_stdout(file) => Ok(Target::Stdout),
        Options { file, force: true, .. } => Target::replace(file, store),
        Options { file, .. } => Target::create(file),
    }
}

fn is_stdout(file: &Path) -> bool {
    file == Path::new("-")
}

/// A position as a number, or that of a cursor.
fn place(text: &str, look: &Look) -> Result<Position, Failure> {
    if let Ok(position) = text.parse() {
        return Ok(Position(position));
    }
    let wrong = |error| {
        let what = format!("--after `{text}` is neither a position nor a cursor: {error}");
        Failure::new(Exit::USAGE, what).next("a position is a number, such as the `position` of a message")
    };
    position(&Cursor::parse(text).map_err(wrong)?, "the cursor", look)
}

/// The position of a cursor, if it is of this life of the store.
fn position(cursor: &Cursor, whose: &str, look: &Look) -> Result<Position, Failure> {
    let part = cursor.part(LogId::KEPT).filter(|part| part.epoch == look.epoch());
    part.map(|part| part.position).ok_or_else(|| {
        let what = format!("{whose} is of another store, or of this one before it was restored");
        Failure::new(Exit::USAGE, what).next("export everything to a new file")
    })
}
