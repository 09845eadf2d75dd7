//! Asks for a password and compares it with the word on its line: no hash, no other process.
//!
//! `auth required libaxes_password.so WORD`

use std::ffi::CStr;

use pam::constants::{PAM_PROMPT_ECHO_OFF, PamFlag, PamResultCode};
use pam::conv::Conv;
use pam::module::{PamHandle, PamHooks};

struct Password;

pub use entry::*;

/// The six entry points that libpam looks for.
#[expect(missing_docs, reason = "generated code")]
mod entry {
    use super::Password;

    pam::pam_hooks!(Password);
}

impl PamHooks for Password {
    fn sm_authenticate(pamh: &mut PamHandle, args: Vec<&CStr>, _: PamFlag) -> PamResultCode {
        let typed = match pamh.get_item::<Conv<'_>>() {
            Ok(Some(conversation)) => conversation.send(PAM_PROMPT_ECHO_OFF, "Password: "),
            Ok(None) => return PamResultCode::PAM_CONV_ERR,
            Err(code) => return code,
        };
        match typed {
            Ok(Some(typed)) if is_word(&args, typed.as_bytes()) => PamResultCode::PAM_SUCCESS,
            Ok(_) => PamResultCode::PAM_AUTH_ERR,
            Err(code) => code,
        }
    }

    fn sm_setcred(_: &mut PamHandle, _: Vec<&CStr>, _: PamFlag) -> PamResultCode {
        PamResultCode::PAM_SUCCESS
    }
}

fn is_word(args: &[&CStr], typed: &[u8]) -> bool {
    args.first().is_some_and(|word| word.to_bytes() == typed)
}
