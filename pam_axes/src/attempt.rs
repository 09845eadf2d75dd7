//! One attempt, from admission to verdict, as the handle carries it.

use std::cell::{Cell, RefCell};
use std::ffi::{c_int, c_void};
use std::ptr;

use axes_proto::pam::Outcome;
use axes_proto::text::Sentence;
use pam::module::{PamHandle, PamResult};

use crate::ffi::{self, Conversation};
use crate::link::{Decision, Link};
use crate::options::{FailMode, Manners, Options};
use crate::outcome::{Asked, outcome};
use crate::{conversation, delay, log};

/// The name under which a handle carries its attempt.
const KEY: &str = "pam_axes";

thread_local! {
    /// The attempt that is being watched on this thread; the inner one where calls nest.
    static WATCHED: Cell<*const Attempt> = const { Cell::new(ptr::null()) };
}

/// One attempt.
pub(crate) struct Attempt {
    /// Only this process acts; a fork that carries a copy keeps still.
    process: u32,
    handle: *mut PamHandle,
    options: Options,
    link: RefCell<Link>,
    asked: Cell<Asked>,
    phase: Cell<Phase>,
    /// What the application had installed.
    application: Conversation,
    application_delay: *const c_void,
    /// What this thread was watching before.
    outer: *const Attempt,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Between the auth lines of a classic stack.
    Classic,
    /// Wrapped and hooked.
    Watching,
    /// The user authenticated; the account phase has not seen it yet.
    Succeeded,
    /// Nothing more to do.
    Over,
}

/// Whether an answer may go on to be verified.
pub(crate) enum Passage {
    Open,
    Closed,
}

impl Attempt {
    pub(crate) fn new(pamh: &mut PamHandle, options: &Options, link: Link, asked: Asked) -> Self {
        let none = Conversation { function: None, appdata: ptr::null_mut() };
        Self {
            process: std::process::id(),
            handle: pamh,
            options: options.clone(),
            link: RefCell::new(link),
            asked: Cell::new(asked),
            phase: Cell::new(Phase::Classic),
            application: ffi::conversation(pamh).unwrap_or(none),
            application_delay: ffi::delay(pamh),
            outer: WATCHED.get(),
        }
    }

    /// The attempt that a handle carries, if this process began it.
    pub(crate) fn of(pamh: &PamHandle) -> Option<&Self> {
        Self::carried(pamh).filter(|attempt| attempt.is_ours())
    }

    /// Ends what an earlier call of pam_authenticate left behind on the handle.
    pub(crate) fn retire(pamh: &PamHandle) {
        if let Some(attempt) = Self::carried(pamh) {
            attempt.restore();
            attempt.link.borrow_mut().close();
        }
    }

    /// Gives the attempt to the handle; replaces an older one.
    pub(crate) fn carry(self, pamh: &mut PamHandle) -> PamResult<()> {
        pamh.set_data(KEY, Box::new(self))
    }

    /// Installs the gate and the hook for the verdict.
    pub(crate) fn watch(&self) -> Result<(), ffi::Refused> {
        let Some(pamh) = ffi::handle(self.handle) else {
            return Ok(());
        };
        let this = ptr::from_ref(self);
        let gate =
            Conversation { function: Some(conversation::gate), appdata: this.cast_mut().cast() };
        ffi::set_conversation(pamh, &gate)?;
        self.phase.set(Phase::Watching);
        WATCHED.set(this);
        ffi::set_delay(pamh, ffi::as_item(delay::verdict)).inspect_err(|_| self.restore())
    }

    /// The attempt behind a pointer that libpam gave to a callback; `None` for somebody else's.
    pub(crate) fn behind<'a>(appdata: *mut c_void) -> Option<&'a Self> {
        let pointer = appdata.cast_const().cast::<Self>();
        if pointer != WATCHED.get() {
            return None;
        }
        #[expect(unsafe_code, reason = "the PAM edge")]
        // SAFETY: WATCHED is null or an attempt that its handle still carries: `restore` clears
        // it before the attempt goes.
        unsafe {
            ffi::own(pointer)
        }
    }

    /// Whether this very call of pam_authenticate is watched already, by another line.
    pub(crate) fn is_watching(&self, pamh: &PamHandle) -> bool {
        self.phase.get() == Phase::Watching && ffi::delay(pamh) == ffi::as_item(delay::verdict)
    }

    pub(crate) fn is_ours(&self) -> bool {
        self.process == std::process::id()
    }

    pub(crate) const fn application(&self) -> &Conversation {
        &self.application
    }

    pub(crate) const fn application_delay(&self) -> *const c_void {
        self.application_delay
    }

    pub(crate) const fn failmode(&self) -> FailMode {
        self.options.failmode
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase.get()
    }

    /// The account phase has seen the success.
    pub(crate) fn complete(&self) {
        self.phase.set(Phase::Over);
    }

    /// A prompt was shown and not answered.
    pub(crate) fn cancelled(&self) {
        if self.asked.get() == Asked::Nothing {
            self.asked.set(Asked::Cancelled);
        }
    }

    /// A prompt was answered: asks axesd, unless an earlier answer has been let through.
    pub(crate) fn answered(&self) -> Passage {
        match self.asked.get() {
            Asked::Answered => return Passage::Open,
            Asked::TurnedAway => return Passage::Closed,
            Asked::Nothing | Asked::Cancelled => {}
        }
        let decision = self.link.borrow_mut().answered();
        let passage = match decision {
            Ok(Decision::GoOn) => Passage::Open,
            Ok(Decision::Refused(sentence)) => self.turn_away(&sentence),
            Err(error) => self.fail(&error.0),
        };
        self.asked.set(match passage {
            Passage::Open => Asked::Answered,
            Passage::Closed => Asked::TurnedAway,
        });
        passage
    }

    /// The stack came to an end with this code: puts everything back and reports.
    pub(crate) fn finish(&self, status: c_int) {
        self.restore();
        let outcome = outcome(self.asked.get(), status);
        self.report(outcome);
    }

    /// Reports how the attempt ended; without an outcome it just hangs up.
    pub(crate) fn report(&self, outcome: Option<Outcome>) {
        let success = outcome == Some(Outcome::Success);
        self.phase.set(if success { Phase::Succeeded } else { Phase::Over });
        let Some(outcome) = outcome else {
            return self.link.borrow_mut().close();
        };
        let reported = self.link.borrow_mut().verdict(outcome);
        let Some(pamh) = ffi::handle(self.handle) else {
            return;
        };
        match reported {
            Ok(()) => log::debug(pamh, &self.options, &format!("reported {outcome:?}")),
            Err(error) => {
                log::error(pamh, &format!("{outcome:?} could not be reported: {}", error.0));
            }
        }
    }

    /// Puts the application's own conversation and delay back.
    pub(crate) fn restore(&self) {
        if self.phase.get() != Phase::Watching {
            return;
        }
        self.phase.set(Phase::Over);
        WATCHED.set(self.outer);
        let Some(pamh) = ffi::handle(self.handle) else {
            return;
        };
        // Nothing can be done about a refusal; libpam refuses only a null conversation.
        let _ = ffi::set_conversation(pamh, &self.application);
        let _ = ffi::set_delay(pamh, self.application_delay);
    }

    fn carried(pamh: &PamHandle) -> Option<&Self> {
        #[expect(unsafe_code, reason = "the PAM edge")]
        // SAFETY: nothing but `carry` stores under this key.
        let attempt = unsafe { pamh.get_data::<Self>(KEY) };
        attempt.ok()
    }

    fn turn_away(&self, sentence: &Sentence) -> Passage {
        if let Some(pamh) = ffi::handle(self.handle) {
            log::notice(pamh, &format!("answer not verified: {sentence}"));
        }
        if self.options.manners == Manners::Explain {
            ffi::show_error(&self.application, sentence.as_str());
        }
        Passage::Closed
    }

    fn fail(&self, reason: &str) -> Passage {
        let Some(pamh) = ffi::handle(self.handle) else {
            return Passage::Closed;
        };
        // Logs the reason; the code itself is for those who can return one.
        self.options.failmode.code(reason, pamh);
        match self.options.failmode {
            FailMode::Safe => Passage::Open,
            FailMode::Secure => Passage::Closed,
        }
    }
}

impl Drop for Attempt {
    /// The handle ends, or begins anew, before a verdict was heard.
    fn drop(&mut self) {
        self.restore();
    }
}
