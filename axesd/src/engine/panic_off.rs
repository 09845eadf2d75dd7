//! Panic-off: for a time, or for as long as the host runs, nobody is refused.

use std::sync::Arc;
use std::time::Duration;

use axes_policy::effect::Effect;
use axes_policy::panic_off::{PanicOff, Span, TooLong};

use crate::engine::{Engine, sentence};
use crate::store::Committed;

/// What there is to say of a panic-off that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// How long it lasts; `None` where the kernel command line says so.
    pub left: Option<Duration>,
    /// Why.
    pub reason: Option<Arc<str>>,
}

impl Engine {
    /// Refuses nobody for some time. Returns when that is on disk, or cannot be.
    ///
    /// # Errors
    ///
    /// [`TooLong`], and nothing is changed.
    pub async fn panic_off(
        &self,
        time: Duration,
        reason: Option<Arc<str>>,
    ) -> Result<Committed, TooLong> {
        let now = self.clock.now();
        let effects = self.state.borrow_mut().keeper.panic_off(now, time, reason.clone())?;
        self.mind_deadline();
        let until = sentence::entry_until(Some(now.after(time)), &self.clock);
        let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        self.logger.warning(format!("panic-off: nobody is refused{until}{reason}"));
        Ok(self.keep(effects).await)
    }

    /// Ends it; the future is over when that is on disk, or cannot be.
    pub async fn panic_on(&self) -> Committed {
        let (ended, effects) = self.state.borrow_mut().keeper.panic_on(self.clock.now());
        if ended.is_some() {
            self.logger.warning("panic-off was ended: whoever is locked is refused".to_owned());
        }
        self.keep(effects).await
    }

    /// Refuses nobody for as long as this host runs.
    pub fn panic_off_while_up(&self) {
        let effects = self.state.borrow_mut().keeper.panic_off_while_up();
        self.logger.warning(
            "axes=off on the kernel command line: nobody is refused until the next boot".to_owned(),
        );
        self.carry_out(effects);
    }

    /// Whether nobody is refused, and for how long.
    #[must_use]
    pub fn panic_held(&self) -> Option<Held> {
        self.catch_up();
        let now = self.clock.now();
        let state = self.state.borrow();
        state.keeper.panic_span().map(|span| match span {
            Span::Uptime => Held { left: None, reason: None },
            Span::Until(until) => {
                Held { left: Some(until.since(now)), reason: state.keeper.panic_reason() }
            }
        })
    }

    /// The one that a restart found, or that ended by itself, is a line in the log.
    pub(super) fn tell_of_panic(&self, effects: &[Effect]) {
        for effect in effects {
            if let Effect::PanicOver(PanicOff { .. }) = effect {
                let over = "panic-off is over by itself: whoever is locked is refused";
                self.logger.warning(over.to_owned());
            }
        }
    }

    /// After a restart: that it still holds.
    pub(super) fn tell_of_panic_held(&self) {
        let state = self.state.borrow();
        if let Some(Span::Until(until)) = state.keeper.panic_span() {
            let until = sentence::entry_until(Some(until), &self.clock);
            self.logger.warning(format!("panic-off still holds: nobody is refused{until}"));
        }
    }
}
