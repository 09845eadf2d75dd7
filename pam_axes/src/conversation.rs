//! The gate: sees each answer before the module that asked for it does.

use std::ffi::{c_int, c_void};

use crate::attempt::{Attempt, Passage};
use crate::ffi::{self, Message, PAM_CONV_ERR, PAM_SUCCESS, Response};
use crate::panics;

/// Stands in the place of the application's conversation while an attempt is watched.
pub(crate) extern "C-unwind" fn gate(
    count: c_int,
    messages: *mut *const Message,
    responses: *mut *mut Response,
    appdata: *mut c_void,
) -> c_int {
    let Some(attempt) = panics::guard(|| Attempt::behind(appdata)).flatten() else {
        return PAM_CONV_ERR;
    };
    let code = ffi::converse(attempt.application(), count, messages, responses);
    let passage = panics::guard(|| passage(attempt, code, count, messages, responses))
        .or_else(|| panics::guard(|| attempt.fail(panics::REASON)));
    if passage.is_none_or(is_closed) {
        ffi::wipe(responses, count);
        return PAM_CONV_ERR;
    }
    code
}

fn passage(
    attempt: &Attempt,
    code: c_int,
    count: c_int,
    messages: *mut *const Message,
    responses: *mut *mut Response,
) -> Passage {
    let prompts = ffi::prompts(count, messages);
    if prompts.is_empty() || !attempt.is_ours() {
        return Passage::Open;
    }
    attempt.fault_at_the_gate();
    if code == PAM_SUCCESS && prompts.iter().any(|index| ffi::is_answered(responses, *index)) {
        return attempt.answered();
    }
    attempt.cancelled();
    Passage::Open
}

fn is_closed(passage: Passage) -> bool {
    matches!(passage, Passage::Closed)
}
