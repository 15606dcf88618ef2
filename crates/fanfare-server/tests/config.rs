//! The one path from text to configuration.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use fanfare_proto::{Keeping, Pattern, limits};
use fanfare_server::config::{ALL, Change, LogFormat, LogLevel, NAMESPACE, Reading, Sources, show_one};
use fanfare_server::{Config, ConfigError};
use std::fs;
use std::time::Duration;

fn load(file: &str, environment: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("fanfare.toml");
    fs::write(&path, file).unwrap();
    let owned = |pairs: &[(&str, &str)]| pairs.iter().map(|&(a, b)| (a.to_owned(), b.to_owned())).collect();
    Config::load(&Sources { file: Some(path), environment: owned(environment), flags: owned(flags) })
}

/// What a file is refused for, without the folder in front of its name.
fn refusal(file: &str) -> String {
    let said = load(file, &[], &[]).unwrap_err().to_string();
    let at = said.find("fanfare.toml").unwrap_or_else(|| panic!("names no file: {said}"));
    said[at..].to_owned()
}

#[test]
fn the_defaults_are_what_the_list_says() {
    for setting in ALL {
        let set = load(&format!("{} = {}\n", setting.key, setting.default), &[], &[]);
        assert_eq!(set.unwrap(), Config::default(), "{}", setting.key);
    }
}

#[test]
fn the_defaults_of_a_namespace_are_what_the_list_says() {
    let [kept, live] = [Keeping::Kept, Keeping::Live].map(|keeping| {
        let namespace = fanfare_proto::Namespace::new(Pattern::everything(), keeping);
        show_one(&namespace).collect::<Vec<_>>()
    });
    for ((setting, kept), live) in NAMESPACE.iter().zip(kept).zip(live).skip(1) {
        let said = match setting.key {
            "keeping" => kept.1,
            _ if kept == live => kept.1,
            _ => format!("{}; live: {}", kept.1, live.1),
        };
        assert_eq!((setting.key, setting.default), (kept.0, &*said));
    }
}

#[test]
fn what_is_shown_is_read_back() {
    let every = "listen = '[::1]:1'\ndata = 'a \"b\"'\nworkers = 7\norigins = ['https://a.example', '*']\n\
                 log_format = 'json'\nlog_level = 'off'\nstore_bytes = 3000001\nreturn_over = '1m30s'\npresence_grace = '2s'\nhost = true\n\
                 egress_allow = ['10.0.0.0/8', '::1']\ninsecure_open = true\n\
                 [[namespace]]\npattern = 'a/**'\nkeeping = 'live'\nage = '1d1h1m1s500ms'\nmessages = 5\n\
                 bytes = '1TiB'\nbody = 1000\n[[namespace]]\npattern = 'b/*'\n";
    for file in ["", every] {
        let config = load(file, &[], &[]).unwrap();
        let shown: String =
            ALL.iter().map(|row| format!("{} = {}\n", row.key, (row.show)(&config))).collect();
        assert_eq!(load(&shown, &[], &[]).unwrap(), config, "{shown}");
    }
}

#[test]
fn options_that_change_while_the_server_runs_copy_themselves_and_nothing_else() {
    let file = "origins = ['https://a.example']\nlog_level = 'debug'\nworkers = 7\nreturn_over = '1s'\n\
                presence_grace = '1s'\n";
    let new = load(file, &[], &[]).unwrap();
    for setting in ALL {
        let Change::Running(copy) = setting.change else { continue };
        let mut config = Config::default();
        copy(&mut config, &new);
        let copied = ALL.iter().filter(|row| (row.show)(&config) != (row.show)(&Config::default()));
        assert_eq!(copied.map(|row| row.key).collect::<Vec<_>>(), [setting.key]);
    }
}

#[test]
fn a_file_that_is_too_large_is_refused() {
    let file = format!("workers = 1\n#{}", "x".repeat(limits::CONFIG_BYTES as usize));
    assert!(refusal(&file).contains("cannot be read: it has more than 1048576 bytes"));
}

#[test]
fn flags_beat_the_environment_and_both_beat_the_file() {
    let file = "listen = '127.0.0.1:1'\nworkers = 1\ndata = 'file'\n";
    let environment = [("FANFARE_LISTEN", "127.0.0.1:2"), ("FANFARE_WORKERS", "2")];
    let config = load(file, &environment, &[("listen", "127.0.0.1:3")]).unwrap();
    assert_eq!(config.listen.port(), 3);
    assert_eq!(config.workers.count().get(), 2);
    assert_eq!(config.data.to_str(), Some("file"));
    assert_eq!(config.log_level, LogLevel::Info);
}

#[test]
fn every_source_writes_every_option() {
    let file = "listen = '[::1]:1'\ndata = 'd'\nworkers = 7\norigins = ['https://a.example']\nlog_format = 'json'\n\
                log_level = 'debug'\nstore_bytes = '2GiB'\nreturn_over = '1m'\npresence_grace = '1m'\nhost = true\n\
                egress_allow = ['10.0.0.0/8', 'fd00::/8']\ninsecure_open = true\nnamespace = [{ pattern = 'a/**', keeping = 'live' }]\n";
    let texts = [
        ("listen", "[::1]:1"),
        ("data", "d"),
        ("workers", "7"),
        ("origins", "https://a.example"),
        ("log_format", "json"),
        ("log_level", "debug"),
        ("store_bytes", "2GiB"),
        ("return_over", "1m"),
        ("presence_grace", "1m"),
        ("host", "true"),
        ("egress_allow", "10.0.0.0/8, fd00::/8"),
        ("insecure_open", "true"),
        ("namespace", "[{ pattern = 'a/**', keeping = 'live' }]"),
    ];
    assert_eq!(texts.map(|(key, _)| key).as_slice(), ALL.iter().map(|row| row.key).collect::<Vec<_>>());
    let variables = texts.map(|(key, text)| (fanfare_server::config::variable(key), text));
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, text)| (&**name, *text)).collect();
    let from_file = load(file, &[], &[]).unwrap();
    assert_eq!(load("", &variables, &[]).unwrap(), from_file);
    assert_eq!(load("", &[], &texts).unwrap(), from_file);
    assert_eq!(from_file.log_format, LogFormat::Json);
    assert_ne!(from_file, Config::default());
}

#[test]
fn namespaces_come_in_order_with_their_defaults() {
    let file = "[[namespace]]\npattern = 'live/**'\nkeeping = 'live'\nage = '1h30m'\nmessages = 5\n\
                bytes = '1MiB'\nbody = '1 KiB'\n\n[[namespace]]\npattern = 'a/*'\n";
    let config = load(file, &[], &[]).unwrap();
    let [live, kept] = &config.namespaces[..] else { panic!("{config:?}") };
    assert_eq!((live.pattern.as_str(), live.keeping), ("live/**", Keeping::Live));
    assert_eq!(live.retention.age, Duration::from_secs(5400));
    assert_eq!((live.retention.messages, live.retention.bytes, live.body_bytes), (5, 1 << 20, 1024));
    let default = fanfare_proto::Namespace::new(Pattern::parse("a/*").unwrap(), Keeping::Kept);
    assert_eq!(*kept, default);
}

#[test]
fn durations_and_sizes_are_written_as_people_do() {
    for (text, seconds) in
        [("1s", 1), ("90m", 5400), ("7d", 604_800), ("2w", 1_209_600), ("1d12h", 129_600), ("90", 90)]
    {
        let config = load(&format!("namespace = [{{ pattern = 'a', age = '{text}' }}]"), &[], &[]).unwrap();
        assert_eq!(config.namespaces[0].retention.age, Duration::from_secs(seconds), "{text}");
    }
    for (text, bytes) in
        [("'1MiB'", 1 << 20), ("3000000", 3_000_000), ("'4 MB'", 4_000_000), ("'1TiB'", 1 << 40)]
    {
        assert_eq!(load(&format!("store_bytes = {text}"), &[], &[]).unwrap().store_bytes, bytes, "{text}");
    }
}

#[test]
fn an_unknown_key_is_refused_with_its_line_and_the_nearest_known_key() {
    for (file, expected) in [
        (
            "workers = 1\nlisen = 'x'\n",
            "fanfare.toml, line 2: there is no option `lisen`; did you mean `listen`?",
        ),
        ("namespaces = []", "line 1: there is no option `namespaces`; did you mean `namespace`?"),
        ("log-level = 'info'", "did you mean `log_level`?"),
        (
            "\n\n[server]\nport = 1\n",
            "line 3: there is no option `server`; there are: listen, data, workers,",
        ),
        (
            "[[namespace]]\npattern = 'a'\n[[namespace]]\npattern = 'b'\nmesages = 3\n",
            "line 5: there is no option `mesages`; did you mean `messages`?",
        ),
    ] {
        let said = refusal(file);
        assert!(said.contains(expected), "{file:?}: {said}");
    }
}

#[test]
fn a_wrong_value_is_refused_with_its_place_and_what_is_allowed() {
    for (file, expected) in [
        (
            "listen = 'example.org:80'",
            "line 1: `listen` cannot be \"example.org:80\" (it is not an IP address, a",
        ),
        ("data = ' '", "line 1: `data` cannot be \" \" (it is empty); allowed: a path that is not empty"),
        (
            "listen = 8080",
            "`listen` cannot be 8080 (it is not an IP address, a colon and a port); allowed: an IP",
        ),
        ("data = 5", "`data` cannot be 5 (it is not text in quotes); allowed: a path"),
        ("listen = [1]", "`listen` cannot be a list (it is not a single value)"),
        (
            "\nworkers = 'many'",
            "line 2: `workers` cannot be \"many\" (it is neither a whole number nor `cores`)",
        ),
        ("workers = 0", "`workers` cannot be 0 (it is too small); allowed: 1 to 256, or \"cores\""),
        ("workers = 257", "`workers` cannot be 257 (it is too large)"),
        ("workers = -1", "`workers` cannot be -1"),
        ("workers = 1.5", "`workers` cannot be 1.5 (it is neither a whole number nor `cores`)"),
        ("workers = 2026-11-23", "`workers` cannot be 2026-11-23 (it is not a single value)"),
        ("origins = ['https://a.example/']", "(\"https://a.example/\" is not an origin: "),
        ("origins = 'a.example'", "(\"a.example\" is not an origin: "),
        ("egress_allow = ['10.0.0.1/8']", "(\"10.0.0.1/8\" is not an address such as "),
        ("egress_allow = 'localhost'", "nor a network such as \"127.0.0.0/8\"; names are not taken"),
        ("egress_allow = true", "`egress_allow` cannot be true (it is not a list of texts)"),
        ("origins = 5", "`origins` cannot be 5 (it is not a list of texts)"),
        ("origins = ['*', 5]", "`origins` cannot be a list (it is not a list of texts)"),
        (
            "log_format = 'xml'",
            "`log_format` cannot be \"xml\" (it is neither); allowed: \"text\" or \"json\"",
        ),
        ("log_format = true", "`log_format` cannot be true (it is not text in quotes)"),
        (
            "log_level = 'loud'",
            "(it is none of these); allowed: \"off\", \"error\", \"warn\", \"info\", \"debug\" or \"trace\"",
        ),
        ("store_bytes = '10 bananas'", "(its unit is not known); allowed: 1MiB to 1024TiB"),
        ("store_bytes = '99999999999TiB'", "(it is too large)"),
        ("store_bytes = 1024", "(it is too small)"),
        ("insecure_open = 'yes'", "(it is neither `true` nor `false`); allowed: true or false"),
        ("namespace = 'a/**'", "`namespace` cannot be \"a/**\" (it is not a list of tables)"),
        ("namespace = ['a/**']", "`namespace` cannot be \"a/**\" (it is not a table)"),
        ("\n[[namespace]]\nkeeping = 'live'", "line 2: a namespace needs a `pattern`"),
        (
            "[[namespace]]\npattern = 'a//b'",
            "line 2: `pattern` cannot be \"a//b\" (a name has no empty segments",
        ),
        ("[[namespace]]\nkeeping = 'sometimes'", "`keeping` cannot be \"sometimes\""),
        ("[[namespace]]\nage = '5y'", "`age` cannot be \"5y\" (it is not a duration); allowed: 1s to 3650d"),
        ("[[namespace]]\nage = ''", "(it is not a duration)"),
        ("[[namespace]]\nage = '500ms'", "(it is too small)"),
        ("[[namespace]]\nage = '0s'", "(it is too small)"),
        ("[[namespace]]\nage = '99999w'", "(it is too large)"),
        (
            "[[namespace]]\nbody = '17MiB'",
            "`body` cannot be \"17MiB\" (it is too large); allowed: 1B to 16MiB",
        ),
        ("[[namespace]]\npattern = 5", "line 2: `pattern` cannot be 5 (it is not text in quotes)"),
    ] {
        let said = refusal(file);
        assert!(said.contains(expected), "{file:?}: {said}");
        are_our_words(&said);
    }
}

#[track_caller]
fn are_our_words(said: &str) {
    for word in ["expected", "invalid type", "unknown variant", "deserializ"] {
        assert!(!said.contains(word), "words of a library: {said}");
    }
}

#[test]
fn what_is_not_toml_is_refused_with_its_line_its_column_and_how_it_is_written() {
    for (file, expected) in [
        (
            "workers = 1\nworkers = 2",
            "line 2, column 1: this is not TOML: `workers` is given twice; an option is",
        ),
        ("listen = ", "line 1, column 10: this is not TOML: something is missing; an option is written"),
        (
            "\nlisten = a.b",
            "line 2, column 10: this is not TOML: `a.b` does not belong here; an option is written",
        ),
        ("listen 5", "this is not TOML: `5` does not belong here"),
        ("[[namespace]", "this is not TOML: something is missing"),
    ] {
        let said = refusal(file);
        assert!(said.contains(expected), "{file:?}: {said}");
        are_our_words(&said);
    }
}

#[test]
fn every_wrong_origin_is_told() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("fanfare.toml");
    fs::write(&path, "origins = ['https://a.example/', 'https://b.example', 'C', 'd']").unwrap();
    let reading = Reading::of(&Sources { file: Some(path), ..Sources::default() });
    let said: Vec<String> = reading.errors.iter().map(ConfigError::to_string).collect();
    assert_eq!(said.len(), 3, "{said:#?}");
    for (said, origin) in said.iter().zip(["\"https://a.example/\"", "\"C\"", "\"d\""]) {
        assert!(said.contains(&format!("({origin} is not an origin: ")), "{said}");
    }
}

#[test]
fn too_many_namespaces_are_refused() {
    let file = "[[namespace]]\npattern = 'a'\n".repeat(257);
    assert!(refusal(&file).contains("`namespace` cannot be a list (it is too long); allowed: at most 256"));
}

#[test]
fn variables_and_flags_are_named_when_they_are_wrong() {
    for (environment, flags, expected) in [
        (
            &[("FANFARE_WORKERS", "x")][..],
            &[][..],
            "environment variable FANFARE_WORKERS: `workers` cannot be \"x\"",
        ),
        (&[("FANFARE_LISEN", "x")], &[], "FANFARE_LISEN: there is no option `lisen`; did you mean `listen`?"),
        (
            &[("FANFARE_NAMESPACE", "a/**")],
            &[],
            "environment variable FANFARE_NAMESPACE: this is not TOML: `a/**` does not belong here; a list of tables is",
        ),
        (&[], &[("log_level", "loud")], "--log-level: `log_level` cannot be \"loud\""),
    ] {
        let said = load("", environment, flags).unwrap_err().to_string();
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn variables_of_others_are_left_alone() {
    let others = [
        ("FANFARE_PORT", "tcp://10.0.0.1:80"),
        ("FANFARE_SERVICE_HOST", "x"),
        ("FANFARE_SERVER", "x"),
        ("FANFARE_CRASH_ROUNDS", "3"),
        ("HOME", "x"),
    ];
    assert_eq!(load("", &others, &[]).unwrap(), Config::default());
}

#[test]
fn a_file_that_is_no_text_is_named() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("fanfare.toml");
    fs::write(&path, b"data = '\xff'").unwrap();
    let sources = Sources { file: Some(path), ..Sources::default() };
    let said = Config::load(&sources).unwrap_err().to_string();
    assert!(said.ends_with("fanfare.toml cannot be read: it is not text in UTF-8"), "{said}");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let sources = Sources { file: Some("no/such.toml".into()), ..Sources::default() };
    let said = Config::load(&sources).unwrap_err().to_string();
    assert!(said.contains("the configuration file no/such.toml cannot be read"), "{said}");
}
