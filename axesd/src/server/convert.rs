//! Between the words of the wire and those of the engine.

use std::time::Duration;

use axes_proto::control::{self, Counter, Lane};
use axes_proto::pam;
use axes_proto::text::{Host, Label, Name, Sentence, Text};
use smol_str::SmolStr;

use crate::engine::{
    Address, AddressFilter, Attempt, Client, Clock, CounterState, Filter, LogFilter, LogScope,
    Outcome,
};

/// Text of the daemon's own, bounded for the wire.
pub(super) fn sentence(text: &str) -> Sentence {
    Text::from_typed(text)
}

/// A client as a module reports it, under the account's own name.
pub(super) fn client(client: &pam::Client, user: SmolStr) -> Client {
    let remote = client.remote.as_ref().map(|remote| Address::parse(remote.as_str()));
    Client {
        user,
        address: remote.unwrap_or(Address::Local),
        service: client.service.as_str().into(),
        tty: client.tty.as_ref().map(|tty| tty.as_str().into()),
        ruser: client.ruser.as_ref().map(|ruser| ruser.as_str().into()),
    }
}

pub(super) const fn outcome(outcome: pam::Outcome) -> Outcome {
    match outcome {
        pam::Outcome::Success => Outcome::Success,
        pam::Outcome::Failure => Outcome::Failure,
        pam::Outcome::Abandoned => Outcome::Abandoned,
        pam::Outcome::Error => Outcome::Error,
    }
}

/// A filter as axesctl sends it, under the account's own name.
pub(super) fn filter(filter: &control::Filter, user: Option<SmolStr>) -> Filter {
    Filter {
        user,
        address: filter.address.as_ref().map(|address| AddressFilter::parse(address.as_str())),
        service: filter.service.as_ref().map(|service| service.as_str().into()),
    }
}

/// A filter of the access log; times are those of the wall clock as it stands today.
pub(super) fn log_filter(wanted: &control::LogFilter, client: Filter, clock: &Clock) -> LogFilter {
    LogFilter {
        client,
        outcomes: wanted.outcomes.iter().copied().map(recorded).collect(),
        since: wanted.since_ms.map(|since| clock.moment(since)),
        until: wanted.until_ms.map(|until| clock.moment(until)),
    }
}

pub(super) const fn log_scope(scope: control::LogScope) -> LogScope {
    match scope {
        control::LogScope::OlderThan(age_ms) => LogScope::OlderThan(Duration::from_millis(age_ms)),
        control::LogScope::All => LogScope::All,
    }
}

pub(super) fn counter(state: &CounterState, clock: &Clock) -> Counter {
    let key = &state.key;
    let left = state.until.map(|until| until.since(clock.now()).as_millis());
    Counter {
        name: state.name.as_deref().map(Label::from_typed),
        lane: if key.is_familiar() { Lane::Familiar } else { Lane::Shared },
        level: state.level,
        username: key.user.as_deref().map(Name::from_typed),
        address: key.origin.as_ref().map(|origin| Host::from_typed(&origin.to_string())),
        service: key.service.as_deref().map(Label::from_typed),
        tty: key.tty.as_deref().map(Label::from_typed),
        failures: state.failures,
        limit: state.limit,
        first_ms: clock.wall_ms(state.first),
        last_ms: clock.wall_ms(state.last),
        locked_ms: state.locked.map(|locked| clock.wall_ms(locked)),
        left_ms: left.map(|left| u64::try_from(left).unwrap_or(u64::MAX)),
    }
}

pub(super) fn attempt(attempt: &Attempt, clock: &Clock) -> control::Attempt {
    let Client { user, address, service, tty, ruser } = &attempt.client;
    control::Attempt {
        at_ms: clock.wall_ms(attempt.at),
        username: Name::from_typed(user),
        address: Host::from_typed(&address.to_string()),
        service: Label::from_typed(service),
        tty: tty.as_deref().map(Label::from_typed),
        ruser: ruser.as_deref().map(Name::from_typed),
        outcome: reported(attempt.outcome),
        reason: attempt.reason.as_deref().map(sentence),
    }
}

const fn recorded(wanted: control::Outcome) -> Outcome {
    match wanted {
        control::Outcome::Reported(reported) => outcome(reported),
        control::Outcome::Refused => Outcome::Refused,
    }
}

const fn reported(outcome: Outcome) -> control::Outcome {
    match outcome {
        Outcome::Success => control::Outcome::Reported(pam::Outcome::Success),
        Outcome::Failure => control::Outcome::Reported(pam::Outcome::Failure),
        Outcome::Abandoned => control::Outcome::Reported(pam::Outcome::Abandoned),
        Outcome::Error => control::Outcome::Reported(pam::Outcome::Error),
        Outcome::Refused => control::Outcome::Refused,
    }
}
