//! Whitelist and blacklist: those of the configuration and those made at run time.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::ops::Bound;
use std::sync::Arc;

use crate::account::Account;
use crate::client::{Address, Client};
use crate::key::{CounterKey, Origin};
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
    white: Made,
    black: Made,
    ends: BTreeSet<(Timestamp, ListName, Subject)>,
}

/// One list as it was made at run time: for reading, and for looking clients up.
#[derive(Debug, Default)]
struct Made {
    entries: BTreeMap<Subject, Entry>,
    list: List,
}

/// There would be too many entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the lists hold {MOST} entries at the most; remove some, or name networks for addresses")]
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

    /// Whether it names a group or a range of uids.
    #[must_use]
    pub fn asks_for_accounts(&self) -> bool {
        !self.groups.is_empty() || !self.uids.is_empty()
    }

    /// The entry that names a client.
    #[must_use]
    pub fn find(&self, client: &Client, account: Option<&Account>) -> Option<Subject> {
        let network = || self.networks.find(&client.address).map(Subject::Network);
        let user = || self.users.get(&*client.user).cloned().map(Subject::User);
        let known = || account.and_then(|account| self.find_account(account));
        network().or_else(user).or_else(known)
    }

    /// Whether it has this very entry.
    #[must_use]
    pub fn names(&self, subject: &Subject) -> bool {
        match subject {
            Subject::Network(network) => self.networks.contains(*network),
            Subject::User(name) => self.users.contains(name),
            Subject::Group(name) => self.groups.contains(name),
            Subject::Uids(first, last) => self.uids.contains(&(*first, *last)),
        }
    }

    /// Whether it names whoever this subject names, as far as the two can be compared.
    #[must_use]
    pub fn includes(&self, subject: &Subject) -> bool {
        match subject {
            Subject::Network(network) => self.networks.include(*network),
            other => self.names(other),
        }
    }

    /// Whether it names every client that falls into a counter. Groups and uids do not tell.
    #[must_use]
    pub fn covers(&self, counter: &CounterKey) -> bool {
        let user = counter.user.as_ref().is_some_and(|user| self.users.contains(&**user));
        let network = || match counter.origin {
            Some(Origin::Network(network)) => self.networks.include(network),
            _ => false,
        };
        user || network()
    }

    /// Every entry, in order.
    #[must_use]
    pub fn subjects(&self) -> BTreeSet<Subject> {
        self.networks.iter().map(Subject::Network).chain(self.accounts()).collect()
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
        &self.made(name).list
    }

    /// The entries of a list by subject, from the first that comes after one.
    pub(crate) fn after(
        &self,
        name: ListName,
        last: Option<&Subject>,
    ) -> impl Iterator<Item = &Entry> {
        let from = last.map_or(Bound::Unbounded, Bound::Excluded);
        self.made(name).entries.range((from, Bound::Unbounded)).map(|(_, entry)| entry)
    }

    /// One entry.
    pub(crate) fn get(&self, list: ListName, subject: &Subject) -> Option<&Entry> {
        self.made(list).entries.get(subject)
    }

    /// Adds entries, each in place of one of the same name, which comes back. All or none.
    pub(crate) fn put(&mut self, entries: Vec<Entry>) -> Result<Vec<Option<Entry>>, Full> {
        self.put_up_to(MOST, entries)
    }

    /// Takes an entry out.
    pub(crate) fn remove(&mut self, list: ListName, subject: &Subject) -> Option<Entry> {
        let made = self.made_mut(list);
        let entry = made.entries.remove(subject)?;
        made.list.remove(subject);
        if let Some(until) = entry.until {
            self.ends.remove(&(until, list, subject.clone()));
        }
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

    fn put_up_to(&mut self, most: usize, entries: Vec<Entry>) -> Result<Vec<Option<Entry>>, Full> {
        let is_new = |entry: &&Entry| !self.made(entry.list).entries.contains_key(&entry.subject);
        let new = entries.iter().filter(is_new).count();
        if self.white.entries.len() + self.black.entries.len() + new > most {
            return Err(Full);
        }
        Ok(entries.into_iter().map(|entry| self.put_one(entry)).collect())
    }

    fn put_one(&mut self, entry: Entry) -> Option<Entry> {
        let (list, subject) = (entry.list, entry.subject.clone());
        let before = self.remove(list, &subject);
        self.ends.extend(entry.until.map(|until| (until, list, subject.clone())));
        let made = self.made_mut(list);
        made.list.insert(subject.clone());
        made.entries.insert(subject, entry);
        before
    }

    const fn made(&self, name: ListName) -> &Made {
        match name {
            ListName::White => &self.white,
            ListName::Black => &self.black,
        }
    }

    const fn made_mut(&mut self, name: ListName) -> &mut Made {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(text: &str) -> Subject {
        Subject::network(text).or_else(|_| Subject::account(text)).unwrap()
    }

    fn entry(list: ListName, text: &str) -> Entry {
        let since = Timestamp::default();
        Entry { list, subject: subject(text), comment: None, since, until: None }
    }

    #[test]
    fn every_entry_of_a_list_is_found_again_in_order() {
        let texts = ["192.0.2.0/24", "198.51.100.7", "2001:db8::/32", "alice", "@wheel", "5-9"];
        let list: List = texts.iter().rev().map(|text| subject(text)).collect();
        let shown: Vec<_> = list.subjects().iter().map(ToString::to_string).collect();
        assert_eq!(shown, texts);
        assert!(texts.iter().all(|text| list.names(&subject(text))));
    }

    #[test]
    fn a_network_includes_its_parts_and_nothing_else_does() {
        let list: List = ["192.0.2.0/24", "@wheel"].map(subject).into_iter().collect();
        for text in ["192.0.2.0/24", "192.0.2.7", "@wheel"] {
            assert!(list.includes(&subject(text)), "{text}");
        }
        for text in ["192.0.0.0/16", "198.51.100.1", "wheel", "0-"] {
            assert!(!list.includes(&subject(text)), "{text}");
        }
        assert!(!list.names(&subject("192.0.2.7")));
    }

    #[test]
    fn entries_are_read_on_from_any_of_them_even_from_one_that_is_gone() {
        let mut entries = Entries::default();
        let texts = ["192.0.2.1", "192.0.2.2", "192.0.2.3"];
        entries.put(texts.map(|text| entry(ListName::White, text)).into()).unwrap();
        entries.put(vec![entry(ListName::Black, "192.0.2.4")]).unwrap();
        entries.remove(ListName::White, &subject("192.0.2.2"));
        let after = |text: &str| {
            let last = subject(text);
            let rest = entries.after(ListName::White, Some(&last));
            rest.map(|entry| entry.subject.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(after("192.0.2.1"), ["192.0.2.3"]);
        assert_eq!(after("192.0.2.2"), ["192.0.2.3"]);
        assert_eq!(entries.after(ListName::White, None).count(), 2);
    }

    #[test]
    fn past_the_bound_nothing_is_added_but_what_is_there_can_be_replaced() {
        let mut entries = Entries::default();
        let number = |list, uid: usize| entry(list, &uid.to_string());
        let mut put = |put| entries.put_up_to(10, put);
        assert!(put((0..6).map(|uid| number(ListName::Black, uid)).collect()).is_ok());
        assert!(put((0..4).map(|uid| number(ListName::White, uid)).collect()).is_ok());
        let known = Entry { comment: Some("why".into()), ..number(ListName::Black, 5) };
        assert_eq!(put(vec![known.clone(), number(ListName::White, 5)]), Err(Full));
        assert_eq!(put(vec![known]), Ok(vec![Some(number(ListName::Black, 5))]));
        entries.remove(ListName::Black, &subject("1"));
        assert_eq!(entries.put_up_to(10, vec![number(ListName::White, 5)]), Ok(vec![None]));
    }
}
