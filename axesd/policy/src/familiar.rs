//! Addresses from which users logged in not long ago.

use std::sync::Arc;
use std::time::Duration;

use crate::attempt::Lane;
use crate::effect::Effect;
use crate::key::Origin;
use crate::note::{Note, NoteKey};
use crate::time::Timestamp;
use crate::timed::Timed;

/// Pairs of user and address that are remembered; the oldest go.
const MOST: usize = 100_000;
/// A login this part of the time after the last one is not worth another record.
const WORTH_NOTING: u32 = 100;

/// Addresses from which users logged in not long ago.
#[derive(Debug, Default)]
pub(crate) struct Familiar {
    seen: Timed<(Arc<str>, Origin), Timestamp>,
}

impl Familiar {
    /// The lane of a user who comes from there.
    pub(crate) fn lane(&self, user: &Arc<str>, origin: Origin) -> Lane {
        match self.seen.get(&(user.clone(), origin)) {
            Some(_) => Lane::Familiar,
            None => Lane::Stranger,
        }
    }

    /// A user logged in from there.
    pub(crate) fn greet(
        &mut self,
        now: Timestamp,
        user: Arc<str>,
        origin: Origin,
        familiar_for: Duration,
    ) -> Vec<Effect> {
        let pair = (user, origin);
        let last = self.seen.get(&pair);
        if last.is_some_and(|last| now.since(*last) < familiar_for / WORTH_NOTING) {
            return Vec::new();
        }
        let (user, origin) = pair.clone();
        let note = Note::Familiar { user, origin, at: now };
        self.seen.insert(pair, now, now.after(familiar_for));
        let mut effects = vec![Effect::Remember(note)];
        if self.seen.len() > MOST {
            effects.extend(self.seen.pop_first().map(|(pair, _)| forgotten(pair)));
        }
        effects
    }

    /// What was noted before a restart, or under other settings.
    pub(crate) fn recall(
        &mut self,
        at: Timestamp,
        user: Arc<str>,
        origin: Origin,
        familiar_for: Duration,
    ) {
        self.seen.insert((user, origin), at, at.after(familiar_for));
    }

    /// Goes on with another time; `None` forgets everybody at the next chance.
    pub(crate) fn reconfigure(&mut self, familiar_for: Option<Duration>) {
        let mut before = std::mem::take(self);
        while let Some(((user, origin), at)) = before.seen.pop_first() {
            self.recall(at, user, origin, familiar_for.unwrap_or_default());
        }
    }

    pub(crate) fn expire(&mut self, now: Timestamp) -> Vec<Effect> {
        std::iter::from_fn(|| self.seen.pop_ended(now)).map(|(pair, _)| forgotten(pair)).collect()
    }

    pub(crate) fn next_end(&self) -> Option<Timestamp> {
        self.seen.next_end()
    }
}

fn forgotten((user, origin): (Arc<str>, Origin)) -> Effect {
    Effect::Drop(NoteKey::Familiar(user, origin))
}
