//! A closed terminal must not leave files behind that nobody tried.

use nix::sys::signal::SigSet;

/// Signals wait until this goes out of scope. The login that is tried lets them through again.
#[derive(Debug)]
pub(super) struct HeldBack(Option<SigSet>);

/// Holds all signals back that can be.
pub(super) fn hold_back() -> HeldBack {
    let before = SigSet::thread_get_mask().ok();
    // Cannot fail with a valid set.
    let _ = SigSet::all().thread_block();
    HeldBack(before)
}

impl Drop for HeldBack {
    fn drop(&mut self) {
        if let Some(before) = self.0 {
            // As above.
            let _ = before.thread_set_mask();
        }
    }
}
