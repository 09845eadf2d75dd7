//! What speaks for and against a client. Asking changes nothing.

use std::sync::Arc;

use axes_policy::attempt::{Attempt, Outcome};
use axes_policy::client::{Client, Visitor};
use axes_policy::effect::CounterState;
use axes_policy::keeper::Explanation;
use axes_policy::lists::ListName;
use axes_policy::settings::{Keep, Privacy};
use axes_policy::subject::Subject;
use axes_policy::time::Timestamp;

use crate::engine::Engine;

/// Where an entry of a list stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the configuration.
    Configured,
    /// It was made at run time; when it ends by itself.
    RunTime(Option<Timestamp>),
}

impl Engine {
    /// Whether a client would be let in now, and why.
    #[must_use]
    pub fn explain(&self, visitor: &Visitor) -> Explanation {
        self.catch_up();
        self.state.borrow().keeper.explain(visitor)
    }

    /// The newest failures in the access log that a counter holds, oldest first: those of the
    /// clients that are meant, among the newest entries.
    #[must_use]
    pub fn held_by(
        &self,
        counter: &CounterState,
        most: usize,
        looked_at: usize,
        is_meant: impl Fn(&Client) -> bool,
    ) -> Vec<Arc<Attempt>> {
        let state = self.state.borrow();
        state.log.newest(most, looked_at, |attempt| {
            attempt.outcome == Outcome::Failure
                && attempt.at >= counter.first
                && is_meant(&attempt.client)
                && state.keeper.falls_into(&attempt.client, &counter.key)
        })
    }

    /// Whether one of the newest entries of the access log is of a client that is meant.
    #[must_use]
    pub fn has_tried(&self, looked_at: usize, is_meant: impl Fn(&Client) -> bool) -> bool {
        let state = self.state.borrow();
        !state.log.newest(1, looked_at, |attempt| is_meant(&attempt.client)).is_empty()
    }

    /// Whether enough is kept to know one person and one address from another again.
    #[must_use]
    pub fn tells_clients_apart(&self) -> bool {
        let Privacy { usernames, addresses } = self.state.borrow().keeper.settings().privacy;
        usernames != Keep::Nothing && addresses != Keep::Nothing
    }

    /// Whether lockouts refuse anybody in a service.
    #[must_use]
    pub fn enforces(&self, service: &str) -> bool {
        self.state.borrow().keeper.settings().services.enforced(service)
    }

    /// Where the entry stands by which a list names a client; the configuration is looked at first.
    #[must_use]
    pub fn place_of(&self, list: ListName, subject: &Subject, visitor: &Visitor) -> Place {
        let state = self.state.borrow();
        match state.keeper.configured(list).find(&visitor.client, visitor.account.as_deref()) {
            Some(_) => Place::Configured,
            None => Place::RunTime(state.keeper.entry(list, subject).and_then(|it| it.until)),
        }
    }
}
