//! The configuration: does it load, and in which line does a setting stand?

use std::path::{Path, PathBuf};

use super::finding::{Finding, Place};
use super::rule::CONFIG_BROKEN;
use super::settings::Policy;
use super::tree::Tree;
use crate::config::{self, ConfigError};

/// The configuration as it was read.
#[derive(Debug)]
pub(super) struct Loaded {
    /// `None` where it cannot be loaded.
    pub(super) policy: Option<Policy>,
    fault: Option<Finding>,
    /// In the order in which they apply.
    texts: Vec<(PathBuf, String)>,
}

impl Loaded {
    /// Reads it as axesd would.
    pub(super) fn of(tree: &mut Tree, path: &Path) -> Self {
        let loaded = config::load(&tree.outside(path));
        let texts = texts(tree, path);
        match loaded {
            Ok(config) => Self { policy: Some(Policy::of(&config)), fault: None, texts },
            Err(error) => Self { policy: None, fault: Some(fault(tree, &error)), texts },
        }
    }

    /// Why it cannot be loaded.
    pub(super) fn judge(&mut self) -> Option<Finding> {
        self.fault.take()
    }

    /// Where a key is set, the last time; `None` where it has its default.
    pub(super) fn line(&self, key: &str) -> Option<Place> {
        let sets = |line: &str| {
            let rest = line.trim_start().strip_prefix(key);
            rest.is_some_and(|rest| rest.trim_start().starts_with('='))
        };
        self.texts.iter().rev().find_map(|(path, text)| {
            let index = text.lines().position(sets)?;
            Some(Place::line(path, index + 1))
        })
    }
}

fn fault(tree: &Tree, error: &ConfigError) -> Finding {
    let fix = "Correct it; `axesd --check-config` reads it again.";
    match error {
        ConfigError::Invalid { path, line, message } => {
            let path = tree.inside(&path.display().to_string());
            let place = Place::line(Path::new(&path), *line);
            CONFIG_BROKEN.found(place, format!("{message}."), fix)
        }
        ConfigError::Read { path, source } => {
            let path = tree.inside(&path.display().to_string());
            let fix = "Put it there, or name another with --config.";
            let message = format!("the configuration cannot be read: {source}.");
            CONFIG_BROKEN.found(Place::whole(Path::new(&path)), message, fix)
        }
        other => CONFIG_BROKEN.found(None, format!("{}.", tree.inside(&other.to_string())), fix),
    }
}

fn texts(tree: &mut Tree, path: &Path) -> Vec<(PathBuf, String)> {
    let folder = path.with_file_name("conf.d");
    let names = tree.names(&folder).unwrap_or_default();
    let drop_ins =
        names.iter().filter(|name| name.ends_with(".toml")).map(|name| folder.join(name));
    let paths = [path.to_owned()].into_iter().chain(drop_ins);
    paths.filter_map(|path| tree.text(&path).map(|text| (path, text))).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::super::pam::samples::{ids, pam_tree};
    use super::*;

    /// The configuration of a tree with these files below /etc/axes.
    fn loaded(files: &[(&str, &str)]) -> Loaded {
        let (folder, mut tree) = pam_tree(&[]);
        for (name, text) in files {
            let path = folder.path().join("etc/axes").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        }
        Loaded::of(&mut tree, Path::new("/etc/axes/axes.toml"))
    }

    #[test]
    fn a_configuration_that_does_not_load_is_found_with_its_line() {
        let mut broken = loaded(&[("axes.toml", ""), ("conf.d/x.toml", "\nfailure_limt = 3")]);
        let finding = broken.judge().unwrap();
        assert!(finding.message.contains("did you mean `failure_limit`"), "{finding:?}");
        assert_eq!(ids(&[finding]), ["axes.E001 /etc/axes/conf.d/x.toml:2"]);
        assert!(broken.policy.is_none());
        let missing = loaded(&[]).judge().unwrap();
        assert_eq!(ids(&[missing]), ["axes.E001 /etc/axes/axes.toml"]);
        assert!(loaded(&[("axes.toml", "failure_limit = 3")]).judge().is_none());
    }

    #[test]
    fn a_key_is_found_where_it_was_set_last() {
        let loaded = loaded(&[
            ("axes.toml", "#cooloff_time = \"1h\"\nfailure_limit = 3\n"),
            ("conf.d/x.toml", "\n failure_limit=4\n"),
        ]);
        let line = |key| loaded.line(key).map(|place| place.to_string());
        assert_eq!(line("failure_limit"), Some("/etc/axes/conf.d/x.toml:2".into()));
        assert_eq!(line("cooloff_time"), None);
        assert_eq!(line("failure"), None);
    }
}
