//! The account phase: completes a success, and refuses blacklisted clients whatever their key.

use axes_proto::pam::Outcome;
use pam::constants::PamResultCode;
use pam::module::PamHandle;

use crate::attempt::{Attempt, Phase};
use crate::authenticate::refuse;
use crate::identity;
use crate::link::{Decision, Link};
use crate::options::Options;

/// Neutral for whoever passed the auth phase of this handle; asks about everybody else.
pub(crate) fn account(pamh: &mut PamHandle, options: &Options) -> PamResultCode {
    crate::fault::at("account", options);
    match Attempt::of(pamh).map(|attempt| (attempt, attempt.phase())) {
        Some((attempt, Phase::Succeeded)) => {
            attempt.complete();
            PamResultCode::PAM_IGNORE
        }
        Some((attempt, Phase::Classic | Phase::Watching)) => {
            // Nobody comes here after a failure; the hook was replaced, or authsucc left out.
            attempt.restore();
            attempt.report(Some(Outcome::Success));
            attempt.complete();
            PamResultCode::PAM_IGNORE
        }
        Some((_, Phase::Over)) | None => without_attempt(pamh, options),
    }
}

fn without_attempt(pamh: &PamHandle, options: &Options) -> PamResultCode {
    match Link::new(options, identity::known_client(pamh)).account() {
        Ok(Decision::GoOn) => PamResultCode::PAM_IGNORE,
        Ok(Decision::Refused(sentence)) => {
            refuse(pamh, options, &sentence);
            PamResultCode::PAM_PERM_DENIED
        }
        Err(error) => options.failmode.code(&error.0, pamh),
    }
}
