//! Times in which nobody is refused: begun, ended, and over by themselves.

use std::sync::Arc;
use std::time::Duration;

use crate::effect::Effect;
use crate::keeper::Keeper;
use crate::note::{Note, NoteKey};
use crate::panic_off::{Boot, PanicOff, Span, TooLong};
use crate::time::Timestamp;

impl Keeper {
    /// From now on nobody is refused, in place of such a time that runs already.
    ///
    /// # Errors
    ///
    /// [`TooLong`], and nothing is changed.
    pub fn panic_off(
        &mut self,
        now: Timestamp,
        time: Duration,
        reason: Option<Arc<str>>,
    ) -> Result<Vec<Effect>, TooLong> {
        let off = PanicOff::new(self.now.max(now), time, reason)?;
        let mut effects = self.advance(now);
        effects.push(Effect::Remember(Note::PanicOff(off.clone())));
        self.judge.panic.off = Some(off);
        // Whoever waits at the gate waits for nothing.
        effects.extend(self.reseat());
        Ok(effects)
    }

    /// Ends what [`Keeper::panic_off`] began, which comes back.
    pub fn panic_on(&mut self, now: Timestamp) -> (Option<PanicOff>, Vec<Effect>) {
        let mut effects = self.advance(now);
        let ended = self.judge.panic.off.take();
        if ended.is_some() {
            effects.push(Effect::Drop(NoteKey::PanicOff));
            effects.extend(self.reseat());
        }
        (ended, effects)
    }

    /// The kernel command line says that nobody is to be refused while this host runs.
    pub fn panic_off_while_up(&mut self) -> Vec<Effect> {
        self.judge.panic.boot = Boot::Off;
        self.reseat()
    }

    /// Until when nobody is refused.
    #[must_use]
    pub fn panic_span(&self) -> Option<Span> {
        self.judge.panic.span()
    }

    /// Why nobody is refused, where an administrator said so.
    #[must_use]
    pub fn panic_reason(&self) -> Option<Arc<str>> {
        self.judge.panic.off.as_ref().and_then(|off| off.reason.clone())
    }

    /// Kept as it was recalled, so that a clock set back counts once.
    pub(super) fn recalled_panic_off(&self) -> Vec<Effect> {
        let off = self.judge.panic.off.iter().cloned();
        off.map(|off| Effect::Remember(Note::PanicOff(off))).collect()
    }

    pub(super) fn end_panic_off(&mut self) -> Vec<Effect> {
        let Some(off) = self.judge.panic.pop_ended(self.now) else { return Vec::new() };
        let mut effects = vec![Effect::Drop(NoteKey::PanicOff), Effect::PanicOver(off)];
        effects.extend(self.reseat());
        effects
    }
}
