//! How much memory and disk the daemon may take, and what of that is left for failures.

use std::ops::RangeInclusive;

use bytesize::ByteSize;
use serde::Deserialize;
use toml::Value;

use crate::config::build::Conflict;

/// The process, the cache of the database, familiar addresses, lists as long as most are.
const OTHERS: usize = 64 << 20;
/// For a thousand failures.
const LEAST: usize = 1 << 20;
/// Databases and dumps take at most this many times the memory of what is in them.
const ON_DISK: usize = 2;
const MEMORY: RangeInclusive<ByteSize> = ByteSize::mib(66)..=ByteSize::gib(64);
const DISK: RangeInclusive<ByteSize> = ByteSize::mib(16)..=ByteSize::gib(1024);

/// `[store] max_memory`
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct MaxMemory(usize);

/// `[store] max_disk`
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct MaxDisk(usize);

impl Default for MaxMemory {
    fn default() -> Self {
        Self(256 << 20)
    }
}

impl Default for MaxDisk {
    fn default() -> Self {
        Self(512 << 20)
    }
}

impl TryFrom<Value> for MaxMemory {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        size(&value, &MEMORY).map(Self)
    }
}

impl TryFrom<Value> for MaxDisk {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        size(&value, &DISK).map(Self)
    }
}

/// A size as people write it, between two others.
pub(super) fn size(value: &Value, range: &RangeInclusive<ByteSize>) -> Result<usize, String> {
    let advice = "use a number with a unit, such as \"16MiB\" or \"500kB\"";
    let text = value.as_str().ok_or_else(|| format!("{value} has no unit; {advice}"))?;
    let size: ByteSize =
        text.parse().map_err(|error| format!("\"{text}\" is not a size ({error}); {advice}"))?;
    if !range.contains(&size) {
        let (least, most) = (shown(*range.start()), shown(*range.end()));
        return Err(format!("use \"{least}\" to \"{most}\"; this is {} bytes", size.as_u64()));
    }
    usize::try_from(size.as_u64()).map_err(|error| error.to_string())
}

/// Bytes of memory that failures and their counters may take, beside a full access log.
pub(super) fn room(memory: MaxMemory, disk: MaxDisk, log: usize) -> Result<usize, Conflict> {
    // The database has its entries as well.
    let log_in_memory = 2 * log;
    let left = memory.0.checked_sub(OTHERS + log_in_memory).filter(|left| *left >= LEAST);
    let in_memory = left.ok_or_else(|| too_little("max_memory", OTHERS + log_in_memory + LEAST))?;
    let left = (disk.0 / ON_DISK).checked_sub(log).filter(|left| *left >= LEAST);
    let on_disk = left.ok_or_else(|| too_little("max_disk", (log + LEAST) * ON_DISK))?;
    Ok(in_memory.min(on_disk))
}

fn too_little(key: &'static str, least: usize) -> Conflict {
    let least = least.div_ceil(1 << 20);
    let message = format!(
        "`{key}` leaves no room beside `access_log_bytes`: use \"{least}MiB\" or more, or fewer \
         `access_log_bytes`"
    );
    Conflict { key, message }
}

/// `64KiB`
fn shown(size: ByteSize) -> String {
    size.display().iec().to_string().replace(".0 ", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_access_log_may_take_is_not_there_for_failures() {
        let room = |log| room(MaxMemory::default(), MaxDisk::default(), log).ok();
        assert_eq!(room(16 << 20), Some(160 << 20));
        assert_eq!(room(64 << 20), Some(64 << 20));
        assert_eq!(room(95 << 20), Some(2 << 20));
        assert_eq!(room(96 << 20), None);
    }

    #[test]
    fn the_smaller_of_both_decides() {
        let room = |memory: usize, disk: usize| {
            room(MaxMemory(memory << 20), MaxDisk(disk << 20), 1 << 20).ok()
        };
        assert_eq!(room(1024, 100), Some(49 << 20));
        assert_eq!(room(70, 3), None);
    }

    #[test]
    fn sizes_are_told_as_they_are_written() {
        let error = size(&Value::from("1MiB"), &MEMORY).unwrap_err();
        assert_eq!(error, "use \"66MiB\" to \"64GiB\"; this is 1048576 bytes");
    }
}
