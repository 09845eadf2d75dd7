//! Trials that try to break a promise as often as they are asked to: a few times in the suite,
//! many times by `make soak`, which writes what came of it to RELIABILITY.md.

pub mod absence;
pub mod bounds;
pub mod crash;
pub mod damage;
mod disk;
pub mod full;
pub mod fuzz;
pub mod idle;
pub mod limit;
pub mod load;
pub mod power;
pub mod report;
pub mod restart;

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

/// Some time from nothing to almost this many milliseconds.
pub fn random_time(below: u64) -> Duration {
    Duration::from_millis(random(below))
}

/// Some number below this one.
fn random(below: u64) -> u64 {
    RandomState::new().build_hasher().finish() % below
}

/// The middle one, and the longest.
pub fn middle_and_longest(times: &mut [Duration]) -> (Duration, Duration) {
    times.sort();
    let middle = times.get(times.len() / 2).copied().unwrap_or_default();
    (middle, times.last().copied().unwrap_or_default())
}
