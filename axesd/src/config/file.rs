//! Configuration files: finding, reading, parsing, merging.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::de::{DeString, DeTable, DeValue};
use toml::{Spanned, Table, Value};

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
    let mut bytes = Vec::new();
    file.take(MAX_SIZE + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_SIZE {
        return Err(ConfigError::TooLarge { path: path.to_owned(), max: MAX_SIZE });
    }
    text(path, bytes)
}

/// Bytes as the text that TOML has to be.
fn text(path: &Path, bytes: Vec<u8>) -> Result<String, ConfigError> {
    String::from_utf8(bytes).map_err(|error| ConfigError::Invalid {
        path: path.to_owned(),
        line: line(error.as_bytes(), error.utf8_error().valid_up_to()),
        message: "a character is not UTF-8".to_owned(),
    })
}

/// Reads TOML; an error names the file, the line and the nearest valid key.
pub(super) fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, ConfigError> {
    toml::from_str(text).map_err(|error| ConfigError::Invalid {
        path: path.to_owned(),
        line: error.span().map_or(1, |span| line(text.as_bytes(), span.start)),
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
    let table = DeTable::parse(text).ok()?;
    last_place(table.get_ref(), key).map(|place| line(text.as_bytes(), place))
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

fn last_place(table: &DeTable<'_>, key: &str) -> Option<usize> {
    let places = table.iter().filter_map(|(name, value)| {
        let here = (name.get_ref() == key).then(|| place(name, value));
        here.max(last_place_within(value.get_ref(), key))
    });
    places.max()
}

fn last_place_within(value: &DeValue<'_>, key: &str) -> Option<usize> {
    match value {
        DeValue::Table(table) => last_place(table, key),
        DeValue::Array(items) => {
            items.iter().filter_map(|item| last_place_within(item.get_ref(), key)).max()
        }
        _ => None,
    }
}

/// Where a key stands; of `[[tables]]` the last.
fn place(name: &Spanned<DeString<'_>>, value: &Spanned<DeValue<'_>>) -> usize {
    let last = value.get_ref().as_array().and_then(|items| items.last());
    let table = last.filter(|item| item.get_ref().is_table());
    table.map_or(name.span().start, |table| table.span().start)
}

fn line(text: &[u8], offset: usize) -> usize {
    1 + text.iter().take(offset).filter(|byte| **byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_on_its_line_however_it_is_written() {
        for (text, found) in [
            ("rule = 1", Some(1)),
            ("a = 1\n\"rule\" = 2\n", Some(2)),
            ("a = \"\"\"\nrule = 1\n\"\"\"\n  'rule' = 1", Some(4)),
            ("[[rule]]\n[[rule]]\nname = 1\n[x]\n", Some(2)),
            ("[x]\n[rule]\n", Some(2)),
            ("x = [{ rule = 1 }]\ny = { z.rule = 1 }", Some(2)),
            ("rules = 1", None),
        ] {
            assert_eq!(line_of(text, "rule"), found, "{text}");
        }
    }

    #[test]
    fn a_character_that_is_not_utf8_is_found_on_its_line() {
        let error = text(Path::new("axes.toml"), b"a = 1\nb = \xff\n".to_vec()).unwrap_err();
        assert_eq!(error.to_string(), "axes.toml:2: a character is not UTF-8");
    }
}
