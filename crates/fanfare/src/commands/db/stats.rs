//! `fanfare db stats`: what a store holds, in numbers.

use super::Command;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::showing::{Table, bytes, printable, write_line};
use crate::storing::{StoreArgs, of_store};
use clap::{ArgMatches, Args, FromArgMatches};
use fanfare_proto::Time;
use fanfare_store::Stats;
use serde_json::{Value, json};

pub const COMMAND: Command = Command {
    name: "stats",
    about: "Say what a store or a backup holds, in numbers",
    examples: &[
        ("The store in ./data", "fanfare db stats"),
        ("A backup, as JSON", "fanfare db stats /backups/monday.db --json"),
        ("With the fifty largest channels", "fanfare db stats --largest 50"),
    ],
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    #[command(flatten)]
    store: StoreArgs,

    /// How many of the largest channels to list
    #[arg(long, value_name = "N", default_value_t = 10)]
    largest: usize,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let options =
        Options::from_arg_matches(matches).map_err(|error| Failure::new(Exit::USAGE, error.to_string()))?;
    let path = &options.store.path(matches)?;
    let stats = fanfare_store::stats(path, options.largest).map_err(|error| of_store(path, error))?;
    match options.json {
        true => write_line(object(&stats).to_string().as_bytes())?,
        false => show(&stats)?,
    }
    Ok(Exit::DONE)
}

fn object(stats: &Stats) -> Value {
    let time = |time: Option<Time>| time.map(|time| time.to_string());
    let namespaces = stats.namespaces.iter().map(|namespace| {
        let (pattern, channels) = (&namespace.pattern, namespace.channels);
        json!({"pattern": pattern, "channels": channels, "messages": namespace.messages, "bytes": namespace.bytes})
    });
    let largest = stats.largest.iter().map(
        |channel| json!({"channel": channel.name, "messages": channel.messages, "bytes": channel.bytes}),
    );
    let file = &stats.file;
    json!({
        "file": file.path.display().to_string(),
        "file_bytes": file.bytes,
        "free_bytes": file.free_bytes,
        "wal_bytes": file.wal_bytes,
        "schema": file.version,
        "epoch": stats.epoch.0,
        "head": stats.head.0,
        "channels": stats.channels,
        "messages": stats.messages,
        "bytes": stats.bytes,
        "records": stats.records,
        "oldest": time(stats.oldest),
        "newest": time(stats.newest),
        "namespaces": namespaces.collect::<Vec<_>>(),
        "largest": largest.collect::<Vec<_>>(),
    })
}

fn show(stats: &Stats) -> Result<(), Failure> {
    let file = &stats.file;
    let time = |time: Option<Time>| time.map_or_else(|| "none".to_owned(), |time| time.to_string());
    let size = format!(
        "{}, of which {} are free; write-ahead log {}",
        bytes(file.bytes),
        bytes(file.free_bytes),
        bytes(file.wal_bytes)
    );
    let mut table = Table::new(&["STORE", &file.path.display().to_string()]);
    table.row(["size".to_owned(), size]);
    table.row(["schema".to_owned(), format!("version {}, epoch {}", file.version, stats.epoch.0)]);
    table.row(["messages".to_owned(), format!("{}, with {}", stats.messages, bytes(stats.bytes))]);
    table.row(["channels".to_owned(), stats.channels.to_string()]);
    table.row(["records".to_owned(), stats.records.to_string()]);
    table.row(["position".to_owned(), stats.head.to_string()]);
    table.row(["oldest".to_owned(), time(stats.oldest)]);
    table.row(["newest".to_owned(), time(stats.newest)]);
    table.print()?;
    let mut table = Table::new(&["NAMESPACE", "CHANNELS", "MESSAGES", "SIZE"]);
    for namespace in &stats.namespaces {
        let numbers =
            [namespace.channels.to_string(), namespace.messages.to_string(), bytes(namespace.bytes)];
        table.row([namespace.pattern.clone()].into_iter().chain(numbers));
    }
    write_line(b"")?;
    table.print()?;
    if stats.largest.is_empty() {
        return Ok(());
    }
    let mut table = Table::new(&["LARGEST CHANNELS", "MESSAGES", "SIZE"]);
    for channel in &stats.largest {
        let name = printable(&channel.name).into_owned();
        table.row([name, channel.messages.to_string(), bytes(channel.bytes)]);
    }
    write_line(b"")?;
    table.print()
}
