//! The bytes of records, read and written in this one place.
//!
//! ```text
//! u8               format version
//! u32 big endian   CRC-32 of version, key and payload
//! ...              the record in postcard
//! ```
//!
//! The key is part of the sum, so that a record in the wrong place is as wrong as a damaged one.

use std::path::Path;

use axes_policy::note::NoteKey;
use serde::{Deserialize, Serialize};

use super::mirror::{AttemptV1, FailureV1};
use super::note::{NoteKeyV1, NoteV1};
use super::{Change, Kept, StoreError};

/// The version that this code writes. A new version is a new set of mirror types.
pub(super) const FORMAT: u8 = 1;

const ATTEMPT: u8 = b'A';
/// The first byte of the keys of failures, of which there are most.
pub(super) const FAILURE: u8 = b'F';
const NOTE: u8 = b'N';
const HEAD: usize = 5;

/// Why bytes are no record.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Whole, but of a later version.
    Newer(u8),
    /// Not what was written.
    Damaged,
}

impl Fault {
    /// As an error of the file or folder that the bytes stand in.
    pub(super) fn at(self, path: &Path) -> StoreError {
        match self {
            Self::Damaged => StoreError::damaged(path, "checksums do not match"),
            Self::Newer(found) => StoreError::Newer { path: path.to_owned(), found, known: FORMAT },
        }
    }
}

/// Key and value of a change; no value removes the key.
///
/// History sorts before failures, and old before new.
pub(super) fn entry(change: &Change) -> (Vec<u8>, Option<Vec<u8>>) {
    match change {
        Change::PutFailure(failure) => put(key(FAILURE, failure.id), &FailureV1::from(failure)),
        Change::PutAttempt(number, attempt) => {
            put(key(ATTEMPT, *number), &AttemptV1::from(attempt))
        }
        Change::Remember(note) => put(note_key(&note.key()), &NoteV1::from(note)),
        Change::Drop(key) => (note_key(key), None),
        Change::ForgetFailure(id) => (key(FAILURE, *id), None),
        Change::ForgetAttempt(number) => (key(ATTEMPT, *number), None),
    }
}

impl Kept {
    /// Adds what comes after it.
    pub(super) fn extend(&mut self, others: Self) {
        self.failures.extend(others.failures);
        self.attempts.extend(others.attempts);
        self.notes.extend(others.notes);
    }

    /// Adds the record of this key.
    pub(super) fn add(&mut self, key: &[u8], value: &[u8]) -> Result<(), Fault> {
        let (kind, name) = key.split_first().ok_or(Fault::Damaged)?;
        if *kind == NOTE {
            let name: NoteKeyV1<'_> = whole(name)?;
            self.notes.push(name.note(unseal(key, value)?).ok_or(Fault::Damaged)?);
            return Ok(());
        }
        let number = u64::from_be_bytes(name.try_into().map_err(|_| Fault::Damaged)?);
        match *kind {
            FAILURE => {
                let failure = unseal::<FailureV1>(key, value)?.named(number);
                self.failures.push(failure);
            }
            ATTEMPT => self.attempts.push((number, unseal::<AttemptV1>(key, value)?.into())),
            _ => return Err(Fault::Damaged),
        }
        Ok(())
    }
}

/// The key in the middle between two failures.
pub(super) fn halfway(first: &[u8], last: &[u8]) -> Vec<u8> {
    let number = |key: &[u8]| key.get(1..).and_then(<[u8]>::first_chunk).copied();
    let number = |key| u64::from_be_bytes(number(key).unwrap_or_default());
    key(FAILURE, u64::midpoint(number(first), number(last)))
}

/// A payload with its head.
pub(super) fn seal(key: &[u8], payload: &impl Serialize) -> Vec<u8> {
    // Postcard fails on sequences of unknown length, and no record has one.
    headed(key, &postcard::to_allocvec(payload).unwrap_or_default())
}

/// Encoded bytes with their head.
pub(super) fn headed(key: &[u8], payload: &[u8]) -> Vec<u8> {
    [&head(key, &[payload]), payload].concat()
}

/// What stands before a payload, which comes in pieces.
pub(super) fn head(key: &[u8], payload: &[&[u8]]) -> Vec<u8> {
    let mut head = vec![FORMAT];
    head.extend_from_slice(&checksum(FORMAT, key, payload).to_be_bytes());
    head
}

/// The payload in what [`seal`] made for this key.
pub(super) fn unseal<'a, T: Deserialize<'a>>(key: &[u8], sealed: &'a [u8]) -> Result<T, Fault> {
    let (head, payload) = sealed.split_at_checked(HEAD).ok_or(Fault::Damaged)?;
    let [version, sum @ ..] = head else {
        return Err(Fault::Damaged);
    };
    if *sum != checksum(*version, key, &[payload]).to_be_bytes() {
        return Err(Fault::Damaged);
    }
    if *version > FORMAT {
        return Err(Fault::Newer(*version));
    }
    whole(payload)
}

fn whole<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Fault> {
    match postcard::take_from_bytes(bytes) {
        Ok((record, [])) => Ok(record),
        _ => Err(Fault::Damaged),
    }
}

fn key(kind: u8, number: u64) -> Vec<u8> {
    [&[kind][..], &number.to_be_bytes()].concat()
}

fn note_key(key: &NoteKey) -> Vec<u8> {
    // As in `seal`, this does not fail.
    let name = postcard::to_allocvec(&NoteKeyV1::from(key)).unwrap_or_default();
    [&[NOTE][..], &name].concat()
}

fn put(key: Vec<u8>, record: &impl Serialize) -> (Vec<u8>, Option<Vec<u8>>) {
    let value = seal(&key, record);
    (key, Some(value))
}

pub(super) fn checksum(version: u8, key: &[u8], payload: &[&[u8]]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&[version]);
    hasher.update(key);
    payload.iter().for_each(|piece| hasher.update(piece));
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::support::{
        attempt, every_attempt, every_failure, every_note, failure,
    };

    fn read(change: &Change) -> Kept {
        let (key, value) = entry(change);
        let mut kept = Kept::default();
        kept.add(&key, &value.unwrap()).unwrap();
        kept
    }

    #[test]
    fn every_kind_of_record_comes_back_as_it_was() {
        for failure in every_failure() {
            let kept = read(&Change::PutFailure(failure.clone()));
            assert_eq!(kept.failures, [failure]);
        }
        for (number, attempt) in every_attempt() {
            let kept = read(&Change::PutAttempt(number, attempt.clone()));
            assert_eq!(kept.attempts, [(number, attempt)]);
        }
    }

    #[test]
    fn every_kind_of_note_comes_back_under_its_key() {
        for note in every_note() {
            let change = Change::Remember(note.clone());
            assert_eq!(entry(&Change::Drop(note.key())).0, entry(&change).0);
            assert_eq!(read(&change).notes, [note]);
        }
    }

    #[test]
    fn a_note_under_the_key_of_another_kind_is_not_believed() {
        let notes = every_note();
        let (key, _) = entry(&Change::Remember(notes[0].clone()));
        let stranger = seal(&key, &NoteV1::from(notes.last().unwrap()));
        assert_eq!(Kept::default().add(&key, &stranger), Err(Fault::Damaged));
    }

    #[test]
    fn records_damaged_byte_by_byte_are_never_believed() {
        for change in [Change::PutFailure(failure(7)), Change::PutAttempt(7, attempt(7))] {
            let (key, value) = entry(&change);
            let value = value.unwrap();
            for place in 0..value.len() {
                for bit in 0..8 {
                    let mut damaged = value.clone();
                    damaged[place] ^= 1 << bit;
                    assert_eq!(Kept::default().add(&key, &damaged), Err(Fault::Damaged));
                }
                let cut = Kept::default().add(&key, &value[..place]);
                assert_eq!(cut, Err(Fault::Damaged));
            }
        }
    }

    #[test]
    fn a_record_under_the_key_of_another_is_not_believed() {
        let (_, value) = entry(&Change::PutFailure(failure(7)));
        let (other, _) = entry(&Change::ForgetFailure(8));
        let misplaced = Kept::default().add(&other, &value.unwrap());
        assert_eq!(misplaced, Err(Fault::Damaged));
    }

    #[test]
    fn a_whole_record_of_a_later_version_is_told_from_a_damaged_one() {
        let key = key(FAILURE, 7);
        let mut later = vec![9];
        later.extend(checksum(9, &key, &[b"unknown"]).to_be_bytes());
        later.extend(b"unknown");
        assert_eq!(Kept::default().add(&key, &later), Err(Fault::Newer(9)));
    }
}
