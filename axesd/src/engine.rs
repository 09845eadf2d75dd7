//! What happens to attempts: asks the policy, keeps what it says, tells those who wait.
//!
//! Lives on one thread. The hot state is in memory; the store is its durable copy.

mod access_log;
mod clock;
mod effects;
mod lists;
mod names;
mod panic_off;
mod pseudonyms;
mod queries;
mod records;
#[cfg(test)]
pub(crate) mod samples;
mod sentence;
mod storage;
mod why;

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

pub use axes_policy::Exemption;
pub use axes_policy::account::Account;
pub use axes_policy::attempt::{Attempt, Lane, Outcome, Reporter};
pub use axes_policy::client::{Address, Client, Visitor, Word};
pub use axes_policy::effect::{AttemptId, CounterState, Refusal};
pub use axes_policy::filter::{AddressFilter, Filter, ResetResult};
pub use axes_policy::keeper::Explanation;
pub use axes_policy::lists::{Entry, ListName};
pub use axes_policy::settings::{Enforcement, Services};
pub use axes_policy::subject::{Subject, SubjectError};
pub use axes_policy::time::Timestamp;

use axes_policy::keeper::{Admission, Gate, Keeper, Place as Seat};
use axes_policy::settings::Settings;
use smol_str::SmolStr;
use tokio::sync::{Notify, oneshot};

pub use crate::accounts::Detail;
use crate::engine::access_log::AccessLog;
pub use crate::engine::access_log::{LogFilter, LogSettings, Recorded, Slice, Totals};
pub use crate::engine::clock::Clock;
pub use crate::engine::lists::{Addition, ListChange, ListOutcome, Remark};
pub use crate::engine::names::{Names, Person};
pub use crate::engine::panic_off::Held;
pub use crate::engine::pseudonyms::{Pseudonyms, Unkept};
pub use crate::engine::records::LogScope;
pub use crate::engine::why::Place;
use crate::log::Logger;
use crate::store::{Committed, Committer, Kept};

/// No place was held for the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoPlace;

/// What an attempt is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Go on.
    GoOn,
    /// No; the sentence is for the person at the prompt.
    Refused(String),
}

/// The state of the host and everything that acts on it.
pub struct Engine {
    state: RefCell<State>,
    pseudonyms: Pseudonyms,
    clock: Clock,
    committer: Committer,
    logger: Logger,
    /// Rung when the next deadline came nearer.
    deadline: Notify,
}

struct State {
    keeper: Keeper,
    log: AccessLog,
    pending: HashMap<AttemptId, Pending>,
    next_id: u64,
    /// The deadline that is slept for.
    alarm: Option<Timestamp>,
    /// Verdicts that are not on disk yet.
    unacknowledged: usize,
    stage: Stage,
}

/// What it means that somebody hangs up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// His attempt is over.
    Serving,
    /// The daemon ends; he reports to the next one.
    Closing,
}

/// An attempt in flight, as the daemon needs it.
struct Pending {
    client: Client,
    /// Who tries, for his eyes.
    user: SmolStr,
    /// Whoever waits for the gate.
    waiter: Option<oneshot::Sender<Answer>>,
    /// Whoever holds a place at his prompt.
    holder: Option<oneshot::Sender<()>>,
    /// What stands in the access log of it already.
    recorded: Option<Outcome>,
}

impl Engine {
    /// An engine that remembers what was kept.
    #[must_use]
    pub fn new(
        settings: Settings,
        log: LogSettings,
        pseudonyms: Pseudonyms,
        kept: Kept,
        committer: Committer,
        logger: Logger,
    ) -> Self {
        let clock = Clock::start();
        let (keeper, effects) = Keeper::new(settings, clock.now(), kept.failures, kept.notes);
        let state = State {
            keeper,
            log: AccessLog::new(log, kept.attempts),
            pending: HashMap::new(),
            next_id: 0,
            alarm: None,
            unacknowledged: 0,
            stage: Stage::Serving,
        };
        let (state, deadline) = (RefCell::new(state), Notify::new());
        let engine = Self { state, pseudonyms, clock, committer, logger, deadline };
        engine.carry_out(effects);
        engine.tell_of_panic_held();
        engine
    }

    /// A client as it is judged, and as it is kept.
    #[must_use]
    pub fn visitor(
        &self,
        client: Client,
        account: Option<Arc<Account>>,
        reporter: Reporter,
    ) -> Visitor {
        let state = self.state.borrow();
        let settings = state.keeper.settings();
        let stored = self.pseudonyms.of(&client, settings.privacy, settings.prefixes);
        Visitor { client, stored, account, reporter }
    }

    /// A filter for what is kept of those whom it names.
    ///
    /// # Errors
    ///
    /// [`Unkept`], where nothing could be found whoever is named.
    pub fn stored_filter(&self, filter: Filter) -> Result<Filter, Unkept> {
        let state = self.state.borrow();
        let settings = state.keeper.settings();
        self.pseudonyms.filter(filter, settings.privacy, settings.prefixes)
    }

    /// What has to be known of an account to judge it.
    #[must_use]
    pub fn detail(&self) -> Detail {
        if self.state.borrow().keeper.asks_for_accounts() { Detail::Groups } else { Detail::Name }
    }

    /// Somebody wants to log in; the id must be ended by [`Engine::verdict`] or
    /// [`Engine::hang_up`].
    ///
    /// # Errors
    ///
    /// The sentence for the person who was refused.
    pub fn begin(&self, visitor: Visitor) -> Result<AttemptId, String> {
        let now = self.clock.now();
        let id = self.next_id();
        let (client, user) = (visitor.stored.clone(), visitor.client.user.clone());
        let (admission, effects) = self.state.borrow_mut().keeper.begin(now, id, visitor);
        self.carry_out(effects);
        match admission {
            Admission::Admitted => {
                self.pend(id, client, user);
                Ok(id)
            }
            Admission::Refused(refusal) => Err(self.refused(client, &user, &refusal)),
        }
    }

    /// An answer was verified while the daemon was away.
    pub fn verified(&self, visitor: Visitor) -> AttemptId {
        let id = self.next_id();
        let now = self.clock.now();
        let (client, user) = (visitor.stored.clone(), visitor.client.user.clone());
        let effects = self.state.borrow_mut().keeper.verified(now, id, visitor);
        self.mind_deadline();
        self.pend(id, client, user);
        self.carry_out(effects);
        id
    }

    /// Holds a place for an attempt at its prompt, where there is one: [`Engine::entered`] or
    /// [`Engine::withdraw`] has to follow as soon as this resolves.
    pub fn hold(&self, id: AttemptId) -> Option<oneshot::Receiver<()>> {
        let mut state = self.state.borrow_mut();
        if state.keeper.hold(id) == Seat::Wanted {
            return None;
        }
        let (holder, called_back) = oneshot::channel();
        state.pending.get_mut(&id)?.holder = Some(holder);
        Some(called_back)
    }

    /// The answer is being verified, on the place that was held.
    ///
    /// # Errors
    ///
    /// [`NoPlace`], when there was none.
    pub fn entered(&self, id: AttemptId) -> Result<(), NoPlace> {
        let (gate, effects) = self.state.borrow_mut().keeper.answered(self.clock.now(), id);
        self.mind_deadline();
        self.carry_out(effects);
        if gate == Gate::Open { Ok(()) } else { Err(NoPlace) }
    }

    /// A prompt was answered; waits for a place at the gate. A refusal ends the attempt.
    pub async fn answered(&self, id: AttemptId) -> Answer {
        let now = self.clock.now();
        let (gate, effects) = self.state.borrow_mut().keeper.answered(now, id);
        self.mind_deadline();
        let (sender, receiver) = oneshot::channel();
        if gate == Gate::Wait
            && let Some(pending) = self.state.borrow_mut().pending.get_mut(&id)
        {
            pending.waiter = Some(sender);
        }
        self.carry_out(effects);
        match gate {
            Gate::Open => Answer::GoOn,
            Gate::Closed(refusal) => self.turn_away(id, &refusal),
            // The sender goes away only with the attempt.
            Gate::Wait => receiver.await.unwrap_or_else(|_| self.turn_away(id, &Refusal::Busy)),
        }
    }

    /// The attempt ended. A failure is on disk when this returns.
    ///
    /// # Errors
    ///
    /// Why it is not; it counts all the same.
    pub async fn verdict(&self, id: AttemptId, outcome: Outcome) -> Committed {
        let now = self.clock.now();
        let effects = self.state.borrow_mut().keeper.verdict(now, id, outcome);
        let changes = self.end(id, outcome, None, effects);
        if outcome != Outcome::Failure {
            self.commit_later(changes);
            return Ok(());
        }
        self.state.borrow_mut().unacknowledged += 1;
        let committed = self.commit(changes).await;
        self.state.borrow_mut().unacknowledged -= 1;
        committed
    }

    /// Forgets an attempt whose connection was ended here: at its prompt, the module begins again
    /// when it goes on; past the gate, it brings its verdict by another connection.
    pub fn withdraw(&self, id: AttemptId) {
        self.state.borrow_mut().pending.remove(&id);
        let effects = self.state.borrow_mut().keeper.withdraw(self.clock.now(), id);
        self.carry_out(effects);
    }

    /// From now on whoever hangs up does so because the daemon ends.
    pub fn close(&self) {
        self.state.borrow_mut().stage = Stage::Closing;
    }

    /// Whoever reported the attempt is gone.
    pub fn hang_up(&self, id: AttemptId) {
        if self.state.borrow().stage == Stage::Closing {
            return;
        }
        let now = self.clock.now();
        let (outcome, effects) = self.state.borrow_mut().keeper.hang_up(now, id);
        match outcome {
            Some(outcome) => {
                let reason = (outcome == Outcome::Failure).then_some("died while verifying");
                self.commit_later(self.end(id, outcome, reason, effects));
            }
            None => {
                self.state.borrow_mut().pending.remove(&id);
                self.carry_out(effects);
            }
        }
    }

    /// Whether an account may be used without authentication through PAM.
    #[must_use]
    pub fn account(&self, visitor: Visitor) -> Answer {
        self.catch_up();
        let refusal = self.state.borrow().keeper.account(&visitor);
        match refusal {
            Some(refusal) => {
                Answer::Refused(self.refused(visitor.stored, &visitor.client.user, &refusal))
            }
            None => Answer::GoOn,
        }
    }

    /// Forgets failures.
    pub async fn reset(&self, filter: &Filter) -> ResetResult {
        let (result, effects) = self.state.borrow_mut().keeper.reset(self.clock.now(), filter);
        // What could not be stored was logged, and stays in memory.
        let _ = self.keep(effects).await;
        result
    }

    /// Puts other settings in force.
    pub fn reconfigure(&self, settings: Settings) {
        let now = self.clock.now();
        let effects = self.state.borrow_mut().keeper.reconfigure(now, settings);
        self.mind_deadline();
        self.carry_out(effects);
    }

    /// Ends what is over, for ever. Sleeps until the next deadline; with none, until there is one.
    pub async fn keep_deadlines(&self) {
        self.expire_log();
        loop {
            let next = self.state.borrow().keeper.next_deadline();
            self.state.borrow_mut().alarm = next;
            let left = next.map(|at| at.since(self.clock.now()));
            let changed = self.deadline.notified();
            match left {
                None => changed.await,
                Some(left) => {
                    // Woken early or late does not matter: what is over is looked up again.
                    let _ = tokio::time::timeout(left, changed).await;
                }
            }
            self.catch_up();
            // Much may be over at once; logins come between.
            tokio::task::yield_now().await;
        }
    }

    /// Sees to it that nobody sleeps past the next deadline. One that went away is slept for all
    /// the same: most of those do, and setting a timer anew at every login costs more.
    fn mind_deadline(&self) {
        let state = self.state.borrow();
        let next = state.keeper.next_deadline();
        if next.is_some_and(|next| state.alarm.is_none_or(|alarm| next < alarm)) {
            self.deadline.notify_one();
        }
    }

    /// Ends what is over by now. Whoever asks does so first: the timer does not see time asleep.
    fn catch_up(&self) {
        let effects = self.state.borrow_mut().keeper.advance(self.clock.now());
        self.carry_out(effects);
    }

    fn next_id(&self) -> AttemptId {
        let mut state = self.state.borrow_mut();
        state.next_id += 1;
        AttemptId(state.next_id)
    }

    fn pend(&self, id: AttemptId, client: Client, user: SmolStr) {
        let pending = Pending { client, user, waiter: None, holder: None, recorded: None };
        self.state.borrow_mut().pending.insert(id, pending);
    }
}
