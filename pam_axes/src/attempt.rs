//! One attempt, from admission to verdict, as the handle carries it.

use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use axes_proto::pam::Outcome;
use axes_proto::text::Sentence;
use pam::module::PamHandle;

use crate::ffi::{self, Conversation};
use crate::link::{Decision, Link, Unreachable};
use crate::options::{FailMode, Manners, Options};
use crate::outcome::{Asked, outcome};
use crate::{conversation, delay, live, log, panics};

/// The name under which a handle carries its attempt.
const KEY: &str = "pam_axes";

/// One attempt.
pub(crate) struct Attempt {
    /// Only this process acts; a fork that carries a copy keeps still.
    process: u32,
    handle: *mut PamHandle,
    options: Options,
    /// Locked while axesd is asked; never waited for.
    link: Mutex<Link>,
    state: Mutex<State>,
    /// What the application had installed.
    application: Conversation,
    application_delay: *const c_void,
}

#[derive(Clone, Copy, Debug)]
struct State {
    asked: Asked,
    phase: Phase,
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
            link: Mutex::new(link),
            state: Mutex::new(State { asked, phase: Phase::Classic }),
            application: ffi::conversation(pamh).unwrap_or(none),
            application_delay: ffi::delay(pamh),
        }
    }

    /// The attempt that a handle carries, if this process began it.
    pub(crate) fn of(pamh: &PamHandle) -> Option<&Self> {
        Self::carried(pamh).filter(|attempt| attempt.is_ours())
    }

    /// Ends what an earlier call of pam_authenticate left behind on the handle.
    pub(crate) fn retire(pamh: &PamHandle) {
        if let Some(attempt) = Self::carried(pamh) {
            attempt.let_go();
        }
    }

    /// Gives the attempt to the handle; replaces an older one.
    pub(crate) fn carry(self, pamh: &mut PamHandle) -> Result<(), String> {
        pamh.set_data(KEY, Box::new(self)).map_err(|code| format!("pam_set_data: {code:?}"))
    }

    /// Installs the gate and the hook for the verdict.
    pub(crate) fn watch(&self) -> Result<(), String> {
        let Some(pamh) = ffi::handle(self.handle) else { return Ok(()) };
        if !live::add(self.address()) {
            return Err("too many attempts at once in this process".to_owned());
        }
        self.enter(Phase::Watching);
        let refused = |it: ffi::Refused| format!("pam_set_item: code {}", it.0);
        ffi::set_conversation(pamh, &self.gate())
            .and_then(|()| ffi::set_delay(pamh, ffi::as_item(delay::verdict)))
            .map_err(refused)
            .inspect_err(|_| self.restore())?;
        crate::fault::at("watched", &self.options);
        Ok(())
    }

    /// The attempt behind a pointer that libpam gave to a callback; `None` for somebody else's.
    pub(crate) fn behind<'a>(appdata: *mut c_void) -> Option<&'a Self> {
        let pointer = appdata.cast::<Self>();
        if !live::contains(pointer) {
            return None;
        }
        #[expect(unsafe_code, reason = "the PAM edge")]
        // SAFETY: an attempt that is alive is carried by its handle: `restore` takes it out
        // before it goes.
        unsafe {
            ffi::own(pointer)
        }
    }

    /// Whether this very call of pam_authenticate is watched already, by another line.
    pub(crate) fn is_watching(&self, pamh: &PamHandle) -> bool {
        self.phase() == Phase::Watching && ffi::delay(pamh) == ffi::as_item(delay::verdict)
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

    pub(crate) fn fault_at_the_gate(&self) {
        crate::fault::at("gate", &self.options);
    }

    pub(crate) fn phase(&self) -> Phase {
        self.state().phase
    }

    /// The account phase has seen the success.
    pub(crate) fn complete(&self) {
        self.enter(Phase::Over);
    }

    /// A prompt was shown and not answered.
    pub(crate) fn cancelled(&self) {
        let mut state = self.state();
        if state.asked == Asked::Nothing {
            state.asked = Asked::Cancelled;
        }
    }

    /// A prompt was answered: asks axesd, unless an earlier answer has been let through.
    pub(crate) fn answered(&self) -> Passage {
        match self.asked() {
            Asked::Answered => return Passage::Open,
            Asked::TurnedAway => return Passage::Closed,
            Asked::Nothing | Asked::Cancelled => {}
        }
        let decision = self.with_link(|link| {
            crate::fault::at("asking", &self.options);
            link.answered()
        });
        crate::fault::at("answered", &self.options);
        match decision.unwrap_or_else(|| Err(busy())) {
            Ok(Decision::GoOn) => self.pass(Passage::Open),
            Ok(Decision::Refused(sentence)) => self.turn_away(&sentence),
            Err(error) => self.fail(&error.0),
        }
    }

    /// Whether an answer may go on that axesd could not be asked about.
    pub(crate) fn fail(&self, reason: &str) -> Passage {
        let Some(pamh) = ffi::handle(self.handle) else {
            return self.pass(Passage::Closed);
        };
        // Logs the reason; the code itself is for those who can return one.
        self.options.failmode.code(reason, pamh);
        self.pass(match (self.options.failmode, self.asked()) {
            (FailMode::Safe, Asked::TurnedAway) | (FailMode::Secure, _) => Passage::Closed,
            (FailMode::Safe, _) => Passage::Open,
        })
    }

    /// The stack came to an end with this code: puts everything back and reports.
    pub(crate) fn finish(&self, status: c_int) {
        crate::fault::at("verdict", &self.options);
        self.restore();
        self.report(outcome(self.asked(), status));
    }

    /// Reports how the attempt ended; without an outcome it just hangs up.
    pub(crate) fn report(&self, outcome: Option<Outcome>) {
        let success = outcome == Some(Outcome::Success);
        self.enter(if success { Phase::Succeeded } else { Phase::Over });
        let Some(outcome) = outcome else {
            self.with_link(Link::close);
            return;
        };
        let reported = self.with_link(|link| {
            crate::fault::at("report", &self.options);
            link.verdict(outcome)
        });
        let reported = reported.unwrap_or_else(|| Err(busy()));
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

    /// Puts everything back and hangs up, which counts an answer that was let through.
    pub(crate) fn let_go(&self) {
        self.restore();
        self.with_link(Link::close);
    }

    /// Puts the application's own conversation and delay back, where ours still stand.
    pub(crate) fn restore(&self) {
        if self.phase() != Phase::Watching {
            return;
        }
        self.enter(Phase::Over);
        live::remove(self.address());
        let Some(pamh) = ffi::handle(self.handle) else { return };
        // Nothing can be done about a refusal; libpam refuses only a null conversation.
        if ffi::conversation(pamh).is_some_and(|now| now.appdata == self.gate().appdata) {
            let _ = ffi::set_conversation(pamh, &self.application);
        }
        if ffi::delay(pamh) == ffi::as_item(delay::verdict) {
            let _ = ffi::set_delay(pamh, self.application_delay);
        }
    }

    fn gate(&self) -> Conversation {
        Conversation { function: Some(conversation::gate), appdata: self.address().cast() }
    }

    const fn address(&self) -> *mut Self {
        ptr::from_ref(self).cast_mut()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn asked(&self) -> Asked {
        self.state().asked
    }

    fn enter(&self, phase: Phase) {
        self.state().phase = phase;
    }

    /// `None` while another thread is asking, or was cancelled while it did. After a panic it is
    /// used on: the verdict has to be reported.
    fn with_link<T>(&self, run: impl FnOnce(&mut Link) -> T) -> Option<T> {
        let mut link = match self.link.try_lock() {
            Ok(link) => link,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        Some(run(&mut link))
    }

    fn carried(pamh: &PamHandle) -> Option<&Self> {
        #[expect(unsafe_code, reason = "the PAM edge")]
        // SAFETY: nothing but `carry` stores under this key.
        let attempt = unsafe { pamh.get_data::<Self>(KEY) };
        attempt.ok()
    }

    fn turn_away(&self, sentence: &Sentence) -> Passage {
        // First: whatever becomes of telling him, his answer does not pass.
        let closed = self.pass(Passage::Closed);
        if let Some(pamh) = ffi::handle(self.handle) {
            log::notice(pamh, &format!("pam_axes: answer not verified: {sentence}"));
        }
        if self.options.manners == Manners::Explain && !sentence.as_str().is_empty() {
            ffi::show_error(&self.application, sentence.as_str());
        }
        closed
    }

    /// Remembers how an answer passed the gate.
    fn pass(&self, passage: Passage) -> Passage {
        self.state().asked = match passage {
            Passage::Open => Asked::Answered,
            Passage::Closed => Asked::TurnedAway,
        };
        passage
    }
}

impl Drop for Attempt {
    /// The handle ends, or begins anew, before a verdict was heard.
    fn drop(&mut self) {
        // Whatever happens next, no callback follows a pointer to it.
        live::remove(self.address());
        // A panic while another one unwinds would end the host.
        panics::guard(|| {
            crate::fault::at("cleanup", &self.options);
            self.restore();
        });
    }
}

fn busy() -> Unreachable {
    Unreachable("another thread of this process is asking axesd".to_owned())
}
