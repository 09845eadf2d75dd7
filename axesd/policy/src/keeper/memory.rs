//! What the keeper remembers, and how it is judged again.

use crate::account::Learnt;
use crate::attempt::Failure;
use crate::client::Visitor;
use crate::effect::Effect;
use crate::familiar::Familiar;
use crate::flight::Flights;
use crate::judge::Judge;
use crate::keeper::Keeper;
use crate::ledger::Ledger;
use crate::note::Note;
use crate::seats::Seats;
use crate::settings::{Keep, Settings};
use crate::time::Timestamp;

impl Keeper {
    /// A gatekeeper that remembers these failures, given in the order of their numbers, and notes.
    ///
    /// A failure that lies ahead of `now` was recorded by a clock that has been set back since;
    /// it counts as one of now.
    #[must_use]
    pub fn new(
        settings: Settings,
        now: Timestamp,
        failures: Vec<Failure>,
        notes: Vec<Note>,
    ) -> (Self, Vec<Effect>) {
        let judge = Judge::new(settings);
        let mut keeper = Self {
            judge,
            now,
            ledger: Ledger::default(),
            familiar: Familiar::default(),
            seats: Seats::default(),
            flights: Flights::default(),
            tickets: 0,
        };
        notes.into_iter().for_each(|note| keeper.recall(note));
        let mut effects = keeper.recalled_panic_off();
        keeper.ledger.begin_anew(&keeper.judge);
        effects.extend(keeper.ledger.replay(&keeper.judge, failures, now));
        effects.extend(keeper.advance(now));
        (keeper, effects)
    }

    /// Judges history, and whoever is in flight, by other settings.
    pub fn reconfigure(&mut self, now: Timestamp, settings: Settings) -> Vec<Effect> {
        let mut effects = self.advance(now);
        self.judge.settings = settings;
        self.familiar.reconfigure(self.judge.settings.familiar_for);
        effects.extend(self.judge_again());
        effects
    }

    /// Remembers what is known of an account, where a rule or a list may ask for it; failures of
    /// before then count by that rule.
    pub(super) fn meet(&mut self, visitor: &Visitor) -> Vec<Effect> {
        // Names are not to be remembered where they are not kept.
        let named = self.judge.settings.privacy.usernames == Keep::Plain;
        let Some(account) = visitor.account.as_ref().filter(|_| named) else { return Vec::new() };
        if !self.judge.asks_for_accounts() {
            return Vec::new();
        }
        let before = self.judge.accounts.get(&account.name).cloned();
        if self.judge.accounts.learn(account) == Learnt::Nothing {
            return Vec::new();
        }
        let mut effects = vec![Effect::Remember(Note::Account(account.clone()))];
        let settings = &self.judge.settings;
        if !settings.tells_apart(&account.name, before.as_deref(), Some(account)) {
            return effects;
        }
        // All of it is costly; whoever is in flight has to move in any case.
        let counted = self.ledger.holds(&account.name);
        effects.extend(if counted { self.judge_again() } else { self.reseat() });
        effects
    }

    fn recall(&mut self, note: Note) {
        match note {
            Note::Familiar { user, origin, at } => {
                let time = self.judge.settings.familiar_for.unwrap_or_default();
                self.familiar.recall(at.min(self.now), user, origin, time);
            }
            Note::Level { key, level, ended } => {
                self.ledger.recall_level(&self.judge, key, level, ended.min(self.now));
            }
            Note::Account(account) => drop(self.judge.accounts.learn(&account)),
            // As many as were kept once fit again.
            Note::Entry(entry) => drop(self.judge.entries.put(vec![entry])),
            Note::PanicOff(off) => self.judge.panic.off = Some(off.recalled(self.now)),
        }
    }

    fn judge_again(&mut self) -> Vec<Effect> {
        let failures = self.ledger.begin_anew(&self.judge);
        let mut effects = self.ledger.replay(&self.judge, failures, self.now);
        effects.extend(self.reseat());
        effects
    }
}
