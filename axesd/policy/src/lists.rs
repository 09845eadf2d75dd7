//! Whitelist and blacklist: those of the configuration and those made at run time.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::sync::Arc;

use crate::account::Account;
use crate::client::{Address, Client};
use crate::networks::Networks;
use crate::subject::Subject;
use crate::time::Timestamp;

/// Entries that can be made at run time, both lists together.
pub const MOST: usize = 1_000_000;

/// Whom a list names.
#[derive(Clone, Debug, Default)]
pub struct List {
    networks: Networks,
    users: HashSet<Arc<str>>,
    groups: HashSet<Arc<str>>,
    uids: BTreeSet<(u32, u32)>,
}

/// Which list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ListName {
    /// Never counted, never refused.
    White,
    /// Always refused.
    Black,
}

/// An entry made at run time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// In which list.
    pub list: ListName,
    /// Whom it names.
    pub subject: Subject,
    /// Why it is there.
    pub comment: Option<Arc<str>>,
    /// When it was made.
    pub since: Timestamp,
    /// When it ends by itself; `None` for never.
    pub until: Option<Timestamp>,
}

/// Both lists as they were made at run time.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    entries: BTreeMap<(ListName, Subject), Entry>,
    ends: BTreeSet<(Timestamp, ListName, Subject)>,
    white: List,
    black: List,
}

/// There are too many entries already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the lists hold {MOST} entries; remove some, or name networks instead of addresses")]
pub struct Full;

impl List {
    /// The networks that it names.
    #[must_use]
    pub const fn networks(&self) -> &Networks {
        &self.networks
    }

    /// The users, groups and ranges of uids that it names.
    pub fn accounts(&self) -> impl Iterator<Item = Subject> {
        let users = self.users.iter().cloned().map(Subject::User);
        let groups = self.groups.iter().cloned().map(Subject::Group);
        let uids = self.uids.iter().map(|(first, last)| Subject::Uids(*first, *last));
        users.chain(groups).chain(uids)
    }

    /// Whether one of its networks holds an address.
    #[must_use]
    pub fn holds(&self, address: &Address) -> bool {
        self.networks.find(address).is_some()
    }

    /// Whether it names a group.
    #[must_use]
    pub fn has_groups(&self) -> bool {
        !self.groups.is_empty()
    }

    /// The entry that names a client.
    #[must_use]
    pub fn find(&self, client: &Client, account: Option<&Account>) -> Option<Subject> {
        let network = || self.networks.find(&client.address).map(Subject::Network);
        let user = || self.users.get(&client.user).cloned().map(Subject::User);
        let known = || account.and_then(|account| self.find_account(account));
        network().or_else(user).or_else(known)
    }

    /// Adds an entry.
    pub fn insert(&mut self, subject: Subject) {
        match subject {
            Subject::Network(network) => self.networks.insert(network),
            Subject::User(name) => drop(self.users.insert(name)),
            Subject::Group(name) => drop(self.groups.insert(name)),
            Subject::Uids(first, last) => drop(self.uids.insert((first, last))),
        }
    }

    fn find_account(&self, account: &Account) -> Option<Subject> {
        let group = account.groups.iter().find(|group| self.groups.contains(*group));
        let uids = || {
            let mut ranges = self.uids.iter();
            ranges.find(|(first, last)| (*first..=*last).contains(&account.uid))
        };
        group
            .map(|group| Subject::Group(group.clone()))
            .or_else(|| uids().map(|(first, last)| Subject::Uids(*first, *last)))
    }

    fn remove(&mut self, subject: &Subject) {
        match subject {
            Subject::Network(network) => self.networks.remove(*network),
            Subject::User(name) => drop(self.users.remove(name)),
            Subject::Group(name) => drop(self.groups.remove(name)),
            Subject::Uids(first, last) => drop(self.uids.remove(&(*first, *last))),
        }
    }
}

impl FromIterator<Subject> for List {
    fn from_iter<I: IntoIterator<Item = Subject>>(subjects: I) -> Self {
        let mut list = Self::default();
        subjects.into_iter().for_each(|subject| list.insert(subject));
        list
    }
}

impl Entries {
    /// One of the lists, for looking clients up.
    pub(crate) const fn list(&self, name: ListName) -> &List {
        match name {
            ListName::White => &self.white,
            ListName::Black => &self.black,
        }
    }

    /// Every entry, by list and subject.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// One entry.
    pub(crate) fn get(&self, list: ListName, subject: &Subject) -> Option<&Entry> {
        self.entries.get(&(list, subject.clone()))
    }

    /// Adds an entry in place of one of the same name.
    pub(crate) fn put(&mut self, entry: Entry) -> Result<(), Full> {
        self.remove(entry.list, &entry.subject);
        if self.entries.len() >= MOST {
            return Err(Full);
        }
        let (list, subject) = (entry.list, entry.subject.clone());
        self.ends.extend(entry.until.map(|until| (until, list, subject.clone())));
        self.list_mut(list).insert(subject.clone());
        self.entries.insert((list, subject), entry);
        Ok(())
    }

    /// Takes an entry out.
    pub(crate) fn remove(&mut self, list: ListName, subject: &Subject) -> Option<Entry> {
        let entry = self.entries.remove(&(list, subject.clone()))?;
        if let Some(until) = entry.until {
            self.ends.remove(&(until, list, subject.clone()));
        }
        self.list_mut(list).remove(subject);
        Some(entry)
    }

    /// When the next entry ends by itself.
    pub(crate) fn next_end(&self) -> Option<Timestamp> {
        self.ends.first().map(|(until, ..)| *until)
    }

    /// Takes out an entry that has ended.
    pub(crate) fn pop_ended(&mut self, now: Timestamp) -> Option<Entry> {
        let (until, list, subject) = self.ends.first().cloned()?;
        (until <= now).then(|| self.remove(list, &subject)).flatten()
    }

    const fn list_mut(&mut self, name: ListName) -> &mut List {
        match name {
            ListName::White => &mut self.white,
            ListName::Black => &mut self.black,
        }
    }
}

impl fmt::Display for ListName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::White => "whitelist",
            Self::Black => "blacklist",
        })
    }
}
