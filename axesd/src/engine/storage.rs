//! The disk: what the committer says of it on its way to the policy, and copies.

use axes_policy::storage::Storage;
use tokio::sync::watch;

use crate::engine::Engine;
use crate::store::{Dumping, StoreError};

impl Engine {
    /// Takes in what there is to say of the store, for ever; `None` is that it works.
    pub async fn heed_store(&self, mut alarm: watch::Receiver<Option<String>>) {
        while alarm.changed().await.is_ok() {
            let failing = alarm.borrow_and_update().is_some();
            self.storage(if failing { Storage::Fails } else { Storage::Works });
        }
    }

    /// Writes a copy of everything beside the database.
    pub async fn back_up(&self) -> Dumping {
        self.committer.dump().await.unwrap_or_else(|_| Err(StoreError::Closed.into()))
    }

    /// Whether whoever is counted is refused because nothing can be written.
    #[must_use]
    pub fn refuses_unkept(&self) -> bool {
        self.state.borrow().keeper.refuses_unkept()
    }

    fn storage(&self, storage: Storage) {
        let refused = self.refuses_unkept();
        let effects = self.state.borrow_mut().keeper.storage(self.clock.now(), storage);
        self.mind_deadline();
        self.carry_out(effects);
        match (refused, self.refuses_unkept()) {
            (false, true) => self.logger.warning(
                "whoever is counted is refused until attempts can be written (on_store_error)"
                    .to_owned(),
            ),
            (true, false) => self.logger.notice("logins are possible again".to_owned()),
            _ => {}
        }
    }
}
