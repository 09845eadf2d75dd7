//! What all records of a database come to, told in every batch.
//!
//! Where a header of a segment is damaged, sled goes on without that segment, and without the
//! records in it, and says nothing. The sum over those that are left is another one then.

use serde::{Deserialize, Serialize};

/// Its key in the database; no record has a key of this length.
pub(super) const KEY: &[u8] = b"sums";

/// Over any records in any order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sum {
    records: u64,
    checksums: u64,
}

impl Sum {
    pub(super) fn add(&mut self, key: &[u8], value: &[u8]) {
        self.records = self.records.wrapping_add(1);
        self.checksums = self.checksums.wrapping_add(checksum(key, value));
    }

    /// Over these records and others.
    pub(super) fn and(self, others: Self) -> Self {
        Self {
            records: self.records.wrapping_add(others.records),
            checksums: self.checksums.wrapping_add(others.checksums),
        }
    }

    pub(super) fn remove(&mut self, key: &[u8], value: &[u8]) {
        self.records = self.records.wrapping_sub(1);
        self.checksums = self.checksums.wrapping_sub(checksum(key, value));
    }
}

fn checksum(key: &[u8], value: &[u8]) -> u64 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key);
    hasher.update(value);
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_does_not_matter_and_everything_else_does() {
        let of = |records: &[(&str, &str)]| {
            let mut sum = Sum::default();
            records.iter().for_each(|(key, value)| sum.add(key.as_bytes(), value.as_bytes()));
            sum
        };
        let whole = of(&[("a", "1"), ("b", "2")]);
        assert_eq!(of(&[("b", "2"), ("a", "1")]), whole);
        for other in [&[("a", "1")][..], &[("a", "2"), ("b", "2")], &[("a", "1"), ("c", "2")]] {
            assert_ne!(of(other), whole);
        }
        assert_eq!(of(&[("b", "2")]).and(of(&[("a", "1")])), whole);
        let mut less = whole;
        less.remove(b"b", b"2");
        assert_eq!(less, of(&[("a", "1")]));
    }
}
