//! The verdict: libpam calls this at the end of every pam_authenticate, with its final code.

use std::ffi::{c_int, c_uint, c_void};
use std::time::Duration;

use crate::attempt::Attempt;
use crate::ffi::PAM_SUCCESS;
use crate::{ffi, panics};

/// Stands in the item `PAM_FAIL_DELAY` while an attempt is watched.
///
/// With a function in that item libpam does not sleep itself, so whatever would have happened
/// without pam_axes happens here: the application's own function, else the sleep.
pub(crate) extern "C" fn verdict(status: c_int, microseconds: c_uint, appdata: *mut c_void) {
    let attempt = panics::guard(|| Attempt::behind(appdata)).flatten();
    let Some(attempt) = attempt else {
        return sleep(status, microseconds);
    };
    // Copied first: the application's function may end the handle, and the attempt with it.
    let (application, delay) = (*attempt.application(), attempt.application_delay());
    let finish = || if attempt.is_ours() { attempt.finish(status) } else { attempt.restore() };
    if panics::guard(finish).is_none() {
        // The stack has decided. What still stood would take the next try for this one.
        panics::guard(|| attempt.let_go());
    }
    if delay.is_null() {
        sleep(status, microseconds);
    } else {
        ffi::call_delay(delay, status, microseconds, application.appdata);
    }
}

fn sleep(status: c_int, microseconds: c_uint) {
    if status != PAM_SUCCESS && microseconds > 0 {
        let time = Duration::from_micros(microseconds.into());
        // As libpam: a signal ends the wait.
        ffi::interruptible_sleep(time);
    }
}
