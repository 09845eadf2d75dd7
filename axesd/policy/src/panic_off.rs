//! A time in which nobody is refused, for an administrator who locked himself out.

use std::sync::Arc;
use std::time::Duration;

use crate::time::Timestamp;

/// Such a time lasts this long at most: nobody forgets it for ever.
pub const MOST: Duration = Duration::from_secs(24 * 3600);

/// A time in which nobody is refused. Attempts are counted and logged all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PanicOff {
    /// When it began.
    pub since: Timestamp,
    /// When it ends by itself.
    pub until: Timestamp,
    /// Why.
    pub reason: Option<Arc<str>>,
}

/// Until when nobody is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// Until this moment.
    Until(Timestamp),
    /// For as long as the host runs: the kernel command line says so.
    Uptime,
}

/// More than [`MOST`] was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("panic-off lasts 24 hours at most: to switch axesd off for good use enabled = false")]
pub struct TooLong;

/// Whether anybody is refused at all.
#[derive(Debug, Default)]
pub(crate) struct Panic {
    /// What the administrator said.
    pub(crate) off: Option<PanicOff>,
    /// What the kernel command line says.
    pub(crate) boot: Boot,
}

/// What the kernel command line says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Boot {
    /// Nothing.
    #[default]
    Silent,
    /// Nobody is to be refused.
    Off,
}

impl PanicOff {
    /// One that begins now.
    ///
    /// # Errors
    ///
    /// [`TooLong`].
    pub fn new(
        since: Timestamp,
        time: Duration,
        reason: Option<Arc<str>>,
    ) -> Result<Self, TooLong> {
        if time > MOST {
            return Err(TooLong);
        }
        Ok(Self { since, until: since.after(time), reason })
    }

    /// What is left of it after a restart. Where it lies ahead, the clock was set back: it never
    /// lasts longer from now on than it was meant to last in all.
    pub(crate) fn recalled(self, now: Timestamp) -> Self {
        let time = self.until.since(self.since).min(MOST);
        let since = self.since.min(now);
        Self { since, until: self.until.min(since.after(time)), ..self }
    }
}

impl Panic {
    /// Until when nobody is refused; `None` where whoever is locked or listed is.
    pub(crate) fn span(&self) -> Option<Span> {
        match self.boot {
            Boot::Off => Some(Span::Uptime),
            Boot::Silent => self.off.as_ref().map(|off| Span::Until(off.until)),
        }
    }

    /// When it ends by itself.
    pub(crate) fn next_end(&self) -> Option<Timestamp> {
        self.off.as_ref().map(|off| off.until)
    }

    /// Ends it once its time is over.
    pub(crate) fn pop_ended(&mut self, now: Timestamp) -> Option<PanicOff> {
        self.off.take_if(|off| off.until <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn off(since: u64, until: u64) -> PanicOff {
        PanicOff { since: at(since), until: at(until), reason: None }
    }

    #[test]
    fn a_day_is_the_most() {
        assert!(PanicOff::new(at(0), MOST, None).is_ok());
        assert_eq!(PanicOff::new(at(0), MOST + Duration::from_millis(1), None), Err(TooLong));
    }

    #[test]
    fn what_is_recalled_ends_when_it_was_to_end() {
        assert_eq!(off(100, 700).recalled(at(400)), off(100, 700));
    }

    #[test]
    fn a_clock_that_was_set_back_gives_the_time_once_more_and_no_longer() {
        assert_eq!(off(10_000, 10_600).recalled(at(400)), off(400, 1000));
        assert_eq!(off(10_000, 10_600).recalled(at(400)).recalled(at(900)), off(400, 1000));
    }

    #[test]
    fn an_end_that_nobody_could_have_asked_for_is_not_believed() {
        let day = MOST.as_secs();
        assert_eq!(off(100, u64::MAX / 1000).recalled(at(200)), off(100, 100 + day));
    }
}
