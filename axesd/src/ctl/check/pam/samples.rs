//! Stacks and folders of services for the tests of this room.

use std::fs;
use std::path::Path;

use super::file::{self, Entry};
use super::modules::name;
use super::stack::Step;
use super::{Service, services};
use crate::ctl::check::finding::{Finding, Place};
use crate::ctl::check::tree::Tree;

/// A tree with these files in `/etc/pam.d`.
pub(in crate::ctl) fn pam_tree(files: &[(&str, &str)]) -> (tempfile::TempDir, Tree) {
    let folder = tempfile::tempdir().unwrap();
    let services = folder.path().join("etc/pam.d");
    fs::create_dir_all(&services).unwrap();
    for (name, text) in files {
        fs::write(services.join(name), text).unwrap();
    }
    let tree = Tree::open(folder.path()).unwrap();
    (folder, tree)
}

/// The services in such a tree.
pub(in crate::ctl) fn all(files: &[(&str, &str)]) -> Vec<Service> {
    let (_folder, mut tree) = pam_tree(files);
    services(&mut tree)
}

/// A stack of lines without includes, whatever their phase.
pub(super) fn stack(lines: &str) -> Vec<Step> {
    let steps = file::parse(lines).into_iter().map(|line| {
        let Entry::Module(_, module) = line.entry else { panic!("an include") };
        let place = Place::line(Path::new("/etc/pam.d/x"), line.number);
        Step { place, level: 0, module: Some(module) }
    });
    steps.collect()
}

pub(super) fn shown(steps: &[Step]) -> Vec<String> {
    let show = |step: &Step| {
        let module = step.module.as_ref().map_or("substack", |module| &module.path);
        format!("{} {} {module}", step.place, step.level)
    };
    steps.iter().map(show).collect()
}

pub(super) fn is(step: &Step, path: &str) -> bool {
    step.module.as_ref().is_some_and(|module| name(module) == path.trim_end_matches(".so"))
}

/// Ids and places, as `axes.E004 /etc/pam.d/sshd:3`.
pub(in crate::ctl) fn ids(findings: &[Finding]) -> Vec<String> {
    let show = |finding: &Finding| match &finding.place {
        Some(place) => format!("{} {place}", finding.rule.id()),
        None => finding.rule.id(),
    };
    findings.iter().map(show).collect()
}
