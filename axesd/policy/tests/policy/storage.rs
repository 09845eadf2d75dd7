//! While nothing can be written: who gets in, and that it ends by itself.

use std::time::Duration;

use axes_policy::attempt::{Lane, Outcome, Reporter};
use axes_policy::client::Visitor;
use axes_policy::effect::{AttemptId, Effect, Refusal};
use axes_policy::keeper::Gate;
use axes_policy::settings::{Enforcement, RefusedTries, Services, Settings};
use axes_policy::storage::{OnStoreError, Storage};

use crate::support::{ADDRESS, Host, PAIR, at, client, list, settings, visitor, with_profile};

const FROM: &str = "192.0.2.7";

fn secure() -> Settings {
    Settings { on_store_error: OnStoreError::Secure, ..settings(&[(PAIR, 2)]) }
}

fn failing(settings: Settings) -> Host {
    let mut host = Host::new(settings);
    turn(&mut host, Storage::Fails);
    host
}

fn turn(host: &mut Host, storage: Storage) -> Vec<Effect> {
    let effects = host.keeper.storage(at(1), storage);
    host.store(&effects);
    effects
}

#[test]
fn safe_decides_from_memory() {
    let mut host = failing(settings(&[(PAIR, 2)]));
    host.fail(at(2), &client("alice", FROM), 2);
    assert!(!host.admits(at(3), &client("alice", FROM)), "locked");
    assert!(host.admits(at(3), &client("bob", FROM)));
}

#[test]
fn secure_refuses_whoever_is_counted_until_it_works_again() {
    let mut host = failing(secure());
    assert!(!host.admits(at(2), &client("alice", FROM)));
    assert_eq!(host.keeper.would_refuse(&visitor("alice", FROM)), Some(Refusal::Unkept));
    assert!(host.keeper.refuses_unkept());
    turn(&mut host, Storage::Works);
    assert!(host.admits(at(2), &client("alice", FROM)));
    assert!(host.kept.is_empty(), "nothing is counted by that");
}

#[test]
fn an_answer_is_not_verified_once_the_store_fails() {
    let mut host = Host::new(secure());
    let id = host.begin(at(0), &client("alice", FROM)).unwrap();
    turn(&mut host, Storage::Fails);
    assert_eq!(host.answer(at(2), id), Gate::Closed(Refusal::Unkept));
}

#[test]
fn whoever_waits_at_the_gate_is_turned_away() {
    let counters = &[(PAIR, 1)];
    let on_store_error = OnStoreError::Secure;
    let mut host = Host::new(Settings { on_store_error, ..settings(counters) });
    let [first, second] = [(); 2].map(|()| host.begin(at(0), &client("alice", FROM)).unwrap());
    assert_eq!(host.answer(at(0), first), Gate::Open);
    assert_eq!(host.answer(at(0), second), Gate::Wait);
    let effects = turn(&mut host, Storage::Fails);
    assert_eq!(effects, [Effect::TurnAway(second, Refusal::Unkept)]);
}

#[test]
fn what_is_being_verified_meanwhile_counts() {
    let mut host = Host::new(secure());
    let alice = client("alice", FROM);
    let [gate, none] = [(); 2].map(|()| host.begin(at(0), &alice).unwrap());
    assert_eq!(host.answer(at(0), gate), Gate::Open);
    turn(&mut host, Storage::Fails);
    host.end(at(2), gate, Outcome::Failure);
    // Its admission was its gate.
    host.end(at(2), none, Outcome::Failure);
    assert_eq!(host.kept.len(), 2);
    let refusal = host.keeper.would_refuse(&visitor("alice", FROM));
    assert!(matches!(refusal, Some(Refusal::Locked(..))), "a lockout says more: {refusal:?}");
}

#[test]
fn it_is_never_the_last_door() {
    let monitor = with_profile(secure(), |base| base.enforcement = Enforcement::Monitor);
    let off = with_profile(secure(), |base| base.enforcement = Enforcement::Off);
    let exempt = [
        monitor,
        off,
        Settings { whitelist: list("192.0.2.0/24"), ..secure() },
        Settings { whitelist: list("alice"), ..secure() },
        Settings { services: Services::Only(["login".into()].into()), ..secure() },
        Settings { on_store_error: OnStoreError::Secure, ..settings(&[]) },
    ];
    for settings in exempt {
        let mut host = failing(settings.clone());
        assert!(host.admits(at(2), &client("alice", FROM)), "{settings:?}");
    }
    let mut host = failing(secure());
    assert_eq!(host.keeper.account(&visitor("alice", FROM)), None, "with a key");
    let effects = host.keeper.panic_off(at(2), Duration::from_secs(600), None).unwrap();
    host.store(&effects);
    assert!(host.admits(at(3), &client("alice", FROM)));
}

#[test]
fn root_at_the_console_gets_in_unless_even_deny_root() {
    for (even_deny_root, admitted) in [(false, true), (true, false)] {
        let mut host = failing(Settings { even_deny_root, ..secure() });
        let root = Visitor::plain(
            axes_policy::client::Client { tty: Some("tty1".into()), ..client("root", "") },
            Reporter::Root,
        );
        let id = host.begin_as(at(2), AttemptId(100), root);
        assert_eq!(id.is_some(), admitted);
    }
}

#[test]
fn a_rule_that_counts_refused_tries_does_not_count_these() {
    let strict = with_profile(secure(), |base| base.refused_tries = RefusedTries::Counted);
    let mut host = failing(strict);
    assert!(!host.admits(at(2), &client("alice", FROM)));
    assert!(host.kept.is_empty());
}

#[test]
fn a_reload_puts_the_other_mode_in_force_at_once() {
    let mut host = failing(settings(&[(PAIR, 2), (ADDRESS, 9)]));
    assert!(host.admits(at(2), &client("alice", FROM)));
    let effects = host.keeper.reconfigure(at(3), secure());
    host.store(&effects);
    assert!(!host.admits(at(4), &client("alice", FROM)));
    assert_eq!(host.keeper.explain(&visitor("alice", FROM)).lane, Lane::Stranger);
}
