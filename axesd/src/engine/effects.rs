//! Carries out what the policy says: keeps, tells, logs.

use std::sync::Arc;

use axes_policy::attempt::{Attempt, Outcome};
use axes_policy::client::Client;
use axes_policy::effect::{AttemptId, Effect, Refusal};
use axes_policy::settings::Keep;
use axes_policy::subject::Subject;

use crate::engine::{Answer, Engine, sentence};
use crate::store::{Change, Committed, StoreError};

const CROWDED: &str = "there is no room for more failures ([store] max_memory, max_disk): from now \
                       on the oldest go, and axesctl status tells how many went";

impl Engine {
    /// Records the end of an attempt; what is to be stored of it.
    pub(super) fn end(
        &self,
        id: AttemptId,
        outcome: Outcome,
        reason: Option<&str>,
        effects: Vec<Effect>,
    ) -> Vec<Change> {
        self.mind_deadline();
        let pending = self.state.borrow_mut().pending.remove(&id);
        let mut changes = Vec::new();
        if let Some(pending) = pending.filter(|pending| pending.recorded != Some(outcome)) {
            changes.extend(self.record(pending.client, outcome, reason.map(Into::into)));
        }
        changes.extend(self.changes(effects));
        changes
    }

    pub(super) fn record(
        &self,
        client: Client,
        outcome: Outcome,
        reason: Option<Arc<str>>,
    ) -> Vec<Change> {
        let attempt = Attempt { at: self.clock.now(), client, outcome, reason };
        self.state.borrow_mut().log.record(attempt)
    }

    /// Records a refusal; the sentence for the person at the prompt.
    pub(super) fn refused(&self, client: Client, user: &str, refusal: &Refusal) -> String {
        let reason = self.reason(refusal);
        self.logger.notice(format!("refused {client}: {reason}"));
        let changes = self.record(client, Outcome::Refused, Some(reason));
        self.commit_later(changes);
        self.sentence(refusal, user)
    }

    /// What is written beside the client, of whom perhaps only a pseudonym is.
    fn reason(&self, refusal: &Refusal) -> Arc<str> {
        let privacy = self.state.borrow().keeper.settings().privacy;
        match refusal {
            Refusal::Blacklisted(Subject::Network(_)) if privacy.addresses != Keep::Plain => {
                "blacklisted: the address".into()
            }
            Refusal::Blacklisted(Subject::User(_)) if privacy.usernames != Keep::Plain => {
                "blacklisted: the user".into()
            }
            _ => refusal.reason(),
        }
    }

    pub(super) fn turn_away(&self, id: AttemptId, refusal: &Refusal) -> Answer {
        let pending = self.state.borrow_mut().pending.remove(&id);
        let Some(pending) = pending else {
            return Answer::Refused(self.sentence(refusal, ""));
        };
        let answer = Answer::Refused(self.refused(pending.client, &pending.user, refusal));
        if let Some(waiter) = pending.waiter {
            // Whoever hung up meanwhile does not want to know.
            let _ = waiter.send(answer.clone());
        }
        answer
    }

    fn admit(&self, id: AttemptId) {
        let waiter = self.state.borrow_mut().pending.get_mut(&id).and_then(|p| p.waiter.take());
        if let Some(waiter) = waiter {
            let _ = waiter.send(Answer::GoOn);
        }
    }

    fn call_back(&self, id: AttemptId) {
        let holder = self.state.borrow_mut().pending.get_mut(&id).and_then(|p| p.holder.take());
        if let Some(holder) = holder {
            // Whoever does not listen any more has gone on, or away.
            let _ = holder.send(());
        }
    }

    /// Carries effects out; nobody waits for the disk.
    pub(super) fn carry_out(&self, effects: Vec<Effect>) {
        self.commit_later(self.changes(effects));
    }

    pub(super) fn keep(&self, effects: Vec<Effect>) -> impl Future<Output = Committed> + use<> {
        let changes = self.changes(effects);
        self.commit(changes)
    }

    /// Carries effects out but for the changes to be stored, which come back.
    fn changes(&self, effects: Vec<Effect>) -> Vec<Change> {
        self.tell_of_ends(&effects);
        self.tell_of_panic(&effects);
        let mut changes = Vec::new();
        for effect in effects {
            match effect {
                Effect::Keep(failure) => changes.push(Change::PutFailure(failure)),
                Effect::Forget(id) => changes.push(Change::ForgetFailure(id)),
                Effect::Remember(note) => changes.push(Change::Remember(note)),
                Effect::Drop(key) => changes.push(Change::Drop(key)),
                Effect::Ended(_) | Effect::PanicOver(_) => {}
                Effect::Locked(counter) => self
                    .logger
                    .notice(format!("locked {counter}{}", sentence::until(&counter, &self.clock))),
                Effect::Unlocked(counter, release) => {
                    self.logger.notice(format!("unlocked {counter}: {release}"));
                }
                Effect::Crowded => self.logger.warning(CROWDED.to_owned()),
                Effect::Admit(id) => self.admit(id),
                Effect::TurnAway(id, refusal) => drop(self.turn_away(id, &refusal)),
                Effect::CallBack(id) => self.call_back(id),
                Effect::Lapsed(id) => changes.extend(self.lapsed(id)),
            }
        }
        changes
    }

    fn lapsed(&self, id: AttemptId) -> Vec<Change> {
        let client = self.state.borrow_mut().pending.get_mut(&id).map(|pending| {
            pending.recorded = Some(Outcome::Failure);
            pending.client.clone()
        });
        let Some(client) = client else { return Vec::new() };
        self.logger.warning(format!("{client} was being verified for too long; it counts"));
        self.record(client, Outcome::Failure, Some("verified for too long".into()))
    }

    pub(super) fn commit_later(&self, changes: Vec<Change>) {
        if !changes.is_empty() {
            self.committer.commit_later(changes);
        }
    }

    pub(super) fn commit(&self, changes: Vec<Change>) -> impl Future<Output = Committed> + use<> {
        let receipt = (!changes.is_empty()).then(|| self.committer.commit(changes));
        async move {
            match receipt {
                Some(receipt) => receipt.await.unwrap_or_else(|_| Err(StoreError::Closed.into())),
                None => Ok(()),
            }
        }
    }
}
