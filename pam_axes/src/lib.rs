//! `pam_axes.so`: tells axesd of every attempt to log in, and asks it before a password counts.
//!
//! In the auth phase it asks for admission, then watches the attempt from inside libpam: the
//! [`conversation`] wrapper is the gate, the [`delay`] hook hears the verdict. It returns
//! `PAM_IGNORE` to whoever is admitted: it never helps anybody in.
//!
//! It runs inside sshd and sudo: no threads, no process-wide state but the panic hook and the list
//! of attempts that are alive, nothing that unwinds, prints, or waits past its bound.

mod account;
mod attempt;
mod authenticate;
mod classic;
mod conversation;
mod delay;
mod fault;
mod ffi;
mod identity;
mod link;
mod live;
mod log;
mod options;
mod outcome;
mod panics;
mod peer;

use std::ffi::CStr;

use pam::constants::{PamFlag, PamResultCode};
use pam::module::{PamHandle, PamHooks};

use crate::options::{FailMode, Layout, Options};

struct Axes;

pub use entry::*;

/// The six entry points that libpam looks for.
#[expect(missing_docs, reason = "generated code")]
mod entry {
    use super::Axes;

    pam::pam_hooks!(Axes);
}

impl PamHooks for Axes {
    fn sm_authenticate(pamh: &mut PamHandle, args: Vec<&CStr>, flags: PamFlag) -> PamResultCode {
        enter(pamh, &args, flags, |pamh, options| {
            fault::at("authenticate", options);
            match options.layout {
                Layout::Watching => authenticate::authenticate(pamh, options),
                Layout::Preauth => classic::preauth(pamh, options),
                Layout::Authfail => classic::authfail(pamh, options),
                Layout::Authsucc => classic::authsucc(pamh, options),
            }
        })
    }

    fn acct_mgmt(pamh: &mut PamHandle, args: Vec<&CStr>, flags: PamFlag) -> PamResultCode {
        enter(pamh, &args, flags, account::account)
    }
}

/// Reads the options, and turns a panic into the fail mode.
fn enter(
    pamh: &mut PamHandle,
    args: &[&CStr],
    flags: PamFlag,
    phase: impl FnOnce(&mut PamHandle, &Options) -> PamResultCode,
) -> PamResultCode {
    panics::report_to_syslog();
    // First, since it says what to do about a panic in all that follows.
    let failmode = FailMode::of(args);
    let entered = panics::guard(|| {
        let options = Options::parse(args, flags);
        for complaint in &options.complaints {
            log::warning(pamh, complaint);
        }
        phase(pamh, &options)
    });
    entered.unwrap_or_else(|| failmode.code(panics::REASON, pamh))
}
