//! Who changed a list, for the log.

use std::collections::BTreeMap;
use std::fmt;

use crate::engine::{Entry, ListName, Word};
use crate::server::Service;

/// Entries that are named of one connection; the rest is only counted.
const NAMED: usize = 20;

/// What was done to a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verb {
    Added(ListName),
    Removed(ListName),
}

/// The changes that come in by one connection; the log hears of the rest when it is over.
pub(super) struct Journal<'a> {
    service: &'a Service,
    uid: u32,
    named: usize,
    rest: BTreeMap<Verb, usize>,
}

impl<'a> Journal<'a> {
    pub(super) const fn new(service: &'a Service, uid: u32) -> Self {
        Self { service, uid, named: 0, rest: BTreeMap::new() }
    }

    /// Something was done to an entry.
    pub(super) fn enter(&mut self, verb: Verb, entry: &Entry) {
        if self.named == NAMED {
            *self.rest.entry(verb).or_default() += 1;
            return;
        }
        self.named += 1;
        let terms = match verb {
            Verb::Added(_) => self.terms(entry),
            Verb::Removed(_) => String::new(),
        };
        self.tell(verb, &format!("{}{terms}", entry.subject));
    }

    fn terms(&self, entry: &Entry) -> String {
        let until = self.service.engine.entry_until(entry.until);
        let comment = entry.comment.as_deref().map(|text| format!(" comment={}", Word(text)));
        format!("{until}{}", comment.unwrap_or_default())
    }

    fn tell(&self, verb: Verb, what: &str) {
        self.service.logger.notice(format!("uid {} {verb}: {what}", self.uid));
    }
}

impl Drop for Journal<'_> {
    fn drop(&mut self) {
        for (verb, count) in &self.rest {
            self.tell(*verb, &format!("{count} more entries"));
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added(list) => write!(formatter, "added to the {list}"),
            Self::Removed(list) => write!(formatter, "removed from the {list}"),
        }
    }
}
