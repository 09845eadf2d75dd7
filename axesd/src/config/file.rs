//! Configuration files: finding, reading, parsing, merging.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::{Table, Value};

use crate::config::{ConfigError, words};

/// Far more than anybody writes by hand.
const MAX_SIZE: u64 = 1 << 20;

/// The file and its drop-ins, in the order in which they apply.
pub(super) fn with_drop_ins(path: &Path) -> Result<Vec<PathBuf>, ConfigError> {
    let folder = path.with_file_name("conf.d");
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries.collect::<io::Result<Vec<_>>>(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    };
    let entries = entries.map_err(|source| ConfigError::Read { path: folder, source })?;
    let mut files: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    files.insert(0, path.to_owned());
    Ok(files)
}

/// The text of a file that nobody but its owner can change.
pub(super) fn read(path: &Path) -> Result<String, ConfigError> {
    read_checked(path, check)
}

/// The text of a file that nothing depends on.
pub(super) fn read_draft(path: &Path) -> Result<String, ConfigError> {
    read_checked(path, |_, _| Ok(()))
}

fn read_checked(
    path: &Path,
    check: impl FnOnce(&Path, &fs::Metadata) -> Result<(), ConfigError>,
) -> Result<String, ConfigError> {
    let failed = |source| ConfigError::Read { path: path.to_owned(), source };
    // The file that is checked is the file that is read: by descriptor, not by name.
    let file = File::open(path).map_err(failed)?;
    check(path, &file.metadata().map_err(failed)?)?;
    let mut text = String::new();
    file.take(MAX_SIZE + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() as u64 > MAX_SIZE {
        return Err(ConfigError::TooLarge { path: path.to_owned(), max: MAX_SIZE });
    }
    Ok(text)
}

/// Reads TOML; an error names the file, the line and the nearest valid key.
pub(super) fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, ConfigError> {
    toml::from_str(text).map_err(|error| ConfigError::Invalid {
        path: path.to_owned(),
        line: error.span().map_or(1, |span| line(text, span.start)),
        message: words::of(error.message()),
    })
}

/// Puts one file over another: tables key by key, everything else as a whole.
pub(super) fn merge(below: &mut Table, above: Table) {
    for (key, value) in above {
        match (below.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => merge(below, above),
            (_, value) => drop(below.insert(key, value)),
        }
    }
}

/// The line on which a key or a table is written last.
pub(super) fn line_of(text: &str, key: &str) -> Option<usize> {
    let names = |line: &str| {
        let line = line.trim_start().trim_start_matches('[');
        let rest = line.strip_prefix(key)?.trim_start();
        rest.starts_with(['=', ']']).then_some(())
    };
    let lines = text.lines().enumerate();
    lines.filter(|(_, line)| names(line).is_some()).last().map(|(index, _)| index + 1)
}

fn check(path: &Path, metadata: &fs::Metadata) -> Result<(), ConfigError> {
    let path = path.to_owned();
    let owner = metadata.uid();
    if metadata.mode() & 0o022 != 0 {
        return Err(ConfigError::Writable { path });
    }
    if owner != 0 && owner != nix::unistd::geteuid().as_raw() {
        return Err(ConfigError::Owner { path, owner });
    }
    Ok(())
}

fn line(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}
