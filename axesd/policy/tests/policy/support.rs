//! A host, settings and clients for the tests of the policy.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axes_policy::attempt::{Failure, Outcome, Reporter};
use axes_policy::attribute::{Attribute, AttributeSet};
use axes_policy::client::{Address, Client, Visitor};
use axes_policy::effect::{AttemptId, Effect};
use axes_policy::keeper::{Admission, Gate, Keeper};
use axes_policy::lists::List;
use axes_policy::note::{Note, NoteKey};
use axes_policy::settings::{CoolOff, CounterRule, Profile, Settings};
use axes_policy::subject::Subject;
use axes_policy::time::Timestamp;

pub(crate) const COOLOFF: Duration = Duration::from_secs(900);
pub(crate) const GATE_WAIT: Duration = Duration::from_secs(10);
pub(crate) const LEASE: Duration = Duration::from_secs(120);

pub(crate) const PAIR: &[Attribute] = &[Attribute::Username, Attribute::Address];
pub(crate) const ADDRESS: &[Attribute] = &[Attribute::Address];
pub(crate) const USER: &[Attribute] = &[Attribute::Username];

/// Counters over these attributes with these limits.
pub(crate) fn settings(counters: &[(&[Attribute], u32)]) -> Settings {
    let rule = |(attributes, limit): &(&[Attribute], u32)| counter(attributes, *limit);
    Settings { gate_wait: GATE_WAIT, place_lease: LEASE, ..Settings::default() }
        .with_counters(counters.iter().map(rule).collect())
}

pub(crate) fn counter(attributes: &[Attribute], limit: u32) -> CounterRule {
    CounterRule {
        name: None,
        attributes: AttributeSet::new(attributes).unwrap(),
        limit: NonZeroU32::new(limit).unwrap(),
        window: None,
        cooloff: CoolOff::constant(Some(COOLOFF)),
    }
}

/// The settings with another profile for everybody.
pub(crate) fn with_profile(settings: Settings, change: impl FnOnce(&mut Profile)) -> Settings {
    let mut profile = (*settings.base).clone();
    change(&mut profile);
    Settings { base: Arc::new(profile), ..settings }
}

/// A list of one network, user, group or range of uids.
pub(crate) fn list(entry: &str) -> List {
    let subject = Subject::network(entry).or_else(|_| Subject::account(entry));
    [subject.unwrap()].into_iter().collect()
}

pub(crate) fn visitor(user: &str, address: &str) -> Visitor {
    Visitor::plain(client(user, address), Reporter::Root)
}

pub(crate) fn client(user: &str, address: &str) -> Client {
    Client {
        user: user.into(),
        address: Address::parse(address),
        service: "sshd".into(),
        tty: Some("ssh".into()),
        ruser: None,
    }
}

/// Seconds after the start of the test.
pub(crate) fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + seconds * 1000)
}

/// A keeper, and what a store would hold.
pub(crate) struct Host {
    pub(crate) keeper: Keeper,
    next: u64,
    pub(crate) kept: Vec<Failure>,
    pub(crate) notes: HashMap<NoteKey, Note>,
}

impl Host {
    pub(crate) fn new(settings: Settings) -> Self {
        Self::remembering(settings, at(0), Vec::new())
    }

    pub(crate) fn remembering(settings: Settings, now: Timestamp, failures: Vec<Failure>) -> Self {
        let (keeper, _) = Keeper::new(settings, now, failures, Vec::new());
        Self { keeper, next: 0, kept: Vec::new(), notes: HashMap::new() }
    }

    /// The same host after the daemon died and came back.
    pub(crate) fn restarted(mut self, now: Timestamp, settings: Settings) -> Self {
        let notes = self.notes.values().cloned().collect();
        let (keeper, effects) = Keeper::new(settings, now, self.kept.clone(), notes);
        self.keeper = keeper;
        self.store(&effects);
        self
    }

    pub(crate) fn advance(&mut self, now: Timestamp) {
        let effects = self.keeper.advance(now);
        self.store(&effects);
    }

    pub(crate) fn new_id(&mut self) -> AttemptId {
        self.next += 1;
        AttemptId(self.next)
    }

    pub(crate) fn begin(&mut self, now: Timestamp, client: &Client) -> Option<AttemptId> {
        let id = self.new_id();
        self.begin_as(now, id, Visitor::plain(client.clone(), Reporter::Root))
    }

    pub(crate) fn begin_as(
        &mut self,
        now: Timestamp,
        id: AttemptId,
        visitor: Visitor,
    ) -> Option<AttemptId> {
        let (admission, effects) = self.keeper.begin(now, id, visitor);
        self.store(&effects);
        (admission == Admission::Admitted).then_some(id)
    }

    pub(crate) fn answer(&mut self, now: Timestamp, id: AttemptId) -> Gate {
        self.keeper.answered(now, id).0
    }

    pub(crate) fn end(&mut self, now: Timestamp, id: AttemptId, outcome: Outcome) -> Vec<Effect> {
        let effects = self.keeper.verdict(now, id, outcome);
        self.store(&effects);
        effects
    }

    /// What a store would hold after these effects.
    pub(crate) fn store(&mut self, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::Keep(failure) => {
                    self.kept.retain(|kept| kept.id != failure.id);
                    self.kept.push(failure.clone());
                }
                Effect::Remember(note) => drop(self.notes.insert(note.key(), note.clone())),
                Effect::Drop(key) => drop(self.notes.remove(key)),
                Effect::Forget(id) => self.kept.retain(|kept| kept.id != *id),
                _ => {}
            }
        }
        self.kept.sort_by_key(|failure| failure.id);
    }

    /// One whole attempt; false when it was refused.
    pub(crate) fn attempt(&mut self, now: Timestamp, client: &Client, outcome: Outcome) -> bool {
        let Some(id) = self.begin(now, client) else {
            return false;
        };
        assert_eq!(self.answer(now, id), Gate::Open);
        self.end(now, id, outcome);
        true
    }

    pub(crate) fn fail(&mut self, now: Timestamp, client: &Client, times: usize) {
        for _ in 0..times {
            assert!(self.attempt(now, client, Outcome::Failure));
        }
    }

    pub(crate) fn admits(&mut self, now: Timestamp, client: &Client) -> bool {
        let id = self.begin(now, client);
        if let Some(id) = id {
            self.end(now, id, Outcome::Abandoned);
        }
        id.is_some()
    }
}
