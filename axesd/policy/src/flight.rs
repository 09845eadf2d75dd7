//! Attempts that have begun and not ended.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::attempt::Lane;
use crate::client::Visitor;
use crate::effect::AttemptId;
use crate::name::{Name, Named};
use crate::seats::Ticket;
use crate::settings::{Enforcement, Profile};
use crate::time::Timestamp;

/// An attempt that has begun and not ended.
#[derive(Debug)]
pub(crate) struct InFlight {
    pub(crate) visitor: Visitor,
    pub(crate) case: Case,
    pub(crate) stage: Stage,
}

/// By what an attempt is judged.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// `None` when it is exempt.
    pub(crate) profile: Option<Arc<Profile>>,
    pub(crate) lane: Lane,
    /// Its counters; none when it is exempt.
    pub(crate) keys: Arc<[Named]>,
}

impl Case {
    /// Neither counted nor refused.
    pub(crate) fn exempt() -> Self {
        Self { profile: None, lane: Lane::Stranger, keys: Arc::default() }
    }

    /// Whether a counter at its limit refuses it.
    pub(crate) fn is_enforced(&self) -> bool {
        self.profile.as_ref().is_some_and(|profile| profile.enforcement == Enforcement::On)
    }
}

/// How far an attempt is.
#[derive(Clone, Debug)]
pub(crate) enum Stage {
    /// Admitted; nothing was answered yet.
    Prompting,
    /// The same, and the places are taken already: the answer need not ask.
    Holding,
    /// Answered, in the line of this counter.
    Waiting { ticket: Ticket, line: Name, until: Timestamp },
    /// Holds its places.
    Verifying { until: Timestamp },
    /// The same, but its connection is lost: the verdict comes by another one.
    Elsewhere { until: Timestamp },
    /// Held its places for too long and was counted.
    Lapsed,
    /// It is over, but nobody knows whether the answer was right: keeps its places for as long
    /// as a verification may take, so that a broken backend is no way to guess without a limit.
    Unjudged { until: Timestamp },
}

/// All attempts in flight, and when the time of those at the gate is over.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    attempts: BTreeMap<AttemptId, InFlight>,
    deadlines: BTreeSet<(Timestamp, AttemptId)>,
}

impl Flights {
    pub(crate) fn insert(&mut self, id: AttemptId, attempt: InFlight) {
        self.remove(id);
        self.deadlines.extend(attempt.stage.deadline().map(|at| (at, id)));
        self.attempts.insert(id, attempt);
    }

    pub(crate) fn get(&self, id: AttemptId) -> Option<&InFlight> {
        self.attempts.get(&id)
    }

    pub(crate) fn remove(&mut self, id: AttemptId) -> Option<InFlight> {
        let attempt = self.attempts.remove(&id)?;
        if let Some(at) = attempt.stage.deadline() {
            self.deadlines.remove(&(at, id));
        }
        Some(attempt)
    }

    pub(crate) fn enter(&mut self, id: AttemptId, stage: Stage) {
        let Some(attempt) = self.attempts.get_mut(&id) else { return };
        if let Some(at) = attempt.stage.deadline() {
            self.deadlines.remove(&(at, id));
        }
        self.deadlines.extend(stage.deadline().map(|at| (at, id)));
        attempt.stage = stage;
    }

    /// Judges an attempt by other settings.
    pub(crate) fn judge(&mut self, id: AttemptId, case: Case) {
        if let Some(attempt) = self.attempts.get_mut(&id) {
            attempt.case = case;
        }
    }

    pub(crate) fn next_deadline(&self) -> Option<Timestamp> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// An attempt whose time at the gate is over; named once.
    pub(crate) fn pop_due(&mut self, now: Timestamp) -> Option<AttemptId> {
        let (at, id) = self.deadlines.first().copied()?;
        (at <= now).then(|| {
            self.deadlines.pop_first();
            id
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.attempts.len()
    }

    pub(crate) fn ids(&self) -> Vec<AttemptId> {
        self.attempts.keys().copied().collect()
    }

    /// An attempt of this visitor whose verdict comes by another connection.
    pub(crate) fn elsewhere(&self, visitor: &Visitor) -> Option<AttemptId> {
        let is_his = |attempt: &InFlight| {
            matches!(attempt.stage, Stage::Elsewhere { .. })
                && attempt.visitor.client == visitor.client
        };
        self.attempts.iter().find(|(_, attempt)| is_his(attempt)).map(|(id, _)| *id)
    }

    pub(crate) fn verifying(&self) -> usize {
        let stages = self.attempts.values().map(|attempt| &attempt.stage);
        stages.filter(|stage| matches!(stage, Stage::Verifying { .. })).count()
    }

    /// Those that wait at the gate, first come first.
    pub(crate) fn waiting(&self) -> Vec<Ticket> {
        let tickets: BTreeSet<_> =
            self.attempts.values().filter_map(|a| a.stage.ticket()).collect();
        tickets.into_iter().collect()
    }
}

impl Stage {
    /// Whether it has a place on each counter.
    pub(crate) const fn has_places(&self) -> bool {
        match self {
            Self::Holding
            | Self::Verifying { .. }
            | Self::Elsewhere { .. }
            | Self::Unjudged { .. } => true,
            Self::Prompting | Self::Waiting { .. } | Self::Lapsed => false,
        }
    }

    const fn deadline(&self) -> Option<Timestamp> {
        match self {
            Self::Waiting { until, .. }
            | Self::Verifying { until }
            | Self::Elsewhere { until }
            | Self::Unjudged { until } => Some(*until),
            Self::Prompting | Self::Holding | Self::Lapsed => None,
        }
    }

    const fn ticket(&self) -> Option<Ticket> {
        match self {
            Self::Waiting { ticket, .. } => Some(*ticket),
            _ => None,
        }
    }
}
