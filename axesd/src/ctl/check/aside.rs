//! What axesd found damaged, and put aside.

use std::path::{Path, PathBuf};

use super::finding::{Finding, Place};
use super::rule::STORE_DAMAGED;
use super::tree::Tree;

/// In the name of whatever is kept aside.
const MARK: &str = ".damaged-";

/// Damaged files and folders beside those that are in use.
#[derive(Debug)]
pub(super) struct Aside(Vec<PathBuf>);

impl Aside {
    /// Looks into the folder of the store.
    pub(super) fn of(tree: &mut Tree, store: &Path) -> Self {
        let names = tree.names(store).unwrap_or_default();
        let damaged = names.into_iter().filter(|name| name.contains(MARK));
        Self(damaged.map(|name| store.join(name)).collect())
    }

    pub(super) fn judge(&self) -> Vec<Finding> {
        let found = |path: &PathBuf| {
            let message = "it was damaged, and axesd does not use it any more.";
            let fix = format!(
                "See `journalctl -t axesd` for what was lost, then `rm -r {}`.",
                path.display()
            );
            STORE_DAMAGED.found(Place::whole(path), message, fix)
        };
        self.0.iter().map(found).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::pam::samples::{ids, pam_tree};
    use super::*;

    #[test]
    fn what_lies_aside_is_found_and_nothing_else() {
        let (folder, mut tree) = pam_tree(&[]);
        let store = folder.path().join("var/lib/axes");
        for name in ["sled", "dumps", "sled.damaged-2026-10-02-17"] {
            fs::create_dir_all(store.join(name)).unwrap();
        }
        let aside = Aside::of(&mut tree, Path::new("/var/lib/axes"));
        let place = "axes.W023 /var/lib/axes/sled.damaged-2026-10-02-17";
        assert_eq!(ids(&aside.judge()), [place]);
        assert!(Aside::of(&mut tree, Path::new("/nowhere")).judge().is_empty());
    }
}
