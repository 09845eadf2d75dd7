//! `/etc/axes/axes.toml` and `conf.d/*.toml`: read, checked, turned into settings.

mod access_log;
mod error;
mod file;
mod values;

use std::path::{Path, PathBuf};
use std::time::Duration;

use axes_policy::settings::{CounterRule, Enforcement, Prefixes, RefusedTries, Settings};
use serde::Deserialize;

pub use crate::config::access_log::LogConfig;
use crate::config::access_log::{Age, Bytes, Entries, PerUser};
pub use crate::config::error::ConfigError;
pub use crate::config::values::Handler;
use crate::config::values::{CoolOff, GateWait, Limit, Network, Parameters, Period, Prefix};

/// Everything that the daemon is told.
#[derive(Clone, Debug)]
pub struct Config {
    /// The rules.
    pub settings: Settings,
    /// What the access log records and keeps.
    pub access_log: LogConfig,
    /// Where it listens.
    pub daemon: DaemonConfig,
    /// What it keeps, and where.
    pub store: StoreConfig,
}

/// Where the daemon listens when systemd passes no sockets, and where its log goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DaemonConfig {
    /// For PAM modules; any user may connect.
    pub socket: PathBuf,
    /// For axesctl; root and the group of the socket.
    pub control_socket: PathBuf,
    /// Of syslog.
    pub log_socket: PathBuf,
}

/// What the daemon keeps, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreConfig {
    /// The kind of store.
    pub handler: Handler,
    /// Its folder.
    pub path: PathBuf,
}

/// The file as it is written; what is missing has its default.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Document {
    failure_limit: Limit,
    lockout_parameters: Parameters,
    cooloff_time: CoolOff,
    lock_out_at_failure: bool,
    reset_on_success: bool,
    reset_cool_off_on_failure_during_lockout: bool,
    even_deny_root: bool,
    ip_whitelist: Vec<Network>,
    only_whitelist: bool,
    ip_blacklist: Vec<Network>,
    ipv4_prefix: Prefix<32>,
    ipv6_prefix: Prefix<128>,
    gate_wait: GateWait,
    place_lease: Period,
    disable_access_log: bool,
    disable_success_access_log: bool,
    access_failure_log_per_user_limit: PerUser,
    access_log_entries: Entries,
    access_log_bytes: Bytes,
    access_log_age: Age,
    daemon: DaemonTable,
    store: StoreTable,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct DaemonTable {
    socket: PathBuf,
    control_socket: PathBuf,
    log_socket: PathBuf,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct StoreTable {
    handler: Handler,
    path: PathBuf,
}

impl Default for Document {
    fn default() -> Self {
        Self {
            failure_limit: Limit::default(),
            lockout_parameters: Parameters::default(),
            cooloff_time: CoolOff::default(),
            lock_out_at_failure: true,
            reset_on_success: true,
            reset_cool_off_on_failure_during_lockout: false,
            even_deny_root: false,
            ip_whitelist: Vec::new(),
            only_whitelist: false,
            ip_blacklist: Vec::new(),
            ipv4_prefix: Prefix(Prefixes::default().v4),
            ipv6_prefix: Prefix(Prefixes::default().v6),
            gate_wait: GateWait(Duration::from_secs(10)),
            place_lease: Period(Duration::from_secs(120)),
            disable_access_log: false,
            disable_success_access_log: false,
            access_failure_log_per_user_limit: PerUser::default(),
            access_log_entries: Entries::default(),
            access_log_bytes: Bytes::default(),
            access_log_age: Age::default(),
            daemon: DaemonTable::default(),
            store: StoreTable::default(),
        }
    }
}

impl Default for DaemonTable {
    fn default() -> Self {
        Self {
            socket: PathBuf::from("/run/axes/axesd.sock"),
            control_socket: PathBuf::from("/run/axes/control.sock"),
            log_socket: PathBuf::from("/dev/log"),
        }
    }
}

impl Default for StoreTable {
    fn default() -> Self {
        Self { handler: Handler::Sled, path: PathBuf::from("/var/lib/axes") }
    }
}

/// Reads a file, and the `conf.d/*.toml` beside it in the order of their names; a later file
/// replaces what an earlier one said key by key.
///
/// # Errors
///
/// [`ConfigError`], with the file and the line where there is one.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    let mut merged = toml::Table::new();
    for path in file::with_drop_ins(path)? {
        let text = file::read(&path)?;
        // Read on its own first, so that an error has its file and line.
        file::parse::<Document>(&path, &text)?;
        file::merge(&mut merged, file::parse(&path, &text)?);
    }
    let document = Document::deserialize(merged)
        .map_err(|error| ConfigError::Together { message: error.message().to_owned() })?;
    Ok(document.into())
}

/// Reads one file on its own, whoever may write to it: to try settings out, not to run by them.
///
/// # Errors
///
/// [`ConfigError`], with the line where there is one.
pub fn draft(path: &Path) -> Result<Config, ConfigError> {
    let text = file::read_draft(path)?;
    file::parse::<Document>(path, &text).map(Into::into)
}

/// Reads settings that stand in something else.
///
/// # Errors
///
/// [`ConfigError::Invalid`], in the file `config`.
pub fn from_text(text: &str) -> Result<Config, ConfigError> {
    file::parse::<Document>(Path::new("config"), text).map(Into::into)
}

impl From<Document> for Config {
    fn from(document: Document) -> Self {
        let StoreTable { handler, path } = document.store;
        let DaemonTable { socket, control_socket, log_socket } = document.daemon;
        let rule = |attributes| CounterRule {
            attributes,
            limit: document.failure_limit.0,
            cooloff: document.cooloff_time.0,
        };
        let settings = Settings {
            enforcement: match handler {
                Handler::Dummy => Enforcement::Off,
                Handler::Sled | Handler::Memory if document.lock_out_at_failure => Enforcement::On,
                Handler::Sled | Handler::Memory => Enforcement::Monitor,
            },
            rules: document.lockout_parameters.0.into_iter().map(rule).collect(),
            reset_on_success: document.reset_on_success,
            refused_tries: match document.reset_cool_off_on_failure_during_lockout {
                true => RefusedTries::Counted,
                false => RefusedTries::Ignored,
            },
            only_whitelist: document.only_whitelist,
            even_deny_root: document.even_deny_root,
            whitelist: document.ip_whitelist.into_iter().map(|network| network.0).collect(),
            blacklist: document.ip_blacklist.into_iter().map(|network| network.0).collect(),
            prefixes: Prefixes { v4: document.ipv4_prefix.0, v6: document.ipv6_prefix.0 },
            gate_wait: document.gate_wait.0,
            place_lease: document.place_lease.0,
        };
        let access_log = LogConfig {
            disabled: document.disable_access_log,
            successes_disabled: document.disable_success_access_log,
            failures_per_user: document.access_failure_log_per_user_limit.0,
            entries: document.access_log_entries.0,
            bytes: document.access_log_bytes.0,
            age: document.access_log_age.0,
        };
        Self {
            settings,
            access_log,
            daemon: DaemonConfig { socket, control_socket, log_socket },
            store: StoreConfig { handler, path },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// What loading makes of these files, the first of which is the main one.
    fn loaded(files: &[(&str, &str)]) -> Result<Config, String> {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("conf.d")).unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        }
        let name = folder.path().display().to_string();
        load(&folder.path().join("axes.toml")).map_err(|error| error.to_string().replace(&name, ""))
    }

    fn refused(text: &str) -> String {
        loaded(&[("axes.toml", text)]).unwrap_err()
    }

    #[test]
    fn an_empty_file_is_the_documented_default() {
        let config = loaded(&[("axes.toml", "")]).unwrap();
        let [rule] = config.settings.rules.as_slice() else { panic!("one rule") };
        assert_eq!(rule.attributes.to_string(), "username and ip_address");
        assert_eq!(rule.limit.get(), 5);
        assert_eq!(rule.cooloff, Some(Duration::from_secs(900)));
        assert_eq!(config.daemon.socket, Path::new("/run/axes/axesd.sock"));
    }

    #[test]
    fn the_shipped_file_documents_every_key_with_its_default() {
        let shipped = include_str!("../../packaging/axes.toml");
        let uncommented: String = shipped
            .lines()
            .map(|line| line.strip_prefix('#').filter(|key| !key.starts_with(' ')).unwrap_or(line))
            .flat_map(|line| [line, "\n"])
            .collect();
        let document = |text: &str| format!("{:?}", toml::from_str::<Document>(text).unwrap());
        assert_eq!(document(&uncommented), document(""));
        assert_eq!(document(shipped), document(""));
        let keys = toml::from_str::<toml::Table>(&uncommented).unwrap();
        let all = toml::from_str::<Document>("x = 1").unwrap_err().to_string();
        for key in all.split('`').skip(3).step_by(2) {
            assert!(keys.contains_key(key), "{key} is not documented");
        }
    }

    #[test]
    fn strings_are_or_ed_and_lists_are_and_ed() {
        let text = r#"lockout_parameters = ["ip_address", ["username", "service"]]"#;
        let config = loaded(&[("axes.toml", text)]).unwrap();
        let shown = config.settings.rules.iter().map(|rule| rule.attributes.to_string());
        assert_eq!(shown.collect::<Vec<_>>(), ["ip_address", "username and service"]);
    }

    #[test]
    fn drop_ins_replace_key_by_key_in_the_order_of_their_names() {
        let config = loaded(&[
            ("axes.toml", "failure_limit = 7\n[store]\npath = \"/a\""),
            ("conf.d/20-b.toml", "cooloff_time = \"1h\""),
            ("conf.d/10-a.toml", "cooloff_time = \"2h\"\n[store]\nhandler = \"memory\""),
            ("conf.d/README", "not a configuration"),
        ])
        .unwrap();
        let rule = config.settings.rules[0];
        assert_eq!((rule.limit.get(), rule.cooloff), (7, Some(Duration::from_secs(3600))));
        assert_eq!(config.store, StoreConfig { handler: Handler::Memory, path: "/a".into() });
    }

    #[test]
    fn an_unknown_key_is_refused_with_file_line_and_the_nearest_valid_one() {
        let error = refused("reset_on_success = true\nfailure_limt = 3\n");
        assert_eq!(
            error,
            "/axes.toml:2: unknown key `failure_limt`; did you mean `failure_limit`?"
        );
        let error = refused("[store]\nhandlr = \"sled\"\n");
        assert_eq!(error, "/axes.toml:2: unknown key `handlr`; did you mean `handler`?");
        let error = refused("zzzz = 1");
        assert!(error.starts_with("/axes.toml:1: unknown key `zzzz`; valid keys are"), "{error}");
    }

    #[test]
    fn a_drop_in_is_named_when_it_is_wrong() {
        let files = [("axes.toml", ""), ("conf.d/x.toml", "\n\ncooloff_time = 15")];
        let error = loaded(&files).unwrap_err();
        assert!(error.starts_with("/conf.d/x.toml:3: "), "{error}");
    }

    #[test]
    fn values_that_would_disable_protection_are_refused_in_words() {
        for (text, words) in [
            ("failure_limit = 0", "at least 1"),
            ("failure_limit = -1", "whole number"),
            ("cooloff_time = \"0s\"", "longer than nothing"),
            ("cooloff_time = \"15\"", "unit"),
            ("cooloff_time = 15", "unit"),
            ("lockout_parameters = []", "at least one"),
            ("lockout_parameters = [[]]", "at least one"),
            ("lockout_parameters = [\"user_agent\"]", "service"),
            ("lockout_parameters = [\"user\"]", "username"),
            ("ip_whitelist = [\"192.0.2.0/33\"]", "network"),
            ("ipv6_prefix = 129", "0 to 128"),
            ("gate_wait = \"2m\"", "at most"),
            ("[store]\nhandler = \"redis\"", "sled"),
            ("access_failure_log_per_user_limit = 0", "at least 1, or false"),
            ("access_failure_log_per_user_limit = true", "or false"),
            ("access_log_entries = 0", "1 to 1000000"),
            ("access_log_bytes = 16", "unit"),
            ("access_log_bytes = \"16\"", "64KiB"),
            ("access_log_bytes = \"16 MiBs\"", "such as"),
            ("access_log_age = \"90\"", "\"never\""),
            ("access_log_age = \"0d\"", "disable_access_log"),
        ] {
            let error = refused(text);
            assert!(error.contains(words), "{text}: {error}");
            assert!(error.starts_with("/axes.toml:"), "{text}: {error}");
        }
    }

    #[test]
    fn a_file_that_others_may_write_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("axes.toml");
        fs::write(&path, "").unwrap();
        for mode in [0o664, 0o646] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = load(&path).unwrap_err().to_string();
            assert!(error.contains("chmod go-w"), "{error}");
        }
    }

    #[test]
    fn a_file_that_is_missing_too_large_or_broken_is_named() {
        let missing = load(Path::new("/nonexistent/axes.toml")).unwrap_err().to_string();
        assert!(missing.contains("/nonexistent/axes.toml"), "{missing}");
        assert!(refused(&"#".repeat(2_000_000)).contains("larger than"));
        assert!(refused("a = [").starts_with("/axes.toml:1: "));
    }
}
