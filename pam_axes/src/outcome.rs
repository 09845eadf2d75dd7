//! From what was seen of an attempt to how it ended.

use axes_proto::pam::Outcome;
use pam::constants::PamResultCode as Code;

/// What became of the prompts of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// None was shown: a fingerprint, a token, a refusal before the password module.
    Nothing,
    /// One was shown, and cancelled, timed out or hung up on.
    Cancelled,
    /// One was answered, and the answer went on to be verified.
    Answered,
    /// One was answered, and axesd did not let the answer through.
    TurnedAway,
}

/// How the attempt ended, from the final code of the whole stack; `None` when axesd knows.
pub(crate) fn outcome(asked: Asked, status: libc::c_int) -> Option<Outcome> {
    let code = Code::try_from(status).unwrap_or(Code::PAM_SYSTEM_ERR);
    match (asked, code) {
        (Asked::TurnedAway, _) => None,
        (_, Code::PAM_SUCCESS) => Some(Outcome::Success),
        (_, code) if nobody_judged(&code) => Some(Outcome::Error),
        // Once an answer was let through, hanging up does not take it back.
        (Asked::Answered, _) => Some(Outcome::Failure),
        (Asked::Cancelled, _) | (_, Code::PAM_CONV_ERR | Code::PAM_CONV_AGAIN) => {
            Some(Outcome::Abandoned)
        }
        (Asked::Nothing, _) => Some(Outcome::Failure),
    }
}

/// Codes that say that a backend could not be asked, not that an answer was wrong.
const fn nobody_judged(code: &Code) -> bool {
    matches!(
        code,
        Code::PAM_OPEN_ERR
            | Code::PAM_SYMBOL_ERR
            | Code::PAM_SERVICE_ERR
            | Code::PAM_SYSTEM_ERR
            | Code::PAM_BUF_ERR
            | Code::PAM_AUTHINFO_UNAVAIL
            | Code::PAM_ABORT
            | Code::PAM_MODULE_UNKNOWN
            | Code::PAM_INCOMPLETE
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(asked: Asked, code: Code) -> Option<Outcome> {
        outcome(asked, code as libc::c_int)
    }

    #[test]
    fn an_answer_that_was_verified_is_a_success_or_a_failure() {
        assert_eq!(ended(Asked::Answered, Code::PAM_SUCCESS), Some(Outcome::Success));
        for code in [Code::PAM_AUTH_ERR, Code::PAM_USER_UNKNOWN, Code::PAM_MAXTRIES] {
            assert_eq!(ended(Asked::Answered, code), Some(Outcome::Failure));
        }
    }

    #[test]
    fn cancelling_a_second_prompt_does_not_take_the_first_answer_back() {
        assert_eq!(ended(Asked::Answered, Code::PAM_CONV_ERR), Some(Outcome::Failure));
    }

    #[test]
    fn a_cancelled_prompt_is_abandoned_whatever_the_stack_says() {
        for code in [Code::PAM_AUTH_ERR, Code::PAM_CONV_ERR, Code::PAM_MAXTRIES] {
            assert_eq!(ended(Asked::Cancelled, code), Some(Outcome::Abandoned));
        }
        assert_eq!(ended(Asked::Nothing, Code::PAM_CONV_ERR), Some(Outcome::Abandoned));
    }

    #[test]
    fn a_backend_that_is_down_is_nobody_s_failure() {
        for asked in [Asked::Answered, Asked::Nothing] {
            assert_eq!(ended(asked, Code::PAM_AUTHINFO_UNAVAIL), Some(Outcome::Error));
        }
        assert_eq!(outcome(Asked::Answered, 999), Some(Outcome::Error));
    }

    #[test]
    fn a_failure_without_a_prompt_counts() {
        assert_eq!(ended(Asked::Nothing, Code::PAM_AUTH_ERR), Some(Outcome::Failure));
    }

    #[test]
    fn whoever_was_turned_away_needs_no_verdict() {
        assert_eq!(ended(Asked::TurnedAway, Code::PAM_AUTH_ERR), None);
    }
}
