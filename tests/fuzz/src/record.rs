//! Keys and values of the database, dumps, and the journal.

use axesd::store::Kept;
use axesd::store::raw;

/// Bound into the checksum of a dump.
const DUMP: &[u8] = b"dump";
/// The same of a commit in the journal.
const JOURNAL: &[u8] = b"journal";

/// The first byte says what the others are: a record, the same with a checksum that is right, a
/// dump, the same, a dump that is made of some records, a journal, or one commit of it with a
/// checksum that is right.
pub fn record(bytes: &[u8]) {
    let Some((kind, bytes)) = bytes.split_first() else {
        return;
    };
    let (key, rest) = counted(bytes).unwrap_or_default();
    match kind % 7 {
        0 => one(key, rest),
        1 => one(key, &raw::sealed(key, rest)),
        2 => dump(bytes),
        3 => dump(&raw::sealed(DUMP, bytes)),
        4 => dump_of(bytes),
        5 => journal(bytes),
        _ => journal(&commit(bytes)),
    }
}

/// What a record says is written as a record that says the same.
fn one(key: &[u8], value: &[u8]) {
    let Some(kept) = raw::read(key, value) else {
        return;
    };
    let number = kept.failures.len() + kept.attempts.len() + kept.notes.len();
    assert_eq!(number, 1, "one record is one thing: {kept:?}");
    same(&kept, &raw::written(&kept));
    // One byte that is another is not believed.
    for place in [0, 1, value.len() / 2, value.len() - 1] {
        let mut damaged = value.to_vec();
        damaged[place] ^= 1;
        assert_eq!(raw::read(key, &damaged), None, "byte {place} is damaged");
    }
    assert_eq!(raw::read(&[key, b"x"].concat(), value), None, "under another key");
}

fn same(kept: &Kept, records: &[(Vec<u8>, Vec<u8>)]) {
    let mut again = Kept::default();
    for (key, value) in records {
        let read = raw::read(key, value).expect("what was written is a record");
        again.failures.extend(read.failures);
        again.attempts.extend(read.attempts);
        again.notes.extend(read.notes);
    }
    assert_eq!(again, *kept);
}

/// What a dump says is written as a dump that says the same.
fn dump(bytes: &[u8]) {
    let Some(kept) = raw::read_dump(bytes) else {
        return;
    };
    let records = raw::written(&kept);
    same(&kept, &records);
    assert_eq!(raw::read_dump(&raw::dumped(&records)), Some(kept));
}

/// A dump of records says what they say one by one; with one that is no record, nothing.
fn dump_of(bytes: &[u8]) {
    let mut records = Vec::new();
    let mut rest = bytes;
    while let Some((key, payload, behind)) = chunk(rest) {
        records.push((key.to_vec(), raw::sealed(key, payload)));
        rest = behind;
    }
    let whole = records.iter().all(|(key, value)| raw::read(key, value).is_some());
    match raw::read_dump(&raw::dumped(&records)) {
        Some(kept) => {
            assert!(whole);
            same(&kept, &records);
        }
        None => assert!(!whole, "{records:?}"),
    }
}

/// What is believed of a journal is believed again.
fn journal(bytes: &[u8]) {
    let Some(believed) = raw::rewritten(bytes) else {
        return;
    };
    assert!(believed.len() <= bytes.len());
    assert_eq!(raw::rewritten(&believed).as_ref(), Some(&believed));
}

fn commit(payload: &[u8]) -> Vec<u8> {
    let sealed = raw::sealed(JOURNAL, payload);
    let length = u32::try_from(sealed.len()).expect("an input is small");
    [&length.to_be_bytes(), &*sealed].concat()
}

fn chunk(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (key, rest) = counted(bytes)?;
    let (payload, rest) = counted(rest)?;
    Some((key, payload, rest))
}

/// As many bytes as the first one says, and those that follow.
fn counted(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first()?;
    rest.split_at_checked(usize::from(*length))
}
