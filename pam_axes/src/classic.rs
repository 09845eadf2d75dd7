//! Three lines instead of one, for stacks in which libpam's hooks cannot be used.
//!
//! ```text
//! auth  requisite                     pam_axes.so preauth
//! auth  [success=1 default=ignore]    pam_unix.so
//! auth  [default=die]                 pam_axes.so authfail
//! auth  required                      pam_axes.so authsucc
//! auth  required                      pam_permit.so
//! ```
//!
//! Admission is the gate, so a prompt that is cancelled counts here, as with pam_faillock.

use axes_proto::pam::{Outcome, Stage};
use pam::constants::PamResultCode;
use pam::module::PamHandle;

use crate::attempt::{Attempt, Phase};
use crate::authenticate::admit;
use crate::options::Options;
use crate::outcome::Asked;

/// Takes a place before the password module.
pub(crate) fn preauth(pamh: &mut PamHandle, options: &Options) -> PamResultCode {
    admit(pamh, options, Stage::Answered, |pamh, link| {
        match Attempt::new(pamh, options, link, Asked::Answered).carry(pamh) {
            Ok(()) => PamResultCode::PAM_IGNORE,
            Err(trouble) => options.failmode.code(&trouble, pamh),
        }
    })
}

/// The password module said no.
pub(crate) fn authfail(pamh: &mut PamHandle, options: &Options) -> PamResultCode {
    let reported = report(pamh, options, Outcome::Failure);
    if reported == PamResultCode::PAM_IGNORE { PamResultCode::PAM_AUTH_ERR } else { reported }
}

/// The password module said yes.
pub(crate) fn authsucc(pamh: &mut PamHandle, options: &Options) -> PamResultCode {
    report(pamh, options, Outcome::Success)
}

fn report(pamh: &PamHandle, options: &Options, outcome: Outcome) -> PamResultCode {
    match Attempt::of(pamh).filter(|attempt| attempt.phase() == Phase::Classic) {
        Some(attempt) => attempt.report(Some(outcome)),
        None => {
            return options.failmode.code("no preauth line began this attempt", pamh);
        }
    }
    PamResultCode::PAM_IGNORE
}
