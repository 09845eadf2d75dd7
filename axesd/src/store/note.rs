//! Version 1 of notes and of the keys that they stand under. Never changed, as `mirror`.

use std::net::IpAddr;
use std::sync::Arc;

use axes_policy::account::{Account, Home};
use axes_policy::attribute::AttributeSet;
use axes_policy::key::{CounterKey, Origin};
use axes_policy::lists::{Entry, ListName};
use axes_policy::note::{LevelKey, Note, NoteKey};
use axes_policy::panic_off::PanicOff;
use axes_policy::settings::CounterId;
use axes_policy::subject::Subject;
use axes_policy::time::Timestamp;
use ipnetwork::IpNetwork;
use serde::{Deserialize, Serialize};

/// What a note stands under.
#[derive(Serialize, Deserialize)]
pub(super) enum NoteKeyV1<'a> {
    Familiar(&'a str, #[serde(borrow)] OriginV1<'a>),
    Level(#[serde(borrow)] LevelKeyV1<'a>),
    Account(&'a str),
    Entry(ListV1, #[serde(borrow)] SubjectV1<'a>),
    PanicOff,
}

/// What stands under a key; what the key says already is not repeated.
#[derive(Serialize, Deserialize)]
pub(super) enum NoteV1<'a> {
    Familiar(u64),
    Level(u8, u64),
    Account(u32, #[serde(borrow)] Vec<&'a str>, HomeV1),
    Entry(Option<&'a str>, u64, Option<u64>),
    PanicOff(Option<&'a str>, u64, u64),
}

#[derive(Serialize, Deserialize)]
pub(super) struct LevelKeyV1<'a> {
    name: Option<&'a str>,
    attributes: u8,
    user: Option<&'a str>,
    #[serde(borrow)]
    origin: Option<OriginV1<'a>>,
    service: Option<&'a str>,
    tty: Option<&'a str>,
}

#[derive(Serialize, Deserialize)]
pub(super) enum OriginV1<'a> {
    Local,
    LocalBy(&'a str),
    Network(IpAddr, u8),
    Name(&'a str),
}

#[derive(Serialize, Deserialize)]
pub(super) enum SubjectV1<'a> {
    Network(IpAddr, u8),
    User(&'a str),
    Group(&'a str),
    Uids(u32, u32),
}

#[derive(Serialize, Deserialize)]
pub(super) enum ListV1 {
    White,
    Black,
}

#[derive(Serialize, Deserialize)]
pub(super) enum HomeV1 {
    Local,
    Directory,
}

impl NoteKeyV1<'_> {
    /// The note that stands under this key; `None` when the two do not belong together.
    pub(super) fn note(self, value: NoteV1<'_>) -> Option<Note> {
        let at = Timestamp::from_millis;
        Some(match (self, value) {
            (Self::Familiar(user, origin), NoteV1::Familiar(moment)) => {
                Note::Familiar { user: user.into(), origin: origin.read()?, at: at(moment) }
            }
            (Self::Level(key), NoteV1::Level(level, ended)) => {
                Note::Level { key: key.read()?, level, ended: at(ended) }
            }
            (Self::Account(name), NoteV1::Account(uid, groups, home)) => {
                let groups = groups.into_iter().map(Into::into).collect();
                Note::Account(Arc::new(Account {
                    name: name.into(),
                    uid,
                    groups,
                    home: home.into(),
                }))
            }
            (Self::Entry(list, subject), NoteV1::Entry(comment, since, until)) => {
                Note::Entry(Entry {
                    list: list.into(),
                    subject: subject.read()?,
                    comment: comment.map(Into::into),
                    since: at(since),
                    until: until.map(at),
                })
            }
            (Self::PanicOff, NoteV1::PanicOff(reason, since, until)) => Note::PanicOff(PanicOff {
                since: at(since),
                until: at(until),
                reason: reason.map(Into::into),
            }),
            _ => return None,
        })
    }
}

impl<'a> From<&'a NoteKey> for NoteKeyV1<'a> {
    fn from(key: &'a NoteKey) -> Self {
        match key {
            NoteKey::Familiar(user, origin) => Self::Familiar(user, origin.into()),
            NoteKey::Level(key) => Self::Level(key.into()),
            NoteKey::Account(name) => Self::Account(name),
            NoteKey::Entry(list, subject) => Self::Entry((*list).into(), subject.into()),
            NoteKey::PanicOff => Self::PanicOff,
        }
    }
}

impl<'a> From<&'a Note> for NoteV1<'a> {
    fn from(note: &'a Note) -> Self {
        match note {
            Note::Familiar { at, .. } => Self::Familiar(at.as_millis()),
            Note::Level { level, ended, .. } => Self::Level(*level, ended.as_millis()),
            Note::Account(account) => {
                let groups = account.groups.iter().map(|group| &**group).collect();
                Self::Account(account.uid, groups, account.home.into())
            }
            Note::Entry(Entry { comment, since, until, .. }) => {
                let until = until.map(Timestamp::as_millis);
                Self::Entry(comment.as_deref(), since.as_millis(), until)
            }
            Note::PanicOff(PanicOff { since, until, reason }) => {
                Self::PanicOff(reason.as_deref(), since.as_millis(), until.as_millis())
            }
        }
    }
}

impl LevelKeyV1<'_> {
    fn read(self) -> Option<LevelKey> {
        let counter = CounterKey {
            counter: CounterId(0),
            attributes: AttributeSet::from_bits(self.attributes)?,
            user: self.user.map(Into::into),
            origin: match self.origin {
                Some(origin) => Some(origin.read()?),
                None => None,
            },
            service: self.service.map(Into::into),
            tty: self.tty.map(Into::into),
        };
        Some(LevelKey { name: self.name.map(Into::into), counter })
    }
}

impl<'a> From<&'a LevelKey> for LevelKeyV1<'a> {
    fn from(key: &'a LevelKey) -> Self {
        let CounterKey { attributes, user, origin, service, tty, .. } = &key.counter;
        Self {
            name: key.name.as_deref(),
            attributes: attributes.bits(),
            user: user.as_deref(),
            origin: origin.as_ref().map(Into::into),
            service: service.as_deref(),
            tty: tty.as_deref(),
        }
    }
}

impl OriginV1<'_> {
    fn read(self) -> Option<Origin> {
        Some(match self {
            Self::Local => Origin::Local,
            Self::LocalBy(name) => Origin::LocalBy(name.into()),
            Self::Network(ip, prefix) => Origin::Network(IpNetwork::new(ip, prefix).ok()?),
            Self::Name(name) => Origin::Name(name.into()),
        })
    }
}

impl<'a> From<&'a Origin> for OriginV1<'a> {
    fn from(origin: &'a Origin) -> Self {
        match origin {
            Origin::Local => Self::Local,
            Origin::LocalBy(name) => Self::LocalBy(name),
            Origin::Network(network) => Self::Network(network.ip(), network.prefix()),
            Origin::Name(name) => Self::Name(name),
        }
    }
}

impl SubjectV1<'_> {
    fn read(self) -> Option<Subject> {
        Some(match self {
            Self::Network(ip, prefix) => Subject::Network(IpNetwork::new(ip, prefix).ok()?),
            Self::User(name) => Subject::User(name.into()),
            Self::Group(name) => Subject::Group(name.into()),
            Self::Uids(first, last) => Subject::Uids(first, last),
        })
    }
}

impl<'a> From<&'a Subject> for SubjectV1<'a> {
    fn from(subject: &'a Subject) -> Self {
        match subject {
            Subject::Network(network) => Self::Network(network.ip(), network.prefix()),
            Subject::User(name) => Self::User(name),
            Subject::Group(name) => Self::Group(name),
            Subject::Uids(first, last) => Self::Uids(*first, *last),
        }
    }
}

impl From<ListV1> for ListName {
    fn from(list: ListV1) -> Self {
        match list {
            ListV1::White => Self::White,
            ListV1::Black => Self::Black,
        }
    }
}

impl From<ListName> for ListV1 {
    fn from(list: ListName) -> Self {
        match list {
            ListName::White => Self::White,
            ListName::Black => Self::Black,
        }
    }
}

impl From<HomeV1> for Home {
    fn from(home: HomeV1) -> Self {
        match home {
            HomeV1::Local => Self::Local,
            HomeV1::Directory => Self::Directory,
        }
    }
}

impl From<Home> for HomeV1 {
    fn from(home: Home) -> Self {
        match home {
            Home::Local => Self::Local,
            Home::Directory => Self::Directory,
        }
    }
}
