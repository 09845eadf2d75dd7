//! A failure as it is held: there are many of them.

use std::collections::HashSet;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::attempt::{Failure, Lane, Marks, Reporter};
use crate::client::{Address, Client};
use crate::filter::Filter;
use crate::key::Tag;
use crate::time::Timestamp;

/// A failure that some counter holds.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) id: u64,
    at: Timestamp,
    pub(super) user: SmolStr,
    address: Address,
    common: Arc<Common>,
    marks: Marks,
    /// What it takes, by an estimate.
    pub(super) bytes: u32,
    /// How many counters hold it.
    pub(super) counters: u16,
    /// Whether its marks are other ones than those that are kept.
    pub(super) marked: bool,
}

/// What a failure has in common with many others, and shares with them.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Common {
    service: SmolStr,
    tty: Option<SmolStr>,
    ruser: Option<SmolStr>,
    reporter: Reporter,
    lane: Lane,
}

/// What is shared; some of it by nobody any more.
#[derive(Debug, Default)]
pub(super) struct Shared(HashSet<Arc<Common>>);

impl Held {
    /// A failure that no counter holds yet.
    pub(super) fn new(failure: Failure, bytes: u32, shared: &mut Shared) -> Self {
        let Failure { id, at, client, reporter, lane, marks } = failure;
        let Client { user, address, service, tty, ruser } = client;
        let common = shared.share(Common { service, tty, ruser, reporter, lane });
        Self { id, at, user, address, common, marks, bytes, counters: 0, marked: false }
    }

    /// As it was.
    pub(super) fn failure(&self) -> Failure {
        Failure {
            id: self.id,
            at: self.at,
            client: self.client(),
            reporter: self.common.reporter,
            lane: self.common.lane,
            marks: self.marks.clone(),
        }
    }

    /// Whether a filter covers it.
    pub(super) fn is_covered(&self, filter: &Filter) -> bool {
        filter.fits(&self.user, &self.address, &self.common.service)
    }

    /// A counter of this tag lets it go, or does not take it.
    pub(super) fn let_go(&mut self, tag: Tag) {
        self.marked |= self.marks.let_go(tag);
    }

    /// A counter of this tag was locked already when it came.
    pub(super) fn came_past(&mut self, tag: Tag) {
        self.marked |= self.marks.came_past(tag);
    }

    fn client(&self) -> Client {
        Client {
            user: self.user.clone(),
            address: self.address.clone(),
            service: self.common.service.clone(),
            tty: self.common.tty.clone(),
            ruser: self.common.ruser.clone(),
        }
    }
}

impl Shared {
    /// Forgets what nobody shares any more before it is more than the rest, of at most so many.
    pub(super) fn tidy(&mut self, most: usize) {
        if self.0.len() > 2 * most + 1000 {
            self.0.retain(|common| Arc::strong_count(common) > 1);
        }
    }

    fn share(&mut self, common: Common) -> Arc<Common> {
        if let Some(known) = self.0.get(&common) {
            return known.clone();
        }
        let new = Arc::new(common);
        self.0.insert(new.clone());
        new
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
