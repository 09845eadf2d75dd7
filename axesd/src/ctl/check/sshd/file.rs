//! `sshd_config` and what it includes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::ctl::check::finding::Place;
use crate::ctl::check::tree::Tree;

/// As deep as sshd follows.
const MAX_DEPTH: usize = 16;
/// Files that include each other again and again end somewhere.
const MAX_FILES: usize = 256;
const MAX_LINES: usize = 10_000;

/// One setting where it stands.
#[derive(Debug)]
pub(super) struct Setting {
    pub(super) place: Place,
    /// In lower case.
    pub(super) keyword: String,
    pub(super) value: String,
    pub(super) applies: Applies,
}

/// To whom a setting applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Applies {
    Always,
    /// Below a `Match`.
    Sometimes,
}

/// All settings in the order in which sshd reads them.
pub(super) fn read(tree: &mut Tree, path: &Path) -> Option<Vec<Setting>> {
    let mut reading = Reading::default();
    reading.append(tree, path, Applies::Always, 0).then_some(reading.settings)
}

/// What was read so far.
#[derive(Default)]
struct Reading {
    settings: Vec<Setting>,
    files: usize,
}

impl Reading {
    /// Whether there is such a file.
    fn append(&mut self, tree: &mut Tree, path: &Path, applies: Applies, depth: usize) -> bool {
        self.files += 1;
        let text = if self.files > MAX_FILES { None } else { tree.text(path) };
        let Some(text) = text else {
            return false;
        };
        let mut applies = applies;
        for (index, line) in text.lines().enumerate() {
            let room = self.settings.len() < MAX_LINES;
            let Some((keyword, value)) = setting(line).filter(|_| room) else {
                continue;
            };
            match keyword.as_str() {
                "match" if value.eq_ignore_ascii_case("all") => applies = Applies::Always,
                "match" => applies = Applies::Sometimes,
                "include" if depth >= MAX_DEPTH => {}
                "include" => {
                    let files = value.split_whitespace().map(|name| included(tree, name));
                    for file in files.collect::<Vec<_>>().concat() {
                        self.append(tree, &file, applies, depth + 1);
                    }
                }
                _ => {
                    let place = Place::line(path, index + 1);
                    self.settings.push(Setting { place, keyword, value, applies });
                }
            }
        }
        true
    }
}

/// A keyword in lower case and what follows it, without quotes.
fn setting(line: &str) -> Option<(String, String)> {
    let line = line.trim();
    if line.starts_with('#') {
        return None;
    }
    let (keyword, value) = line.split_once(|it: char| it.is_whitespace() || it == '=')?;
    let value = value.trim_start_matches(|it: char| it.is_whitespace() || it == '=');
    let value = value.split(" #").next().unwrap_or_default().replace('"', "");
    Some((keyword.to_ascii_lowercase(), value.trim().to_owned()))
}

/// The files that an `Include` names; wildcards are understood in the last part of a path.
fn included(tree: &mut Tree, name: &str) -> Vec<PathBuf> {
    let path = Path::new("/etc/ssh").join(name);
    let (Some(folder), Some(pattern)) = (path.parent(), path.file_name()) else {
        return Vec::new();
    };
    let pattern = pattern.to_string_lossy();
    if !pattern.contains(['*', '?']) {
        return vec![path.clone()];
    }
    let names = tree.names(folder).unwrap_or_default();
    names.iter().filter(|name| fits(&pattern, name)).map(|name| folder.join(name)).collect()
}

/// Whether a name fits a pattern of `*` and `?`.
fn fits(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    // How much of the pattern may stand for the name so far.
    let mut matched = with_stars(&pattern, BTreeSet::from([0]));
    for found in name.chars() {
        let next = matched.iter().filter_map(|&index| match pattern.get(index)? {
            '*' => Some(index),
            '?' => Some(index + 1),
            wanted => (*wanted == found).then_some(index + 1),
        });
        matched = with_stars(&pattern, next.collect());
    }
    matched.contains(&pattern.len())
}

/// A star may stand for nothing.
fn with_stars(pattern: &[char], mut matched: BTreeSet<usize>) -> BTreeSet<usize> {
    for (index, wanted) in pattern.iter().enumerate() {
        if *wanted == '*' && matched.contains(&index) {
            matched.insert(index + 1);
        }
    }
    matched
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::check::pam::samples::pam_tree;

    #[test]
    fn keywords_and_values_are_told_apart() {
        let read = |line| setting(line).map(|(keyword, value)| format!("{keyword}|{value}"));
        assert_eq!(read("  UsePAM yes"), Some("usepam|yes".into()));
        assert_eq!(read("UseDNS=\"no\" # why"), Some("usedns|no".into()));
        assert_eq!(read("Port = 22"), Some("port|22".into()));
        assert_eq!(read("# UsePAM yes"), None);
        assert_eq!(read(""), None);
    }

    #[test]
    fn files_that_include_each_other_end() {
        let (folder, mut tree) = pam_tree(&[]);
        std::fs::write(folder.path().join("x"), "Include /x\nInclude /x\nInclude /x\n").unwrap();
        assert!(read(&mut tree, Path::new("/x")).unwrap().is_empty());
        std::fs::write(folder.path().join("x"), "Port 1\nInclude /x\nInclude /x\n").unwrap();
        assert!(read(&mut tree, Path::new("/x")).unwrap().len() <= MAX_FILES);
    }

    #[test]
    fn wildcards_fit_as_a_shell_would_say() {
        for (pattern, name) in
            [("*.conf", "50-x.conf"), ("*", "a"), ("a?c", "abc"), ("a*b*", "aXbb")]
        {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("*.conf", "x.conf.bak"), ("a?c", "ac"), ("", "a")] {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
        assert!(!fits(&"a*".repeat(100), &("a".repeat(99) + &"b".repeat(150))), "and soon");
    }
}
