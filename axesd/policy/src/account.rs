//! What the system knows of a user name.

use std::collections::HashMap;
use std::sync::Arc;

/// Accounts that are remembered; far more than log in to one host.
const MOST: usize = 100_000;

/// An account that exists.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Account {
    /// Its own name.
    pub name: Arc<str>,
    /// Its number.
    pub uid: u32,
    /// The names of its groups, the primary one among them.
    pub groups: Arc<[Arc<str>]>,
    /// Where it is kept.
    pub home: Home,
}

/// Where an account is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Home {
    /// In `/etc/passwd` of this host.
    Local,
    /// In a directory (LDAP, Active Directory).
    Directory,
}

/// The accounts seen so far, by name: history is judged by the groups that its users have.
#[derive(Debug, Default)]
pub(crate) struct Accounts(HashMap<Arc<str>, Arc<Account>>);

/// Whether an account was known as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Learnt {
    Nothing,
    Something,
}

impl Accounts {
    pub(crate) fn get(&self, name: &str) -> Option<&Arc<Account>> {
        self.0.get(name)
    }

    /// Remembers an account as it is now; past the bound only known ones are brought up to date.
    pub(crate) fn learn(&mut self, account: &Arc<Account>) -> Learnt {
        let known = self.0.get(&account.name);
        let full = known.is_none() && self.0.len() >= MOST;
        if full || known == Some(account) {
            return Learnt::Nothing;
        }
        self.0.insert(account.name.clone(), account.clone());
        Learnt::Something
    }
}
