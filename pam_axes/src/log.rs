//! Lines for the authpriv log, under the name of the host program.

use pam::module::PamHandle;

use crate::ffi;
use crate::options::{Options, Verbosity};

/// Something is wrong that an administrator must mend.
pub(crate) fn error(pamh: &PamHandle, text: &str) {
    ffi::log(pamh, libc::LOG_ERR, text);
}

/// Something is odd; the login goes on.
pub(crate) fn warning(pamh: &PamHandle, text: &str) {
    ffi::log(pamh, libc::LOG_WARNING, text);
}

/// Somebody was refused.
pub(crate) fn notice(pamh: &PamHandle, text: &str) {
    ffi::log(pamh, libc::LOG_NOTICE, text);
}

/// A step, for whoever asked for them with `debug`.
pub(crate) fn debug(pamh: &PamHandle, options: &Options, text: &str) {
    if options.verbosity == Verbosity::Debug {
        ffi::log(pamh, libc::LOG_DEBUG, text);
    }
}
