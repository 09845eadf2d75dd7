//! What the store takes of the disk after many updates of few counters.

use std::path::Path;
use std::time::{Duration, Instant};

use axesd::store::{Change, sled};

use super::keeper;
use crate::reliability::bounds::bytes_of;

/// Updates in one commit; each is two changes, of which a commit takes a hundred.
const AT_ONCE: u64 = 50;

/// What was measured.
#[derive(Debug)]
pub struct Space {
    /// Updates that were made.
    pub updates: u64,
    /// How long they took.
    pub lasted: Duration,
    /// What the folder took after each counter was written once.
    pub at_first: u64,
    /// What it took at the end.
    pub at_last: u64,
    /// What a dump takes, in which everything that lives stands once.
    pub live: u64,
}

/// Replaces the failure of one of so many counters after the other, in a store of this folder,
/// until so many updates are made or the time is over.
pub fn update(folder: &Path, counters: u64, updates: u64, most: Duration) -> Space {
    let mut store = sled(&folder.join("store")).expect("a store");
    store.load().expect("nothing");
    let mut space = Space { updates: 0, lasted: Duration::ZERO, at_first: 0, at_last: 0, live: 0 };
    let begun = Instant::now();
    while space.updates < counters + updates && begun.elapsed() < most {
        let changes: Vec<_> =
            (space.updates..space.updates + AT_ONCE).flat_map(|it| replace(it, counters)).collect();
        store.commit(&changes).expect("a commit");
        space.updates += AT_ONCE;
        if space.updates == counters {
            space.at_first = bytes_of(&folder.join("store"));
        }
    }
    space.lasted = begun.elapsed();
    space.at_last = bytes_of(&folder.join("store"));
    space.live = store.dump().expect("a dump").map_or(0, |it| it.bytes as u64);
    space.updates = space.updates.saturating_sub(counters);
    space
}

fn replace(number: u64, counters: u64) -> impl Iterator<Item = Change> {
    let put = Change::PutFailure(keeper::failure(number, number % counters));
    let gone = number.checked_sub(counters).map(Change::ForgetFailure);
    std::iter::once(put).chain(gone)
}
