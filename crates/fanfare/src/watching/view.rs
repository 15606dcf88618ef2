//! What two looks at a server make: rates, percentiles, rows. Pure.

use super::look::Look;
use super::scrape::{Sample, Scrape};
use crate::showing::{bytes, count, printable};
use std::collections::HashMap;
use std::time::Duration;

/// What the screen shows.
#[derive(Debug, Default)]
pub struct View {
    /// Its version, and since when it runs.
    pub about: String,
    /// How it is.
    pub state: &'static str,
    /// Whether it takes what it is given.
    pub well: bool,
    /// What it is about, and what there is to say; what matters most comes first.
    pub lines: Vec<(&'static str, String)>,
    pub channels: Vec<Row>,
    /// There are more channels than these.
    pub more: bool,
}

/// One channel.
#[derive(Debug, PartialEq)]
pub struct Row {
    pub name: String,
    /// Messages published a second.
    pub rate: f64,
    pub messages: u64,
    pub bytes: u64,
    pub head: u64,
    pub keeping: String,
}

/// By what channels are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Sort {
    #[default]
    Rate,
    Messages,
    Size,
    Newest,
    Name,
}

impl Sort {
    const ALL: [Sort; 5] = [Sort::Name, Sort::Rate, Sort::Messages, Sort::Size, Sort::Newest];

    /// The column so many to the right.
    pub fn beside(self, columns: usize) -> Sort {
        let place = Sort::ALL.iter().position(|sort| *sort == self).unwrap_or(0);
        Sort::ALL[(place + columns) % Sort::ALL.len()]
    }
}

impl View {
    /// From an earlier look and a later one.
    pub fn new(before: &Look, now: &Look, sort: Sort) -> View {
        let passed = now.at.saturating_duration_since(before.at);
        let rates =
            Rates { before: &before.scrape, now: &now.scrape, seconds: passed.as_secs_f64().max(0.001) };
        let scrape = &now.scrape;
        let uptime = Duration::from_secs_f64(scrape.sum("fanfare_uptime_seconds").clamp(0.0, 1e9));
        let version = scrape.all("fanfare_build_info").first().map_or("", |info| info.label("version"));
        let holds = |name| scrape.sum(name) > 0.0;
        let (ready, damaged) = (holds("fanfare_ready"), holds("fanfare_log_damaged"));
        let state = match (ready, holds("fanfare_log_trouble"), damaged) {
            (_, true, _) => "its store takes nothing",
            (false, ..) => "it takes nothing new",
            (true, _, true) => "its store is damaged",
            _ => "ready",
        };
        View {
            about: format!("{}, up {}", printable(version), time(uptime)),
            state,
            well: ready && !damaged,
            lines: lines(&rates),
            channels: rows(before, now, rates.seconds, sort),
            more: now.more,
        }
    }
}

/// Two scrapes and the time between.
struct Rates<'a> {
    before: &'a Scrape,
    now: &'a Scrape,
    seconds: f64,
}

impl Rates<'_> {
    /// How fast a number grows. One that fell began again.
    fn of(&self, number: impl Fn(&Scrape) -> f64) -> f64 {
        let (before, now) = (number(self.before), number(self.now));
        (if now >= before { now - before } else { now }) / self.seconds
    }

    fn shown(&self, name: &str) -> String {
        count(self.of(|scrape| scrape.sum(name)))
    }

    /// The place below which a share of a histogram's values lies, of those since the last look, or else of all.
    fn quantile(&self, name: &str, share: f64) -> Option<f64> {
        let since: Vec<(f64, f64)> = buckets(self.now, name)
            .into_iter()
            .zip(buckets(self.before, name))
            .map(|((bound, now), (_, before))| (bound, now - before))
            .collect();
        let some = |buckets: &[(f64, f64)]| buckets.last().is_some_and(|(_, count)| *count > 0.0);
        let buckets = if some(&since) { since } else { buckets(self.now, name) };
        let wanted = buckets.last().filter(|(_, all)| *all > 0.0)?.1 * share;
        let (mut low, mut below) = (0.0, 0.0);
        for (bound, count) in buckets {
            if count >= wanted {
                let part = (wanted - below) / (count - below).max(1.0);
                return Some(if bound.is_finite() { low + (bound - low) * part } else { low });
            }
            (low, below) = (bound, count);
        }
        None
    }
}

/// A histogram's buckets: the bound, and how many values are up to it.
fn buckets(scrape: &Scrape, name: &str) -> Vec<(f64, f64)> {
    let samples = scrape.all(&format!("{name}_bucket"));
    samples.iter().filter_map(|sample| Some((sample.label("le").parse().ok()?, sample.value))).collect()
}

fn lines(rates: &Rates<'_>) -> Vec<(&'static str, String)> {
    let now = rates.now;
    let publishes = |log: &str| {
        count(rates.of(|scrape| {
            let all = scrape.all("fanfare_publishes_total").iter();
            let accepted = |s: &&Sample| s.label("log") == log && s.label("outcome") == "accepted";
            all.filter(accepted).map(|sample| sample.value).sum()
        }))
    };
    let size = |name: &str| bytes(now.sum(name) as u64);
    let log = |name: &str, log: &str| now.sum_of(name, "log", log);
    let commit = |share| rates.quantile("fanfare_commit_seconds", share).map_or("-".into(), short);
    let cpu = 100.0 * rates.of(|scrape| scrape.sum("process_cpu_seconds_total"));
    vec![
        ("sessions", sessions(now)),
        (
            "messages",
            format!(
                "{}/s kept, {}/s live in; {}/s, {}/s out",
                publishes("kept"),
                publishes("live"),
                rates.shown("fanfare_deliveries_total"),
                bytes(rates.of(|scrape| scrape.sum("fanfare_delivered_bytes_total")) as u64),
            ),
        ),
        ("behind", behind(now)),
        (
            "trouble",
            format!(
                "{}/s refused, {}/s gaps told",
                rates.shown("fanfare_refusals_total"),
                rates.shown("fanfare_gaps_total"),
            ),
        ),
        (
            "commits",
            format!(
                "{}/s, half within {}, 99 of 100 within {}; {} messages wait",
                rates.shown("fanfare_commit_seconds_count"),
                commit(0.5),
                commit(0.99),
                count(now.sum("fanfare_pending_messages")),
            ),
        ),
        (
            "store",
            format!(
                "{} kept in {}, {} live in {}, {} free",
                count(log("fanfare_log_messages", "kept")),
                bytes(log("fanfare_log_bytes", "kept") as u64),
                count(log("fanfare_log_messages", "live")),
                bytes(log("fanfare_log_bytes", "live") as u64),
                size("fanfare_store_free_bytes"),
            ),
        ),
        (
            "process",
            format!(
                "{}, {cpu:.0} % of a core, {} of {} descriptors",
                size("process_resident_memory_bytes"),
                count(now.sum("process_open_fds")),
                count(now.sum("process_max_fds")),
            ),
        ),
    ]
}

fn sessions(now: &Scrape) -> String {
    let all = count(now.sum("fanfare_sessions"));
    let most = count(now.sum("fanfare_sessions_max"));
    let mut used: Vec<&Sample> =
        now.all("fanfare_sessions").iter().filter(|sample| sample.value > 0.0).collect();
    used.sort_by(|a, b| b.value.total_cmp(&a.value));
    let kind = |sample: &&Sample| match (sample.label("protocol"), sample.label("transport")) {
        (protocol, "http1") | (protocol @ "ws", "websocket") => {
            format!("{} {}", count(sample.value), printable(protocol))
        }
        (protocol, transport) => {
            format!("{} {} ({})", count(sample.value), printable(protocol), printable(transport))
        }
    };
    let kinds: Vec<String> = used.iter().map(kind).collect();
    let kinds = if kinds.is_empty() { String::new() } else { format!(": {}", kinds.join(", ")) };
    format!("{all} of {most}{kinds}")
}

fn behind(now: &Scrape) -> String {
    let mut lags: Vec<&Sample> =
        now.all("fanfare_lag_messages").iter().filter(|sample| sample.value > 0.0).collect();
    lags.sort_by(|a, b| b.value.total_cmp(&a.value));
    let one = |lag: &&Sample| {
        let namespace = lag.label("namespace");
        let sessions = now.sum_of("fanfare_sessions_behind", "namespace", namespace);
        format!("{} of {} by up to {}", count(sessions), printable(namespace), count(lag.value))
    };
    let lags: Vec<String> = lags.iter().map(one).collect();
    if lags.is_empty() { "nobody".into() } else { lags.join(", ") }
}

fn rows(before: &Look, now: &Look, seconds: f64, sort: Sort) -> Vec<Row> {
    let known: HashMap<&str, _> = before.channels.iter().map(|info| (info.channel.as_str(), info)).collect();
    let row = |info: &fanfare_client::ChannelInfo| {
        let earlier = known.get(info.channel.as_str());
        let grown = match earlier {
            Some(earlier) => info.published.checked_sub(earlier.published).unwrap_or(info.published),
            // It was beyond what the earlier look read, and began at a number that nobody knows.
            None if before.more => 0,
            None => info.published,
        };
        Row {
            name: printable(&info.channel).into_owned(),
            rate: grown as f64 / seconds,
            messages: info.messages,
            bytes: info.bytes,
            head: info.head,
            keeping: info.keeping.clone(),
        }
    };
    let mut rows: Vec<Row> = now.channels.iter().map(row).collect();
    rows.sort_by(|a, b| match sort {
        Sort::Rate => b.rate.total_cmp(&a.rate).then(b.head.cmp(&a.head)),
        Sort::Messages => b.messages.cmp(&a.messages),
        Sort::Size => b.bytes.cmp(&a.bytes),
        Sort::Newest => b.head.cmp(&a.head),
        Sort::Name => a.name.cmp(&b.name),
    });
    rows
}

/// A short time as people read it.
fn short(seconds: f64) -> String {
    match seconds {
        ..0.001 => format!("{:.0} µs", seconds * 1e6),
        ..1.0 => format!("{:.1} ms", seconds * 1e3),
        _ => format!("{seconds:.1} s"),
    }
}

/// A long one.
fn time(time: Duration) -> String {
    let minutes = time.as_secs() / 60;
    match (minutes / 1440, minutes / 60 % 24, minutes % 60) {
        (0, 0, 0) => format!("{} s", time.as_secs()),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scrape(buckets: [u64; 3]) -> Scrape {
        let lines = ["0.001", "0.002", "+Inf"].iter().zip(buckets);
        let text: String = lines.map(|(le, count)| format!("c_bucket{{le=\"{le}\"}} {count}\n")).collect();
        Scrape::read(&text).unwrap()
    }

    #[test]
    fn quantiles_are_of_what_came_since_the_last_look() {
        let (before, now) = (scrape([100, 100, 100]), scrape([100, 110, 110]));
        let rates = |now| Rates { before: &before, now, seconds: 1.0 };
        assert_eq!(rates(&now).quantile("c", 0.5).map(short).as_deref(), Some("1.5 ms"));
        // Nothing came: all there ever was.
        assert_eq!(rates(&before).quantile("c", 0.5).map(short).as_deref(), Some("500 µs"));
        assert_eq!(rates(&now).quantile("nothing", 0.5), None);
    }

    #[test]
    fn a_number_that_fell_began_again() {
        let read = |text| Scrape::read(text).unwrap();
        let rates = Rates { before: &read("a 100"), now: &read("a 6"), seconds: 2.0 };
        assert_eq!(rates.shown("a"), "3");
    }

    #[test]
    fn columns_go_round() {
        assert_eq!(Sort::Name.beside(1), Sort::Rate);
        assert_eq!(Sort::Newest.beside(1), Sort::Name);
        assert_eq!(Sort::Name.beside(4), Sort::Newest);
    }

    #[test]
    fn times_are_short() {
        for (seconds, shown) in [(5, "5 s"), (61, "1 min"), (3_700, "1 h 1 min"), (90_000, "1 d 1 h")] {
            assert_eq!(time(Duration::from_secs(seconds)), shown);
        }
    }
}
