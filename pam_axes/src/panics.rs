//! A panic must neither leave the module nor write to the user's terminal.

use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::sync::Once;

use axes_proto::text::Sentence;

use crate::ffi;

/// The reason that is given for what a panic leads to. It names the module: libpam puts the name of
/// whichever one is asking before a line that is logged at the gate.
pub(crate) const REASON: &str = "pam_axes panicked";

static HOOK: Once = Once::new();

/// Sends the message of a panic to syslog instead of standard error; without a backtrace, which
/// would cost the host 35 MB.
pub(crate) fn report_to_syslog() {
    HOOK.call_once(|| {
        set_hook(Box::new(|panic| {
            // The message may hold anything, and comes in a line of its own.
            let text = Sentence::from_bytes(panic.to_string().replace('\n', " ").as_bytes());
            ffi::log_without_handle(&format!("pam_axes: {text}"));
        }));
    });
}

/// Runs something; `None` when it panicked.
pub(crate) fn guard<T>(run: impl FnOnce() -> T) -> Option<T> {
    // Dropping the payload of a panic may panic again: leak it.
    catch_unwind(AssertUnwindSafe(run)).map_err(std::mem::forget).ok()
}
