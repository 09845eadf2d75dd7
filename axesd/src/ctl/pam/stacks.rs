//! The services of a host, with edits that are not written yet.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::draft::Draft;
use super::refusal::Refusal;
use crate::ctl::check::finding::Place;
use crate::ctl::check::pam::file::{Line, Phase};
use crate::ctl::check::pam::stack::{Files, Step};
use crate::ctl::check::pam::walk::between;
use crate::ctl::check::pam::{self, Service};
use crate::ctl::check::tree::Tree;

/// Both phases that pam_axes has a line in.
pub(super) const PHASES: [Phase; 2] = [Phase::Auth, Phase::Account];

/// A file before and after, by its real name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    pub(super) path: PathBuf,
    pub(super) before: String,
    pub(super) after: String,
}

/// The services of a tree.
#[derive(Debug)]
pub(super) struct Stacks {
    tree: Tree,
    originals: BTreeMap<PathBuf, String>,
}

/// A line that has a jump over the place of another, and how many modules come before that place.
pub(super) type Crossing = (Place, usize);

impl Stacks {
    pub(super) const fn new(tree: Tree) -> Self {
        Self { tree, originals: BTreeMap::new() }
    }

    pub(super) const fn tree(&mut self) -> &mut Tree {
        &mut self.tree
    }

    /// The file that libpam reads for a name, and its lines.
    pub(super) fn file(&mut self, name: &str) -> Option<(PathBuf, Vec<Line>)> {
        Files::default().get(&mut self.tree, name)
    }

    pub(super) fn stack(&mut self, name: &str, phase: Phase) -> Vec<Step> {
        Files::default().stack(&mut self.tree, name, phase)
    }

    /// One file as if it were a service; those that are only included are looked at so.
    pub(super) fn service(&mut self, name: &str) -> Service {
        let [auth, account] = PHASES.map(|phase| self.stack(name, phase));
        Service { name: name.to_owned(), auth, account }
    }

    pub(super) fn services(&mut self) -> Vec<Service> {
        pam::services(&mut self.tree)
    }

    /// All services, and this file, which perhaps none of them includes.
    pub(super) fn services_and(&mut self, name: &str) -> Vec<Service> {
        let mut services = self.services();
        services.push(self.service(name));
        services
    }

    /// Edits a file in memory.
    pub(super) fn edit(
        &mut self,
        path: &Path,
        change: impl FnOnce(&mut Draft),
    ) -> Result<(), Refusal> {
        let text = self.tree.text(path).ok_or_else(|| Refusal::Unreadable(path.to_owned()))?;
        if text.contains(char::REPLACEMENT_CHARACTER) {
            return Err(Refusal::NotText(path.to_owned()));
        }
        let mut draft = Draft::of(&text);
        change(&mut draft);
        self.originals.entry(self.tree.real(path)).or_insert(text);
        self.tree.pretend(path, draft.text());
        Ok(())
    }

    /// What was edited so far, to come back to.
    pub(super) fn drafts(&self) -> BTreeMap<PathBuf, String> {
        self.tree.drafts().clone()
    }

    /// Forgets what was edited since.
    pub(super) fn restore(&mut self, drafts: BTreeMap<PathBuf, String>) {
        self.tree.restore(drafts);
    }

    /// Every file that is another one now.
    pub(super) fn edits(&self) -> Vec<Edit> {
        let edit = |(path, after): (&PathBuf, &String)| {
            let before = self.originals.get(path)?.clone();
            let (path, after) = (path.clone(), after.clone());
            (before != after).then_some(Edit { path, before, after })
        };
        self.tree.drafts().iter().filter_map(edit).collect()
    }

    /// The lines with a jump over a place, in every service that has it, and in `name` itself.
    pub(super) fn crossings(&mut self, name: &str, phase: Phase, at: &Place) -> Vec<Crossing> {
        let mut stacks = vec![self.stack(name, phase)];
        stacks.extend(self.services().into_iter().map(|service| match phase {
            Phase::Auth => service.auth,
            Phase::Account => service.account,
        }));
        let mut crossings: Vec<_> = stacks.iter().flat_map(|steps| crossing(steps, at)).collect();
        crossings.sort();
        crossings.dedup();
        crossings
    }
}

fn crossing(steps: &[Step], at: &Place) -> Vec<Crossing> {
    let all = || steps.iter().enumerate();
    let places = all().filter(|(_, step)| step.place == *at).map(|(index, _)| index);
    let crosses = |(from, step): (usize, &Step), to: usize| {
        let left_out = between(steps, from, to)?;
        let farthest = step.module.as_ref()?.control.jumps().max()?;
        (farthest > left_out).then(|| (step.place.clone(), left_out))
    };
    let before = |to: usize| all().take(to).filter_map(move |step| crosses(step, to));
    places.flat_map(before).collect()
}
