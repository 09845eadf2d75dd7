//! The lines of one phase of a service, with every include in its place.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::file::{self, Entry, Line, Module, Phase};
use crate::ctl::check::finding::Place;
use crate::ctl::check::tree::Tree;

/// Where libpam looks for a service, in this order.
pub(in crate::ctl) const FOLDERS: [&str; 3] = ["/etc/pam.d", "/usr/lib/pam.d", "/usr/etc/pam.d"];
/// As deep as libpam follows.
const MAX_DEPTH: usize = 32;
/// Files that include each other again and again end somewhere.
const MAX_INCLUDES: usize = 200;
const MAX_STEPS: usize = 500;

/// One line where it takes effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ctl) struct Step {
    pub(in crate::ctl) place: Place,
    /// How many substacks it is inside of.
    pub(in crate::ctl) level: usize,
    /// `None` where a substack begins.
    pub(in crate::ctl) module: Option<Module>,
}

/// Files that were read once already.
#[derive(Debug, Default)]
pub(in crate::ctl) struct Files(HashMap<String, Option<(PathBuf, Vec<Line>)>>);

impl Files {
    /// The file of a service, or one that an include names.
    pub(in crate::ctl) fn get(
        &mut self,
        tree: &mut Tree,
        name: &str,
    ) -> Option<(PathBuf, Vec<Line>)> {
        if !self.0.contains_key(name) {
            self.0.insert(name.to_owned(), find(tree, name));
        }
        self.0.get(name).cloned().flatten()
    }

    /// The lines of a phase.
    pub(in crate::ctl) fn stack(&mut self, tree: &mut Tree, name: &str, phase: Phase) -> Vec<Step> {
        let mut growing = Growing { files: self, tree, phase, steps: Vec::new(), includes: 0 };
        growing.append(name, Nesting { depth: 0, level: 0 });
        growing.steps
    }
}

/// A stack while it is put together.
struct Growing<'a> {
    files: &'a mut Files,
    tree: &'a mut Tree,
    phase: Phase,
    steps: Vec<Step>,
    includes: usize,
}

#[derive(Clone, Copy)]
struct Nesting {
    depth: usize,
    level: usize,
}

impl Growing<'_> {
    fn append(&mut self, name: &str, at: Nesting) {
        self.includes += 1;
        if at.depth >= MAX_DEPTH || self.includes > MAX_INCLUDES {
            return;
        }
        let (path, lines) = self.files.get(self.tree, name).unwrap_or_default();
        for Line { number, entry } in lines {
            let place = Place::line(&path, number);
            match entry {
                Entry::All(other) => self.append(&other, at.included()),
                Entry::Include(phase, other) if phase == self.phase => {
                    self.append(&other, at.included());
                }
                Entry::Substack(phase, other) if phase == self.phase => {
                    self.push(Step { place, level: at.level, module: None });
                    self.append(&other, at.below());
                }
                Entry::Module(phase, module) if phase == self.phase => {
                    self.push(Step { place, level: at.level, module: Some(module) });
                }
                _ => {}
            }
        }
    }

    fn push(&mut self, step: Step) {
        if self.steps.len() < MAX_STEPS {
            self.steps.push(step);
        }
    }
}

impl Nesting {
    const fn included(self) -> Self {
        Self { depth: self.depth + 1, ..self }
    }

    const fn below(self) -> Self {
        Self { depth: self.depth + 1, level: self.level + 1 }
    }
}

fn find(tree: &mut Tree, name: &str) -> Option<(PathBuf, Vec<Line>)> {
    // An absolute name replaces the folder.
    let mut paths = FOLDERS.iter().map(|folder| Path::new(folder).join(name));
    paths.find_map(|path| tree.text(&path).map(|text| (path, file::parse(&text))))
}

#[cfg(test)]
mod tests {
    use super::super::samples::{pam_tree, shown};
    use super::*;

    #[test]
    fn includes_are_put_in_their_place_with_their_own_file_and_line() {
        let (_folder, mut tree) = pam_tree(&[
            ("sshd", "auth required pam_env.so\n@include common-auth\naccount required pam_a.so"),
            ("common-auth", "auth required pam_unix.so\naccount required pam_no.so\n"),
            ("su-l", "auth include su\naccount include su\n"),
            ("su", "auth sufficient pam_rootok.so\nauth substack common-auth\n"),
        ]);
        let mut files = Files::default();
        let mut stack = |name, phase| shown(&files.stack(&mut tree, name, phase));
        assert_eq!(
            stack("sshd", Phase::Auth),
            ["/etc/pam.d/sshd:1 0 pam_env.so", "/etc/pam.d/common-auth:1 0 pam_unix.so"]
        );
        assert_eq!(
            stack("sshd", Phase::Account),
            ["/etc/pam.d/common-auth:2 0 pam_no.so", "/etc/pam.d/sshd:3 0 pam_a.so"]
        );
        assert_eq!(
            stack("su-l", Phase::Auth),
            [
                "/etc/pam.d/su:1 0 pam_rootok.so",
                "/etc/pam.d/su:2 0 substack",
                "/etc/pam.d/common-auth:1 1 pam_unix.so"
            ]
        );
        assert_eq!(stack("none", Phase::Auth), [""; 0]);
    }

    #[test]
    fn files_that_include_each_other_end() {
        let (_folder, mut tree) = pam_tree(&[
            ("a", "auth required pam_x.so\nauth include b\nauth include b\n"),
            ("b", "@include a\n@include a\n"),
            ("c", "@include c\n@include c\n@include c\n"),
        ]);
        assert_eq!(Files::default().stack(&mut tree, "c", Phase::Auth), []);
        let steps = Files::default().stack(&mut tree, "a", Phase::Auth);
        assert!(!steps.is_empty() && steps.len() <= MAX_STEPS, "{}", steps.len());
    }
}
