//! What the keeper remembers, and how it is judged again.

use std::collections::BTreeSet;

use crate::account::{Accounts, Learnt};
use crate::attempt::Failure;
use crate::client::Visitor;
use crate::effect::Effect;
use crate::familiar::Familiar;
use crate::flight::Flights;
use crate::judge::Judge;
use crate::keeper::Keeper;
use crate::ledger::Ledger;
use crate::lists::Entries;
use crate::note::Note;
use crate::seats::Seats;
use crate::settings::Settings;
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
        let judge = Judge { settings, entries: Entries::default(), accounts: Accounts::default() };
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
        let mut effects = keeper.replay(failures);
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

    /// Remembers what is known of an account, where a rule may ask for it; failures of before
    /// then count by that rule. What was remembered holds where nothing is known now.
    pub(super) fn meet(&mut self, visitor: &mut Visitor) -> Vec<Effect> {
        if !self.judge.settings.asks_for_accounts() {
            return Vec::new();
        }
        let Some(account) = &visitor.account else {
            visitor.account = self.judge.accounts.get(&visitor.stored.user).cloned();
            return Vec::new();
        };
        if self.judge.accounts.learn(account) == Learnt::Nothing {
            return Vec::new();
        }
        let mut effects = vec![Effect::Remember(Note::Account(account.clone()))];
        if self.ledger.failures().any(|failure| failure.client.user == account.name) {
            effects.extend(self.judge_again());
        }
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
        }
    }

    fn judge_again(&mut self) -> Vec<Effect> {
        let failures = self.ledger.failures().cloned().collect();
        let mut effects = self.replay(failures);
        effects.extend(self.reseat());
        effects
    }

    /// Counts a history again; says what no counter holds any more, and what is to be remembered
    /// of lockouts that ended meanwhile. The rest is long over and nobody's business.
    fn replay(&mut self, failures: Vec<Failure>) -> Vec<Effect> {
        let mut known: BTreeSet<u64> = failures.iter().map(|failure| failure.id).collect();
        let mut past = Vec::new();
        let mut ledger = self.ledger.afresh(&self.judge);
        for mut failure in failures {
            failure.at = failure.at.min(self.now);
            past.extend(ledger.expire(failure.at).0);
            let keys = self.judge.keys_of(&failure);
            past.extend(ledger.add(&self.judge, failure, &keys));
        }
        past.extend(ledger.expire(self.now).0);
        past.retain(|effect| matches!(effect, Effect::Remember(_) | Effect::Drop(_)));
        for failure in ledger.failures() {
            known.remove(&failure.id);
        }
        self.ledger = ledger;
        past.extend(known.into_iter().map(Effect::Forget));
        past
    }
}
