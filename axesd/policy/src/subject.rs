//! Whom lists and rules name.

use std::fmt;
use std::sync::Arc;

use ipnetwork::IpNetwork;

use crate::account::Account;
use crate::client::Word;

/// Clients that a list or a rule names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// Those with an address in this network.
    Network(IpNetwork),
    /// Those who try to log in as this user.
    User(Arc<str>),
    /// As a member of this group.
    Group(Arc<str>),
    /// As an account whose number is in this range, both ends included.
    Uids(u32, u32),
}

/// A text that names nobody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubjectError {
    /// No network.
    #[error("\"{0}\" is not an address or network; write 192.0.2.7 or 2001:db8::/32")]
    Network(String),
    /// No user, group or range.
    #[error("\"{0}\" is not a user, a @group or a range of uids such as 1000-1999")]
    Account(String),
}

impl Subject {
    /// Reads an address or a network; one of IPv4-mapped addresses is the IPv4 network.
    ///
    /// # Errors
    ///
    /// [`SubjectError::Network`].
    pub fn network(text: &str) -> Result<Self, SubjectError> {
        let network = text.parse().map_err(|_| SubjectError::Network(text.to_owned()))?;
        Ok(Self::Network(crate::networks::unmapped(network)))
    }

    /// Reads a user, a `@group`, or a range of user ids: `1000-1999`, `60000-`, `1000`.
    ///
    /// # Errors
    ///
    /// [`SubjectError::Account`].
    pub fn account(text: &str) -> Result<Self, SubjectError> {
        let bad = || SubjectError::Account(text.to_owned());
        match text.strip_prefix('@') {
            Some("") => Err(bad()),
            Some(group) => Ok(Self::Group(group.into())),
            None if text.starts_with(|first: char| first.is_ascii_digit()) => {
                uids(text).ok_or_else(bad)
            }
            None if text.is_empty() || text.starts_with('-') => Err(bad()),
            None => Ok(Self::User(text.into())),
        }
    }

    /// Whether everybody is meant who has an address of a kind, or an account.
    #[must_use]
    pub fn is_everybody(&self) -> bool {
        match self {
            Self::Network(network) => network.prefix() == 0,
            Self::User(_) | Self::Group(_) => false,
            Self::Uids(first, last) => (*first, *last) == (0, u32::MAX),
        }
    }

    /// Whether an account is meant, by its name or by what is known of it.
    pub(crate) fn means(&self, user: &str, account: Option<&Account>) -> bool {
        match self {
            Self::Network(_) => false,
            Self::User(name) => **name == *user,
            Self::Group(group) => account.is_some_and(|account| account.groups.contains(group)),
            Self::Uids(first, last) => {
                account.is_some_and(|account| (*first..=*last).contains(&account.uid))
            }
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(network) if crate::networks::is_single(network) => {
                network.ip().fmt(formatter)
            }
            Self::Network(network) => network.fmt(formatter),
            Self::User(name) => Word(name).fmt(formatter),
            Self::Group(name) => write!(formatter, "@{}", Word(name)),
            Self::Uids(first, last) if first == last => first.fmt(formatter),
            Self::Uids(first, u32::MAX) => write!(formatter, "{first}-"),
            Self::Uids(first, last) => write!(formatter, "{first}-{last}"),
        }
    }
}

fn uids(text: &str) -> Option<Subject> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let first = first.parse().ok()?;
    let last = if last.is_empty() { u32::MAX } else { last.parse().ok()? };
    (first <= last).then_some(Subject::Uids(first, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Result<String, String> {
        let read = Subject::account(text).map_err(|error| error.to_string());
        read.map(|subject| format!("{subject:?}"))
    }

    #[test]
    fn users_groups_and_ranges_are_told_apart() {
        for (text, read) in [
            ("alice", "User(\"alice\")"),
            ("@wheel", "Group(\"wheel\")"),
            ("1000-1999", "Uids(1000, 1999)"),
            ("1000-", "Uids(1000, 4294967295)"),
            ("0", "Uids(0, 0)"),
        ] {
            assert_eq!(shown(text).as_deref(), Ok(read));
        }
        for text in ["", "@", "-5", "9-1", "1000-x", "3com"] {
            assert!(shown(text).is_err(), "{text}");
        }
    }

    #[test]
    fn everybody_is_told_in_any_spelling() {
        for text in ["0.0.0.0/0", "::/0", "192.0.2.1/0", "::ffff:0:0/96"] {
            assert!(Subject::network(text).unwrap().is_everybody(), "{text}");
        }
        assert!(Subject::account("0-").unwrap().is_everybody());
        assert!(!Subject::network("0.0.0.0/1").unwrap().is_everybody());
        assert!(!Subject::account("1-").unwrap().is_everybody());
    }

    #[test]
    fn a_subject_is_shown_as_it_is_written() {
        for text in ["alice", "@wheel", "1000-1999", "1000-", "0"] {
            assert_eq!(Subject::account(text).unwrap().to_string(), text);
        }
        for (text, shown) in [("::ffff:192.0.2.0/120", "192.0.2.0/24"), ("::1", "::1")] {
            assert_eq!(Subject::network(text).unwrap().to_string(), shown);
        }
    }
}
