//! Bytes as they stand on the disk, for whoever tries how they are read when somebody else made
//! them. No part of the daemon: it goes through [`Store`](super::Store).

use std::path::Path;

use super::identity::Identity;
use super::record::{entry, headed};
use super::{Change, Kept, Snapshot, dumps, journal};

/// A payload with the head that it has under this key.
#[must_use]
pub fn sealed(key: &[u8], payload: &[u8]) -> Vec<u8> {
    headed(key, payload)
}

/// What one record says; `None` where it is not believed.
#[must_use]
pub fn read(key: &[u8], value: &[u8]) -> Option<Kept> {
    let mut kept = Kept::default();
    kept.add(key, value).ok().map(|()| kept)
}

/// The records that say this.
#[must_use]
pub fn written(kept: &Kept) -> Vec<(Vec<u8>, Vec<u8>)> {
    let failures = kept.failures.iter().cloned().map(Change::PutFailure);
    let attempts = kept.attempts.iter().cloned();
    let attempts = attempts.map(|(number, attempt)| Change::PutAttempt(number, attempt));
    let notes = kept.notes.iter().cloned().map(Change::Remember);
    let entries = failures.chain(attempts).chain(notes).map(|change| entry(&change));
    entries.filter_map(|(key, value)| Some((key, value?))).collect()
}

/// A dump of some records.
#[must_use]
pub fn dumped(records: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let record =
        |(key, value): &(Vec<u8>, Vec<u8>)| (key.as_slice().into(), value.as_slice().into());
    let identity = Identity { uuid: [0; 16], generation: 1 };
    let mut snapshot = Snapshot::new(Path::new(""), identity);
    snapshot.extend(records.iter().map(record).collect());
    let (head, body) = snapshot.sealed();
    [&head, body].concat()
}

/// What a dump says; `None` where any of it is not believed.
#[must_use]
pub fn read_dump(bytes: &[u8]) -> Option<Kept> {
    dumps::parse(bytes).ok().map(|(_, _, kept)| kept)
}

/// A journal with the commits of another one that are believed; `None` where one is of a later
/// version.
#[must_use]
pub fn rewritten(bytes: &[u8]) -> Option<Vec<u8>> {
    let commits = journal::parse(bytes).ok()?;
    Some(commits.iter().filter_map(journal::framed).flatten().collect())
}
