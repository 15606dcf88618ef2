//! Idle readers: what each costs in memory, however it is told, and each subscription more.

use super::Run;
use crate::bench::{Bench, progress};
use crate::contest::{Contest, Contestant};
use crate::load::Order;
use crate::outcome::Result;
use crate::process::kernel_memory;
use crate::report::{Goal, Report};
use crate::servers::{MORE, Way, kind};
use clap::{ArgMatches, Args, FromArgMatches};
use indicatif::ProgressBar;

pub const RUN: Run = Run {
    name: "idle",
    about: "Memory of idle readers, however they are told, and of each subscription more",
    examples: &[("As many as one process may have", ""), ("Quickly", "--readers 2000 --idle 2 --ways ws")],
    usual: "--idle 3",
    quick: "--readers 4000 --idle 1 --ways sse,ws",
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// Readers
    #[arg(long, default_value_t = 18_000)]
    readers: usize,

    /// Seconds that all are quiet before memory is measured
    #[arg(long, default_value_t = 5)]
    idle: u64,

    /// How they are told
    #[arg(long, value_delimiter = ',', default_value = "sse,ndjson,poll,ws")]
    ways: Vec<Way>,
}

fn run(matches: &ArgMatches, bench: &Bench) -> Result<Report> {
    let options = Options::from_arg_matches(matches)?;
    let Options { readers, idle, .. } = options;
    let about = format!("{readers} readers, each on a fresh server, {idle} s after the last came");
    let mut report = Report::new(RUN.name, about);
    let bar = progress("idle", options.ways.len() as u64 + 3);
    let mut event_streams = None;
    for way in &options.ways {
        let Memory { each, kernel, left } = measure(bench, "fanfare", *way, &options, &bar)?;
        report.figure_with_goal(format!("{}: private dirty", way.name()), each, "bytes", Goal::AtMost(400.0));
        report.figure(format!("{}: private dirty once all have left", way.name()), left, "bytes");
        report.figure(format!("{}: kernel memory, both ends", way.name()), kernel, "bytes");
        event_streams = event_streams.or((*way == Way::Sse).then_some(each));
    }
    let floor = measure(bench, "floor", Way::Ws, &options, &bar)?.each;
    report.figure("floor, WebSocket: private dirty", floor, "bytes");
    if let Some(one) = event_streams {
        for (kind, what) in
            [("fanfare-many", "of 10,000 channels"), ("fanfare-alone", "that nobody else has")]
        {
            let many = measure(bench, kind, Way::Sse, &options, &bar)?.each;
            let name = format!("event stream: each subscription more, {what}");
            report.figure_with_goal(name, (many - one) / MORE as f64, "bytes", Goal::AtMost(64.0));
        }
    }
    bar.finish_and_clear();
    Ok(report)
}

/// Bytes for each reader.
struct Memory {
    /// Private dirty memory of the server.
    each: f64,
    /// Memory of the kernel for its sockets, both ends.
    kernel: f64,
    /// Private dirty memory that the server keeps when all have left.
    left: f64,
}

fn measure(bench: &Bench, name: &str, way: Way, options: &Options, bar: &ProgressBar) -> Result<Memory> {
    let mut contest = Contest::start(bench, &[kind(name)?], way)?;
    let contestant = &mut contest.contestants[0];
    contestant.server.process.settled_seconds()?;
    let (kernel, empty) = (kernel_memory()?, contestant.server.private_dirty()?);
    let each = memory(contestant, options.readers, options.idle, bar)?;
    let share = |bytes: u64| bytes as f64 / options.readers as f64;
    let kernel = share(kernel_memory()?.saturating_sub(kernel));
    contestant.loader.order(Order::Leave)?;
    contestant.server.process.settled_seconds()?;
    contestant.loader.order(Order::Rest { seconds: options.idle as f64 })?;
    let left = share(contestant.server.private_dirty()?.saturating_sub(empty));
    Ok(Memory { each, kernel, left })
}

/// Private dirty bytes of a server for each of so many idle readers.
pub fn memory(contestant: &mut Contestant, readers: usize, idle: u64, bar: &ProgressBar) -> Result<f64> {
    contestant.server.process.settled_seconds()?;
    let before = contestant.server.private_dirty()?;
    contestant.connect(readers, bar)?;
    contestant.loader.order(Order::Rest { seconds: idle as f64 })?;
    Ok(contestant.server.private_dirty()?.saturating_sub(before) as f64 / readers as f64)
}
