//! The options of the server.

use super::logging::{LogFormat, LogLevel};
use super::namespace;
use super::setting::{Change, Form, Setting};
use super::written::{
    Age, Folder, Listen, OriginList, RangeList, Size, Switch, Workers, shown, shown_age, shown_size,
    shown_workers,
};
use fanfare_egress::IpNet;
use fanfare_proto::{Namespace, limits};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// Everything that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where to listen; port 0 is any free one.
    pub listen: SocketAddr,
    /// The folder of the store.
    pub data: PathBuf,
    /// Threads that own sockets.
    pub workers: Workers,
    /// Origins whose pages may read responses.
    pub origins: Vec<String>,
    /// How the log's lines look.
    pub log_format: LogFormat,
    /// The least important lines to be written.
    pub log_level: LogLevel,
    /// Bytes that all kept messages together may have.
    pub store_bytes: u64,
    /// The rules of channels, in order; the default comes after them.
    pub namespaces: Vec<Namespace>,
    /// Over how long readers come back when the server has ended.
    pub return_over: Duration,
    /// How long a member is still present after its last session.
    pub presence_grace: Duration,
    /// Whether this machine's figures are published.
    pub host: bool,
    /// Addresses beside public ones that the server may call.
    pub egress_allow: Vec<IpNet>,
    /// Whether an address that others can reach may be listened on without access control.
    pub insecure_open: bool,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            data: PathBuf::from("./data"),
            workers: Workers::Cores,
            origins: Vec::new(),
            log_format: LogFormat::Text,
            log_level: LogLevel::Info,
            store_bytes: limits::KEPT_BYTES,
            namespaces: Vec::new(),
            return_over: Duration::from_secs(5),
            presence_grace: limits::PRESENCE_GRACE,
            host: false,
            egress_allow: Vec::new(),
            insecure_open: false,
        }
    }
}

/// Every option.
pub const ALL: &[Setting<Config>] = &[
    Setting {
        key: "listen",
        form: Form::Value("ADDRESS"),
        default: "\"127.0.0.1:8080\"",
        allowed: "an IP address and a port; port 0 is any free one; `localhost` is 127.0.0.1",
        about: "Where the server listens. An address that other machines can reach is refused, because there is \
                no access control yet; see `insecure_open`.",
        change: Change::Restart,
        show: |config| shown(config.listen.to_string()),
        set: |config, given| given.read().map(|Listen(address)| config.listen = address),
    },
    Setting {
        key: "data",
        form: Form::Value("FOLDER"),
        default: "\"./data\"",
        allowed: "a path that is not empty, seen from where the server is started; the folder is made when it is missing",
        about: "The folder of the store. One server at a time may use it.",
        change: Change::Restart,
        show: |config| shown(config.data.to_string_lossy()),
        set: |config, given| given.read().map(|Folder(path)| config.data = path),
    },
    Setting {
        key: "workers",
        form: Form::Value("NUMBER"),
        default: "\"cores\"",
        allowed: "1 to 256, or \"cores\": one for each core",
        about: "Threads that own sockets.",
        change: Change::Restart,
        show: |config| shown_workers(config.workers),
        set: |config, given| given.read().map(|workers| config.workers = workers),
    },
    Setting {
        key: "origins",
        form: Form::Value("ORIGINS"),
        default: "[]",
        allowed: "a list of origins such as \"https://example.org\", at most 255, or \"*\" for all; \
                  as text: with commas",
        about: "Which web pages of other origins may read responses (CORS). With \"*\", every page that a user of \
                this machine visits can read and publish everything.",
        change: Change::Running(|config, new| config.origins.clone_from(&new.origins)),
        show: |config| shown(&config.origins),
        set: |config, given| given.read().map(|OriginList(origins)| config.origins = origins),
    },
    Setting {
        key: "log_format",
        form: Form::Value("FORMAT"),
        default: "\"text\"",
        allowed: "\"text\" or \"json\"",
        about: "How the lines look that the server writes to stderr.",
        change: Change::Restart,
        show: |config| shown(config.log_format),
        set: |config, given| given.read().map(|format| config.log_format = format),
    },
    Setting {
        key: "log_level",
        form: Form::Value("LEVEL"),
        default: "\"info\"",
        allowed: "\"off\", \"error\", \"warn\", \"info\", \"debug\" or \"trace\"",
        about: "The least important lines to be written.",
        change: Change::Running(|config, new| config.log_level = new.log_level),
        show: |config| shown(config.log_level),
        set: |config, given| given.read().map(|level| config.log_level = level),
    },
    Setting {
        key: "store_bytes",
        form: Form::Value("SIZE"),
        default: "\"10GiB\"",
        allowed: "1MiB to 1024TiB; units B, kB, MB, GB, TB, KiB, MiB, GiB, TiB",
        about: "How many bytes all kept messages together may have; the oldest go first.",
        change: Change::Restart,
        show: |config| shown_size(config.store_bytes),
        set: |config, given| {
            given.read().map(|Size::<{ 1 << 20 }, { 1 << 50 }>(size)| config.store_bytes = size)
        },
    },
    Setting {
        key: "return_over",
        form: Form::Value("DURATION"),
        default: "\"5s\"",
        allowed: "0s to 10m; units s, m, h, d, w, largest first",
        about: "When the server ends, each reader is told to come back at a moment of its own within this time, so that the \
                next server is not run over. Give about a second for every 2,000 readers.",
        change: Change::Running(|config, found| config.return_over = found.return_over),
        show: |config| shown_age(config.return_over),
        set: |config, given| given.read().map(|Age::<0, 600>(time)| config.return_over = time),
    },
    Setting {
        key: "presence_grace",
        form: Form::Value("DURATION"),
        default: "\"5s\"",
        allowed: "0s to 10m; units s, m, h, d, w, largest first",
        about: "How long a member of a channel is still present when its last connection has ended: coming back within \
                this time is neither a leave nor a join. So long after a start the numbers of members are not certain.",
        change: Change::Running(|config, found| config.presence_grace = found.presence_grace),
        show: |config| shown_age(config.presence_grace),
        set: |config, given| given.read().map(|Age::<0, 600>(time)| config.presence_grace = time),
    },
    Setting {
        key: "host",
        form: Form::Switch,
        default: "false",
        allowed: "true or false",
        about: "Publish what this machine does, once a second, to `host/cpu`, `host/memory`, `host/network` and \
                `host/disk`. These channels are live unless a namespace says otherwise.",
        change: Change::Restart,
        show: |config| shown(config.host),
        set: |config, given| given.read().map(|Switch(host)| config.host = host),
    },
    Setting {
        key: "egress_allow",
        form: Form::Value("RANGES"),
        default: "[]",
        allowed: "a list of at most 64 ranges such as \"10.0.0.0/8\" or addresses; as text: with commas",
        about: "Which addresses the server may call beside public ones, for webhooks. By default it calls nothing that is \
                loopback, private, link-local or otherwise special: whoever names an address would reach with it what only \
                this machine reaches.",
        change: Change::Restart,
        show: |config| shown(config.egress_allow.iter().map(ToString::to_string).collect::<Vec<_>>()),
        set: |config, given| given.read().map(|RangeList(ranges)| config.egress_allow = ranges),
    },
    Setting {
        key: "insecure_open",
        form: Form::Switch,
        default: "false",
        allowed: "true or false",
        about: "Listen even where others can reach it, though everyone who can may then read and publish \
                everything.",
        change: Change::Restart,
        show: |config| shown(config.insecure_open),
        set: |config, given| given.read().map(|Switch(open)| config.insecure_open = open),
    },
    Setting {
        key: "namespace",
        form: Form::Tables,
        default: "[]",
        allowed: "at most 256 `[[namespace]]` tables, each with a `pattern`",
        about: "The rules of channels. The first namespace whose pattern matches a channel rules it; channels that \
                none matches are kept, with the defaults below.",
        change: Change::Restart,
        show: |config| namespace::show(&config.namespaces),
        set: |config, given| namespace::read(given).map(|namespaces| config.namespaces = namespaces),
    },
];
