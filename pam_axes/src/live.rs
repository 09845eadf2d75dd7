//! Which attempts are alive in this process.
//!
//! libpam hands a callback one pointer, and another module may have put its own in the place of
//! ours: a pointer is followed only if it stands here. Atomics, because modules ask from threads
//! of their own, and because a lock could be held by another thread when the host forks.

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use crate::attempt::Attempt;

/// Attempts at once in one process; far above what an authentication server does.
const MOST: usize = 256;

static LIVE: [AtomicPtr<Attempt>; MOST] = [const { AtomicPtr::new(ptr::null_mut()) }; MOST];

/// Adds an attempt; false when there are too many.
pub(crate) fn add(attempt: *mut Attempt) -> bool {
    replace(ptr::null_mut(), attempt)
}

/// Takes an attempt out.
pub(crate) fn remove(attempt: *mut Attempt) {
    replace(attempt, ptr::null_mut());
}

/// Whether a pointer is an attempt.
pub(crate) fn contains(attempt: *mut Attempt) -> bool {
    !attempt.is_null() && LIVE.iter().any(|place| place.load(Ordering::Acquire) == attempt)
}

fn replace(old: *mut Attempt, new: *mut Attempt) -> bool {
    LIVE.iter()
        .any(|place| place.compare_exchange(old, new, Ordering::AcqRel, Ordering::Relaxed).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_added_is_alive_and_there_is_a_bound() {
        let fake = |number: usize| ptr::without_provenance_mut::<Attempt>(number);
        assert!(!contains(ptr::null_mut()));
        assert!((1..=MOST).all(|number| add(fake(number * 8))));
        assert!(!add(fake(1)), "one more than there are places");
        assert!(contains(fake(8)) && !contains(fake(1)));
        for number in 1..=MOST {
            remove(fake(number * 8));
            assert!(!contains(fake(number * 8)));
        }
    }
}
