//! Between the words of the wire and those of the engine, as far as lists are concerned.

use std::path::Path;

use axes_proto::control::{self, Kind, Source};
use axes_proto::text::{Comment, Listed};

use crate::engine::{Clock, Entry, ListName, Remark, Subject, SubjectError};
use crate::server::convert;

pub(super) const fn list(list: control::ListName) -> ListName {
    match list {
        control::ListName::White => ListName::White,
        control::ListName::Black => ListName::Black,
    }
}

pub(super) fn subject(subject: &control::Subject) -> Result<Subject, SubjectError> {
    match subject {
        control::Subject::Address(address) => Subject::network(address.as_str()),
        control::Subject::User(name) => Subject::account(name.as_str()),
    }
}

/// An entry of the configuration.
pub(super) fn configured(list: control::ListName, subject: &Subject) -> control::Entry {
    let (kind, subject) = listed(subject);
    control::Entry { list, kind, subject, comment: None, source: Source::Configuration }
}

/// An entry made at run time.
pub(super) fn entry(entry: &Entry, clock: &Clock) -> control::Entry {
    let (kind, subject) = listed(&entry.subject);
    let left = entry.until.map(|until| until.since(clock.now()).as_millis());
    control::Entry {
        list: match entry.list {
            ListName::White => control::ListName::White,
            ListName::Black => control::ListName::Black,
        },
        kind,
        subject,
        comment: entry.comment.as_deref().map(Comment::from_typed),
        source: Source::RunTime {
            since_ms: clock.wall_ms(entry.since),
            left_ms: left.map(|left| u64::try_from(left).unwrap_or(u64::MAX)),
        },
    }
}

pub(super) fn remark(remark: Remark, config: &Path) -> control::Remark {
    match remark {
        Remark::Replaced => control::Remark::Replaced,
        Remark::Missing => control::Remark::Missing,
        Remark::Configured => {
            control::Remark::Configured(convert::sentence(&config.display().to_string()))
        }
        Remark::Blacklisted => control::Remark::Blacklisted,
    }
}

/// As it can be typed again: names stand without quotes.
fn listed(subject: &Subject) -> (Kind, Listed) {
    let (kind, text) = match subject {
        Subject::Network(_) => (Kind::Network, subject.to_string()),
        Subject::User(name) => (Kind::User, name.to_string()),
        Subject::Group(name) => (Kind::Group, format!("@{name}")),
        Subject::Uids(..) => (Kind::Uids, subject.to_string()),
    };
    (kind, Listed::from_typed(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_listed_can_be_typed_again() {
        for text in ["alice", "DOMAIN\\bob smith", "@domain users", "1000-1999", "60000-", "0"] {
            let account = Subject::account(text).unwrap();
            assert_eq!(listed(&account).1.as_str(), text);
        }
        for (text, shown) in
            [("::ffff:192.0.2.9/120", "192.0.2.0/24"), ("2001:DB8::1", "2001:db8::1")]
        {
            assert_eq!(listed(&Subject::network(text).unwrap()).1.as_str(), shown);
        }
    }
}
