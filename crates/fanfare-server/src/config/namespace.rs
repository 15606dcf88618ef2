//! Namespaces: the rules of channels, as tables in their order.

use super::error::ConfigError;
use super::setting::{Change, Errors, Form, Given, Setting, apply};
use super::written::{
    Age, Count, Rate, Reasons, Size, Speed, Switch, Written, shown, shown_age, shown_rate, shown_size,
};
use fanfare_proto::{Keeping, Namespace, Pace, Pattern, limits};
use std::time::Duration;

/// What one `[[namespace]]` table says.
#[derive(Default)]
pub struct Rule {
    pattern: Option<Pattern>,
    keeping: Option<Keeping>,
    age: Option<Duration>,
    messages: Option<u64>,
    bytes: Option<u64>,
    body: Option<usize>,
    reader_rate: Option<u32>,
    reader_bytes: Option<u32>,
    latest: bool,
    compact: bool,
}

/// Every option of a namespace.
pub const NAMESPACE: &[Setting<Rule>] = &[
    Setting {
        key: "pattern",
        form: Form::Value("PATTERN"),
        default: "",
        allowed: "a channel, or a path in which `*` is one segment and a last `**` any number of segments",
        about: "Which channels these rules are for. Required.",
        change: Change::Restart,
        show: |rule| rule.pattern.as_ref().map(|pattern| shown(pattern.as_str())).unwrap_or_default(),
        set: |rule, given| given.read().map(|Matching(pattern)| rule.pattern = Some(pattern)),
    },
    Setting {
        key: "keeping",
        form: Form::Value("WHERE"),
        default: "\"kept\"",
        allowed: "\"kept\" or \"live\"",
        about: "Kept messages are in the store, synced before the publisher is answered, and survive a crash. Live \
                messages are in memory only: faster, and gone when the server ends.",
        change: Change::Restart,
        show: |rule| rule.keeping.map(|keeping| shown(word(keeping))).unwrap_or_default(),
        set: |rule, given| given.read().map(|Where(keeping)| rule.keeping = Some(keeping)),
    },
    Setting {
        key: "age",
        form: Form::Value("DURATION"),
        default: "\"1d\"; live: \"5m\"",
        allowed: "1s to 3650d; units s, m, h, d, w, largest first",
        about: "How long messages are kept at the most.",
        change: Change::Restart,
        show: |rule| rule.age.map(shown_age).unwrap_or_default(),
        set: |rule, given| given.read().map(|Age::<1, { 3650 * 86400 }>(age)| rule.age = Some(age)),
    },
    Setting {
        key: "messages",
        form: Form::Value("NUMBER"),
        default: "10000; live: 1000",
        allowed: "1 to 1000000000",
        about: "How many messages of each channel are kept at the most. Removing goes on in the background: while much is published there may be more.",
        change: Change::Restart,
        show: |rule| rule.messages.map(|most| most.to_string()).unwrap_or_default(),
        set: |rule, given| given.read().map(|Count::<1, 1_000_000_000>(most)| rule.messages = Some(most)),
    },
    Setting {
        key: "bytes",
        form: Form::Value("SIZE"),
        default: "\"10GiB\"; live: \"256MiB\"",
        allowed: "64KiB to 1024TiB; units B, kB, MB, GB, TB, KiB, MiB, GiB, TiB",
        about: "How many bytes the messages of the whole namespace may have; the oldest go first.",
        change: Change::Restart,
        show: |rule| rule.bytes.map(shown_size).unwrap_or_default(),
        set: |rule, given| given.read().map(|Size::<65536, { 1 << 50 }>(bytes)| rule.bytes = Some(bytes)),
    },
    Setting {
        key: "body",
        form: Form::Value("SIZE"),
        default: "\"64KiB\"",
        allowed: "1B to 16MiB; units B, kB, MB, KiB, MiB",
        about: "How large a message's body may be.",
        change: Change::Restart,
        show: |rule| rule.body.map(|bytes| shown_size(bytes as u64)).unwrap_or_default(),
        set: |rule, given| given.read().map(|size: BodySize| rule.body = usize::try_from(size.0).ok()),
    },
    Setting {
        key: "reader_rate",
        form: Form::Value("NUMBER"),
        default: "0",
        allowed: "0.001 to 1000, or 0: no limit",
        about: "How many messages of each key, and without a key, a reader is given a second at the most. One that asks for \
                `rate` may have less. Of each key it is given the newest.",
        change: Change::Restart,
        show: |rule| shown_rate(rule.reader_rate),
        set: |rule, given| given.read().map(|Rate(every)| rule.reader_rate = every),
    },
    Setting {
        key: "reader_bytes",
        form: Form::Value("NUMBER"),
        default: "0",
        allowed: "1 to 1000M; units k, kB, M, MB, KiB, MiB; or 0: no limit",
        about: "How many bytes a reader is given a second at the most. One that asks for `bytes` may have less.",
        change: Change::Restart,
        show: |rule| rule.reader_bytes.unwrap_or(0).to_string(),
        set: |rule, given| given.read().map(|Speed(bytes)| rule.reader_bytes = bytes),
    },
    Setting {
        key: "latest",
        form: Form::Switch,
        default: "false",
        allowed: "true or false",
        about: "Whether a reader that goes on and says nothing of where to start begins with the newest message of each channel \
                and key, as with `latest=true`: event streams, streams, long polls and WebSockets, if all that they hear lies in \
                such namespaces. Pages of history are not concerned.",
        change: Change::Restart,
        show: |rule| rule.latest.to_string(),
        set: |rule, given| given.read().map(|Switch(latest)| rule.latest = latest),
    },
    Setting {
        key: "compact",
        form: Form::Switch,
        default: "false",
        allowed: "true or false",
        about: "Whether of each channel and key only the newest message is kept; messages of a channel that have no key count as \
                one key. What is superseded goes in the background, in batches, and nobody is told of a gap. Give such a \
                namespace a long `age`: it ends values and the messages that end keys alike.",
        change: Change::Restart,
        show: |rule| rule.compact.to_string(),
        set: |rule, given| given.read().map(|Switch(compact)| rule.compact = compact),
    },
];

type BodySize = Size<1, { limits::BODY_BYTES_MAX as u64 }>;

struct Matching(Pattern);

impl TryFrom<Written> for Matching {
    type Error = Reasons;

    fn try_from(written: Written) -> Result<Matching, Reasons> {
        Ok(Matching(Pattern::parse(&written.text()?)?))
    }
}

struct Where(Keeping);

impl TryFrom<Written> for Where {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Where, Self::Error> {
        match &*written.text()? {
            "kept" => Ok(Where(Keeping::Kept)),
            "live" => Ok(Where(Keeping::Live)),
            _ => Err("it is neither"),
        }
    }
}

/// Reads all tables, in order.
pub(super) fn read(given: Given<'_>) -> Result<Vec<Namespace>, Errors> {
    let (mut namespaces, mut errors) = (Vec::new(), Vec::new());
    for (place, table) in given.tables(limits::NAMESPACES)? {
        let at = place.at(table.span());
        let mut rule = Rule::default();
        match apply(NAMESPACE, &mut rule, place, table.into_inner()) {
            Err(wrong) => errors.extend(wrong),
            Ok(()) => match rule.namespace() {
                Some(namespace) => namespaces.push(namespace),
                None => {
                    let what = "a namespace needs a `pattern`: which channels its rules are for";
                    errors.push(ConfigError::Missing { place: at, what });
                }
            },
        }
    }
    if errors.is_empty() { Ok(namespaces) } else { Err(errors) }
}

/// A list of namespaces as TOML.
pub(super) fn show(namespaces: &[Namespace]) -> String {
    let table = |namespace: &Namespace| {
        let pairs = show_one(namespace).map(|(key, value)| format!("{key} = {value}"));
        format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
    };
    format!("[{}]", namespaces.iter().map(table).collect::<Vec<_>>().join(", "))
}

/// Every option of a namespace, with its value as TOML.
pub fn show_one(namespace: &Namespace) -> impl Iterator<Item = (&'static str, String)> + use<> {
    let rule = Rule::of(namespace);
    NAMESPACE.iter().map(move |setting| (setting.key, (setting.show)(&rule)))
}

/// How a way of keeping is written.
pub fn word(keeping: Keeping) -> &'static str {
    match keeping {
        Keeping::Kept => "kept",
        Keeping::Live => "live",
    }
}

impl Rule {
    fn of(namespace: &Namespace) -> Rule {
        let Namespace { pattern, keeping, retention, body_bytes, pace, latest } = namespace.clone();
        let (reader_rate, reader_bytes) = pace.map_or((None, None), Pace::limits);
        Rule {
            pattern: Some(pattern),
            keeping: Some(keeping),
            age: Some(retention.age),
            messages: Some(retention.messages),
            bytes: Some(retention.bytes),
            body: Some(body_bytes),
            reader_rate,
            reader_bytes,
            latest,
            compact: retention.compact,
        }
    }

    fn namespace(self) -> Option<Namespace> {
        let mut namespace = Namespace::new(self.pattern?, self.keeping.unwrap_or(Keeping::Kept));
        let retention = &mut namespace.retention;
        retention.age = self.age.unwrap_or(retention.age);
        retention.messages = self.messages.unwrap_or(retention.messages);
        retention.bytes = self.bytes.unwrap_or(retention.bytes);
        retention.compact = self.compact;
        namespace.body_bytes = self.body.unwrap_or(namespace.body_bytes);
        namespace.pace = Pace::of(self.reader_rate, self.reader_bytes);
        namespace.latest = self.latest;
        Some(namespace)
    }
}
