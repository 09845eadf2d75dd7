//! Records to keep, and what is kept of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axes_policy::account::{Account, Home};
use axes_policy::attempt::{Attempt, Failure, Lane, Marks, Outcome, Reporter};
use axes_policy::attribute::AttributeSet;
use axes_policy::client::{Address, Client};
use axes_policy::key::{CounterKey, Origin, Tag};
use axes_policy::lists::{Entry, ListName};
use axes_policy::note::{LevelKey, Note};
use axes_policy::panic_off::PanicOff;
use axes_policy::settings::CounterId;
use axes_policy::subject::Subject;
use axes_policy::time::Timestamp;
use smol_str::SmolStr;

use crate::store::{Change, Kept, Store, StoreError, sled};

pub(crate) fn client(address: Address, text: Option<SmolStr>) -> Client {
    Client {
        user: "jürgen".into(),
        address,
        service: "sshd".into(),
        tty: text.clone(),
        ruser: text,
    }
}

pub(crate) fn failure(id: u64) -> Failure {
    Failure {
        id,
        at: Timestamp::from_millis(id),
        client: client(Address::parse("192.0.2.7"), Some("ssh".into())),
        reporter: Reporter::Root,
        lane: Lane::Stranger,
        marks: Marks::default(),
    }
}

pub(crate) fn attempt(number: u64) -> Attempt {
    Attempt {
        at: Timestamp::from_millis(number),
        client: client(Address::Local, None),
        outcome: Outcome::Refused,
        reason: Some("locked".into()),
    }
}

/// Every variant of everything, the extremes of numbers included.
pub(crate) fn every_failure() -> Vec<Failure> {
    let addresses = ["", "192.0.2.7", "2001:db8::1", "host.example"];
    let clients = addresses.map(|text| client(Address::parse(text), None));
    let mut failures: Vec<_> =
        clients.into_iter().map(|client| Failure { client, ..failure(1) }).collect();
    failures.push(Failure {
        at: Timestamp::from_millis(u64::MAX),
        reporter: Reporter::Owner,
        lane: Lane::Familiar,
        marks: Marks::new(vec![Tag(0), Tag(u32::MAX)], vec![Tag(7)]),
        ..failure(u64::MAX)
    });
    failures
}

pub(crate) fn every_attempt() -> Vec<(u64, Attempt)> {
    [Outcome::Success, Outcome::Failure, Outcome::Refused, Outcome::Abandoned, Outcome::Error]
        .into_iter()
        .zip(0..)
        .map(|(outcome, number)| {
            let reason = (number % 2 == 0).then(|| "locked".into());
            let attempt = Attempt { outcome, reason, ..attempt(number) };
            (number, attempt)
        })
        .collect()
}

/// Every kind of note, and every kind of origin and subject in them.
pub(crate) fn every_note() -> Vec<Note> {
    let network = || "2001:db8::/64".parse().unwrap();
    let origins = [
        Origin::Local,
        Origin::LocalBy("mallory".into()),
        Origin::Network(network()),
        Origin::Name("~hash".into()),
    ];
    let familiar = |origin: &Origin| {
        let at = Timestamp::from_millis(9);
        Note::Familiar { user: "jürgen".into(), origin: origin.clone(), at }
    };
    let level = |origin: Origin| {
        let counter = CounterKey {
            counter: CounterId(0),
            attributes: AttributeSet::from_bits(15).unwrap(),
            user: Some("jürgen".into()),
            origin: Some(origin),
            service: Some("sshd".into()),
            tty: None,
        };
        let key = LevelKey { name: Some("slow".into()), counter };
        Note::Level { key, level: 3, ended: Timestamp::from_millis(u64::MAX) }
    };
    let groups = ["a", "b"].map(Arc::from).into();
    let account = Account { name: "jürgen".into(), uid: 1000, groups, home: Home::Directory };
    let subjects = [
        Subject::Network(network()),
        Subject::User("jürgen".into()),
        Subject::Group("staff".into()),
        Subject::Uids(0, u32::MAX),
    ];
    let entry = |subject: Subject| Entry {
        list: ListName::Black,
        subject,
        comment: Some("why".into()),
        since: Timestamp::from_millis(1),
        until: Some(Timestamp::from_millis(2)),
    };
    let mut notes: Vec<_> = origins.iter().map(familiar).collect();
    notes.extend(origins.map(level));
    notes.push(Note::Account(Arc::new(account)));
    notes.extend(subjects.map(|subject| Note::Entry(entry(subject))));
    let (since, until) = (Timestamp::from_millis(1), Timestamp::from_millis(2));
    notes.push(Note::PanicOff(PanicOff { since, until, reason: Some("why".into()) }));
    notes
}

pub(crate) fn opened(path: &Path) -> Box<dyn Store> {
    sled(path).unwrap()
}

pub(crate) fn loaded(path: &Path) -> Kept {
    opened(path).load().unwrap()
}

/// Everything is in the database then, and no dump is made.
pub(crate) fn settle(store: &mut dyn Store) {
    store.snapshot().unwrap().unwrap();
}

pub(crate) fn refusal(path: &Path) -> StoreError {
    sled(path).err().unwrap()
}

pub(crate) fn put(ids: std::ops::Range<u64>) -> Vec<Change> {
    ids.map(|id| Change::PutFailure(failure(id))).collect()
}

pub(crate) fn failures(ids: std::ops::Range<u64>) -> Vec<Failure> {
    ids.map(failure).collect()
}

/// Every file below a folder, by its path in it.
pub(crate) fn everything_in(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_owned();
                found.insert(name, fs::read(path).unwrap());
            }
        }
    }
    found
}
