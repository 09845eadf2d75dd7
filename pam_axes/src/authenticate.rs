//! The auth phase of the one line that does everything.

use axes_proto::pam::Stage;
use axes_proto::text::Sentence;
use pam::constants::PamResultCode;
use pam::items::AuthTok;
use pam::module::PamHandle;

use crate::attempt::Attempt;
use crate::link::{Decision, Link};
use crate::options::{Manners, Options};
use crate::outcome::Asked;
use crate::{ffi, identity, log};

/// Asks for admission, then watches.
pub(crate) fn authenticate(pamh: &mut PamHandle, options: &Options) -> PamResultCode {
    if Attempt::of(pamh).is_some_and(|attempt| attempt.is_watching(pamh)) {
        return PamResultCode::PAM_IGNORE;
    }
    Attempt::retire(pamh);
    // A password that an earlier module asked for can be verified without another prompt.
    let at_hand = pamh.get_item::<AuthTok>().is_ok_and(|token| token.is_some());
    let (stage, asked) = if at_hand {
        (Stage::Answered, Asked::Answered)
    } else {
        (Stage::Prompting, Asked::Nothing)
    };
    admit(pamh, options, stage, |pamh, link| {
        crate::fault::at("admitted", options);
        let carried = Attempt::new(pamh, options, link, asked).carry(pamh);
        let watched = carried.and_then(|()| match Attempt::of(pamh) {
            Some(attempt) => attempt.watch(),
            None => Err("pam_get_data does not find the attempt".to_owned()),
        });
        match watched {
            Ok(()) => PamResultCode::PAM_IGNORE,
            Err(trouble) => options.failmode.code(&trouble, pamh),
        }
    })
}

/// Asks axesd; goes on with `admitted`, or returns what the rest of the stack is to hear.
pub(crate) fn admit(
    pamh: &mut PamHandle,
    options: &Options,
    stage: Stage,
    admitted: impl FnOnce(&mut PamHandle, Link) -> PamResultCode,
) -> PamResultCode {
    let client = match identity::client(pamh) {
        Ok(client) => client,
        Err(code) => return code,
    };
    let mut link = Link::new(options, client);
    match link.begin(stage) {
        Ok(Decision::GoOn) => {
            log::debug(pamh, options, "admitted");
            admitted(pamh, link)
        }
        Ok(Decision::Refused(sentence)) => refuse(pamh, options, &sentence),
        Err(error) => options.failmode.code(&error.0, pamh),
    }
}

/// Says why, to the person and to the log.
pub(crate) fn refuse(pamh: &PamHandle, options: &Options, sentence: &Sentence) -> PamResultCode {
    log::notice(pamh, &format!("refused: {sentence}"));
    // An empty sentence is `silent` of axesd.
    let explain = options.manners == Manners::Explain && !sentence.as_str().is_empty();
    if let Some(conversation) = ffi::conversation(pamh).filter(|_| explain) {
        ffi::show_error(&conversation, sentence.as_str());
    }
    options.code.to_pam()
}
