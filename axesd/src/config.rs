//! `/etc/axes/axes.toml` and `conf.d/*.toml`: read, checked, turned into settings.

mod access_log;
mod build;
mod document;
mod error;
mod file;
mod space;
mod tables;
#[cfg(test)]
mod tests;
mod values;
mod words;

use std::path::{Path, PathBuf};

use axes_policy::settings::Settings;
use serde::Deserialize as _;

pub use crate::config::access_log::LogConfig;
use crate::config::build::Conflict;
use crate::config::document::Document;
pub use crate::config::error::ConfigError;
pub use crate::config::values::Handler;
use crate::printable::printable;

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

/// Reads a file, and the `conf.d/*.toml` beside it in the order of their names; a later file
/// replaces what an earlier one said key by key.
///
/// # Errors
///
/// [`ConfigError`], with the file and the line where there is one.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    let mut merged = toml::Table::new();
    let mut files = Vec::new();
    for path in file::with_drop_ins(path)? {
        let text = file::read(&path)?;
        // Read on its own first, so that an error has its file and line.
        file::parse::<Document>(&path, &text)?;
        file::merge(&mut merged, file::parse(&path, &text)?);
        files.push((path, text));
    }
    let document = Document::deserialize(merged)
        .map_err(|error| ConfigError::Together { message: words::of(error.message()) })?;
    built(document, &files)
}

/// Reads one file on its own, whoever may write to it: to try settings out, not to run by them.
///
/// # Errors
///
/// [`ConfigError`], with the line where there is one.
pub fn draft(path: &Path) -> Result<Config, ConfigError> {
    let text = file::read_draft(path)?;
    let document = file::parse::<Document>(path, &text)?;
    built(document, &[(path.to_owned(), text)])
}

/// Reads settings that stand in something else.
///
/// # Errors
///
/// [`ConfigError::Invalid`], in the file `config`.
pub fn from_text(text: &str) -> Result<Config, ConfigError> {
    let document = file::parse::<Document>(Path::new("config"), text)?;
    built(document, &[("config".into(), text.to_owned())])
}

/// What does not go together is shown where it was said last.
fn built(document: Document, files: &[(PathBuf, String)]) -> Result<Config, ConfigError> {
    build::config(document).map_err(|Conflict { key, message }| {
        let message = printable(&message);
        let mut places = files.iter().rev();
        let place = places.find_map(|(path, text)| Some((path, file::line_of(text, key)?)));
        match place {
            Some((path, line)) => ConfigError::Invalid { path: path.clone(), line, message },
            None => ConfigError::Together { message },
        }
    })
}
