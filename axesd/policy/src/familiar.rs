//! Addresses from which users logged in not long ago.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use smol_str::SmolStr;

use crate::attempt::Lane;
use crate::effect::Effect;
use crate::key::Origin;
use crate::note::{Note, NoteKey};
use crate::time::Timestamp;
use crate::timed::Timed;

/// Pairs of user and address that are remembered; the oldest go.
const MOST: usize = 100_000;
/// Addresses of one user: whoever logs in from everywhere pushes nobody else out.
const OF_ONE: usize = 100;
/// A login this part of the time after the last one is not worth another record.
const WORTH_NOTING: u32 = 100;

/// Addresses from which users logged in not long ago.
#[derive(Debug, Default)]
pub(crate) struct Familiar {
    seen: Timed<Pair, Timestamp>,
    /// The addresses of each user, and since when; the oldest first.
    of: HashMap<SmolStr, BTreeSet<(Timestamp, Origin)>>,
}

type Pair = (SmolStr, Origin);

impl Familiar {
    /// The lane of a user who comes from there.
    pub(crate) fn lane(&self, user: &SmolStr, origin: Origin) -> Lane {
        match self.seen.get(&(user.clone(), origin)) {
            Some(_) => Lane::Familiar,
            None => Lane::Stranger,
        }
    }

    /// A user logged in from there.
    pub(crate) fn greet(
        &mut self,
        now: Timestamp,
        user: SmolStr,
        origin: Origin,
        familiar_for: Duration,
    ) -> Vec<Effect> {
        let pair = (user, origin);
        let last = self.seen.get(&pair);
        if last.is_some_and(|last| now.since(*last) < familiar_for / WORTH_NOTING) {
            return Vec::new();
        }
        let (user, origin) = pair;
        let note = Note::Familiar { user: user.clone(), origin: origin.clone(), at: now };
        let mut effects = vec![Effect::Remember(note)];
        self.recall(now, user.clone(), origin, familiar_for);
        effects.extend(self.make_room(&user).map(forgotten));
        effects
    }

    /// What was noted before a restart, or under other settings.
    pub(crate) fn recall(
        &mut self,
        at: Timestamp,
        user: SmolStr,
        origin: Origin,
        familiar_for: Duration,
    ) {
        let pair = (user, origin);
        self.forget(&pair);
        self.of.entry(pair.0.clone()).or_default().insert((at, pair.1.clone()));
        self.seen.insert(pair, at, at.after(familiar_for));
    }

    /// Goes on with another time; `None` forgets everybody at the next chance.
    pub(crate) fn reconfigure(&mut self, familiar_for: Option<Duration>) {
        let mut before = std::mem::take(self);
        while let Some(((user, origin), at)) = before.seen.pop_first() {
            self.recall(at, user, origin, familiar_for.unwrap_or_default());
        }
    }

    pub(crate) fn expire(&mut self, now: Timestamp) -> Vec<Effect> {
        let mut effects = Vec::new();
        while let Some((pair, at)) = self.seen.pop_ended(now) {
            self.unlist(&pair, at);
            effects.push(forgotten(pair));
        }
        effects
    }

    /// The pair that has to go because there are too many, of one user or in all.
    fn make_room(&mut self, user: &SmolStr) -> Option<Pair> {
        let own = self.of.get(user).filter(|addresses| addresses.len() > OF_ONE);
        if let Some((_, oldest)) = own.and_then(BTreeSet::first) {
            let pair = (user.clone(), oldest.clone());
            self.forget(&pair);
            return Some(pair);
        }
        if self.seen.len() <= MOST {
            return None;
        }
        let (pair, at) = self.seen.pop_first()?;
        self.unlist(&pair, at);
        Some(pair)
    }

    fn forget(&mut self, pair: &Pair) {
        if let Some(at) = self.seen.remove(pair) {
            self.unlist(pair, at);
        }
    }

    fn unlist(&mut self, (user, origin): &Pair, at: Timestamp) {
        let Some(addresses) = self.of.get_mut(user) else { return };
        addresses.remove(&(at, origin.clone()));
        if addresses.is_empty() {
            self.of.remove(user);
        }
    }

    pub(crate) fn next_end(&self) -> Option<Timestamp> {
        self.seen.next_end()
    }
}

fn forgotten((user, origin): Pair) -> Effect {
    Effect::Drop(NoteKey::Familiar(user, origin))
}
