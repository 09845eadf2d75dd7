//! A panic must neither leave the module nor write to the user's terminal.

use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::sync::Once;

use crate::ffi;

static HOOK: Once = Once::new();

/// Sends the message of a panic to syslog instead of standard error; without a backtrace, which
/// would cost the host 35 MB.
pub(crate) fn report_to_syslog() {
    HOOK.call_once(|| {
        set_hook(Box::new(|panic| ffi::log_without_handle(&format!("pam_axes: {panic}"))));
    });
}

/// Runs something; `None` when it panicked.
pub(crate) fn guard<T>(run: impl FnOnce() -> T) -> Option<T> {
    // Dropping the payload of a panic may panic again: leak it.
    catch_unwind(AssertUnwindSafe(run)).map_err(std::mem::forget).ok()
}
