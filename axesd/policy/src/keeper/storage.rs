//! A store that cannot write for a while.

use crate::effect::{Effect, Refusal};
use crate::flight::Case;
use crate::keeper::Keeper;
use crate::settings::Settings;
use crate::storage::{OnStoreError, Storage};
use crate::time::Timestamp;

impl Keeper {
    /// From now on changes are kept, or are not.
    pub fn storage(&mut self, now: Timestamp, storage: Storage) -> Vec<Effect> {
        let mut effects = self.advance(now);
        self.judge.storage = storage;
        // Whoever waits at the gate must not get in by what becomes free.
        effects.extend(self.reseat());
        effects
    }

    /// Whether whoever is counted is refused because nothing is kept.
    #[must_use]
    pub fn refuses_unkept(&self) -> bool {
        let Settings { on_store_error, .. } = self.judge.settings;
        (self.judge.storage, on_store_error) == (Storage::Fails, OnStoreError::Secure)
    }

    /// Why an attempt must not go on: a lockout, or that its outcome would not be kept.
    pub(super) fn refusal(&self, case: &Case) -> Option<Refusal> {
        let counted = case.is_enforced() && !case.keys.is_empty();
        self.lockout(case).or_else(|| (counted && self.refuses_unkept()).then_some(Refusal::Unkept))
    }
}
