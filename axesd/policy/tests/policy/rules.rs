//! One rule of the design, one test.

use std::time::Duration;

use crate::support::{
    ADDRESS, COOLOFF, GATE_WAIT, Host, LEASE, PAIR, USER, at, client, list, settings, visitor,
    with_profile,
};
use axes_policy::attempt::{Outcome, Reporter};
use axes_policy::attribute::Attribute;
use axes_policy::client::Visitor;
use axes_policy::effect::{AttemptId, Effect, Refusal, Release};
use axes_policy::filter::{AddressFilter, Filter};
use axes_policy::keeper::{Admission, Gate, Keeper, Place};
use axes_policy::settings::{Enforcement, RefusedTries, Settings};

#[test]
fn failure_n_locks_and_the_next_one_never_reaches_the_password() {
    let mut host = Host::new(settings(&[(PAIR, 3)]));
    let alice = client("alice", "192.0.2.1");
    host.fail(at(0), &alice, 2);
    let id = host.begin(at(0), &alice).unwrap();
    assert_eq!(host.answer(at(0), id), Gate::Open);
    let effects = host.end(at(0), id, Outcome::Failure);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Locked(_))));
    assert!(!host.admits(at(0), &alice));
    assert!(host.admits(at(0), &client("alice", "192.0.2.2")), "another pair is free");
}

#[test]
fn a_prompt_nobody_answers_costs_nothing() {
    let mut host = Host::new(settings(&[(PAIR, 1)]));
    let alice = client("alice", "192.0.2.1");
    for _ in 0..5 {
        let id = host.begin(at(0), &alice).unwrap();
        let (outcome, _) = host.keeper.hang_up(at(1), id);
        assert_eq!(outcome, Some(Outcome::Abandoned));
    }
    assert!(host.admits(at(2), &alice));
}

#[test]
fn dying_while_verifying_counts() {
    let mut host = Host::new(settings(&[(PAIR, 1)]));
    let alice = client("alice", "192.0.2.1");
    let id = host.begin(at(0), &alice).unwrap();
    assert_eq!(host.answer(at(0), id), Gate::Open);
    assert_eq!(host.keeper.hang_up(at(1), id).0, Some(Outcome::Failure));
    assert!(!host.admits(at(2), &alice));
}

#[test]
fn an_answer_that_nobody_judged_keeps_its_place_for_as_long_as_it_may_take() {
    let mut host = Host::new(settings(&[(PAIR, 2)]));
    let alice = client("alice", "192.0.2.1");
    for _ in 0..2 {
        assert!(host.attempt(at(0), &alice, Outcome::Error));
    }
    let id = host.begin(at(1), &alice).unwrap();
    assert_eq!(host.answer(at(1), id), Gate::Wait, "a broken backend is no way around the limit");
    let effects = host.keeper.advance(at(0).after(LEASE));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::TurnAway(..))));
    assert!(host.attempt(at(0).after(LEASE), &alice, Outcome::Success), "and it counts nothing");
}

#[test]
fn failures_without_a_prompt_end_at_the_limit_too() {
    let mut host = Host::new(settings(&[(PAIR, 2)]));
    let alice = client("alice", "192.0.2.1");
    let ids: Vec<_> = (0..5).map(|_| host.begin(at(0), &alice).unwrap()).collect();
    for id in ids {
        host.end(at(0), id, Outcome::Failure);
    }
    assert_eq!(host.keeper.counters().next().map(|counter| counter.failures), Some(2));
}

#[test]
fn a_client_that_was_blacklisted_at_the_prompt_does_not_pass_the_gate() {
    let mut host = Host::new(settings(&[(PAIR, 2)]));
    let alice = client("alice", "192.0.2.1");
    let id = host.begin(at(0), &alice).unwrap();
    let mut banning = settings(&[(PAIR, 2)]);
    banning.blacklist = list("192.0.2.0/24");
    let _ = host.keeper.reconfigure(at(0), banning);
    assert!(matches!(host.answer(at(0), id), Gate::Closed(Refusal::Blacklisted(_))));
}

#[test]
fn in_monitor_mode_everybody_is_counted_and_nobody_refused() {
    let mut rules = settings(&[(PAIR, 2)]);
    rules = with_profile(rules, |profile| profile.enforcement = Enforcement::Monitor);
    let mut host = Host::new(rules);
    let alice = client("alice", "192.0.2.1");
    host.fail(at(0), &alice, 1000);
    let counter = host.keeper.counters().next().unwrap();
    assert_eq!((counter.failures, counter.locked.is_some()), (1000, true));
    assert!(host.kept.len() <= 3, "{} failures are kept of a thousand", host.kept.len());
}

#[test]
fn counted_refusals_prolong_the_lockout_and_charge_the_other_counters() {
    let mut rules = settings(&[(USER, 3), (ADDRESS, 3)]);
    rules = with_profile(rules, |profile| profile.refused_tries = RefusedTries::Counted);
    let mut host = Host::new(rules);
    host.fail(at(0), &client("alice", "192.0.2.1"), 3);
    for _ in 0..3 {
        assert!(!host.admits(at(800), &client("alice", "198.51.100.1")));
    }
    assert!(!host.admits(at(800), &client("bob", "198.51.100.1")));
    assert!(!host.admits(at(1000), &client("alice", "203.0.113.1")), "prolonged");
}

#[test]
fn with_only_whitelist_everybody_else_is_refused_but_at_the_machine_itself() {
    let mut rules = settings(&[(PAIR, 2)]);
    rules.only_whitelist = true;
    rules.whitelist = list("192.0.2.0/24");
    let mut host = Host::new(rules);
    assert!(host.admits(at(0), &client("alice", "192.0.2.1")));
    assert!(!host.admits(at(0), &client("alice", "198.51.100.1")));
    assert!(host.admits(at(0), &client("alice", "")));
}

#[test]
fn the_gate_serves_in_the_order_of_arrival_and_closes_when_the_limit_is_reached() {
    let mut host = Host::new(settings(&[(PAIR, 2)]));
    let alice = client("alice", "192.0.2.1");
    let ids: Vec<_> = (0..5).map(|_| host.begin(at(0), &alice).unwrap()).collect();
    assert_eq!(host.answer(at(0), ids[0]), Gate::Open);
    assert_eq!(host.answer(at(0), ids[1]), Gate::Open);
    for id in &ids[2..] {
        assert_eq!(host.answer(at(0), *id), Gate::Wait);
    }
    assert!(host.end(at(1), ids[0], Outcome::Abandoned).contains(&Effect::Admit(ids[2])));
    host.end(at(1), ids[1], Outcome::Failure);
    let effects = host.end(at(1), ids[2], Outcome::Failure);
    let turned = |id| {
        effects
            .iter()
            .any(|e| matches!(e, Effect::TurnAway(other, Refusal::Locked(..)) if *other == id))
    };
    assert!(turned(ids[3]) && turned(ids[4]));
}

#[test]
fn a_place_held_at_a_prompt_is_called_back_for_whoever_answers() {
    let mut host = Host::new(settings(&[(PAIR, 1)]));
    let alice = client("alice", "192.0.2.1");
    let idle = host.begin(at(0), &alice).unwrap();
    assert_eq!(host.keeper.hold(idle), Place::Held);
    let busy = host.begin(at(0), &alice).unwrap();
    assert_eq!(host.keeper.hold(busy), Place::Wanted);
    let (gate, effects) = host.keeper.answered(at(0), busy);
    assert_eq!((gate, effects), (Gate::Wait, vec![Effect::CallBack(idle)]));
    let (outcome, effects) = host.keeper.hang_up(at(0), idle);
    assert_eq!((outcome, effects), (Some(Outcome::Abandoned), vec![Effect::Admit(busy)]));
}

#[test]
fn a_place_that_is_in_use_when_it_is_called_back_stays_in_use() {
    let mut host = Host::new(settings(&[(PAIR, 1)]));
    let alice = client("alice", "192.0.2.1");
    let first = host.begin(at(0), &alice).unwrap();
    assert_eq!(host.keeper.hold(first), Place::Held);
    let second = host.begin(at(0), &alice).unwrap();
    assert_eq!(host.answer(at(0), second), Gate::Wait);
    assert_eq!(host.answer(at(0), first), Gate::Open);
    let effects = host.end(at(0), first, Outcome::Failure);
    assert!(
        matches!(effects.last(), Some(Effect::TurnAway(id, Refusal::Locked(..))) if *id == second)
    );
}

#[test]
fn a_verdict_that_comes_by_another_connection_finds_its_place() {
    let mut host = Host::new(settings(&[(PAIR, 1)]));
    let alice = client("alice", "192.0.2.1");
    let lost = host.begin(at(0), &alice).unwrap();
    assert_eq!(host.answer(at(0), lost), Gate::Open);
    assert_eq!(host.keeper.withdraw(at(0), lost), []);
    let waiting = host.begin(at(0), &alice).unwrap();
    assert_eq!(host.answer(at(0), waiting), Gate::Wait);
    let found = AttemptId(77);
    assert_eq!(host.keeper.verified(at(1), found, visitor("alice", "192.0.2.1")), []);
    assert!(host.end(at(1), found, Outcome::Success).contains(&Effect::Admit(waiting)));
    host.end(at(1), waiting, Outcome::Abandoned);
    assert_eq!((host.keeper.in_flight(), host.keeper.counters().count()), (0, 0));
}

#[test]
fn one_that_never_comes_counts_when_its_time_is_over() {
    let mut host = Host::new(settings(&[(PAIR, 1)]));
    let alice = client("alice", "192.0.2.1");
    let lost = host.begin(at(0), &alice).unwrap();
    assert_eq!(host.answer(at(0), lost), Gate::Open);
    assert_eq!(host.keeper.withdraw(at(0), lost), []);
    let later = at(0).after(LEASE);
    assert!(host.keeper.advance(later).contains(&Effect::Lapsed(lost)));
    assert!(!host.admits(later, &alice));
    assert_eq!(host.keeper.in_flight(), 0);
}

#[test]
fn other_settings_call_back_every_place_held_at_a_prompt() {
    let mut host = Host::new(settings(&[(PAIR, 2)]));
    let [alice, bob] = ["alice", "bob"].map(|user| client(user, "192.0.2.1"));
    let ids = [&alice, &alice, &bob].map(|client| host.begin(at(0), client).unwrap());
    for id in ids {
        assert_eq!(host.keeper.hold(id), Place::Held);
    }
    assert_eq!(host.answer(at(0), ids[0]), Gate::Open);
    let effects = host.keeper.reconfigure(at(0), settings(&[(PAIR, 1)]));
    let called_back = [ids[1], ids[2]].map(Effect::CallBack);
    assert_eq!(effects, called_back);
}

#[test]
fn what_was_verified_while_nobody_could_ask_calls_back_the_places_that_it_takes() {
    let mut host = Host::new(settings(&[(PAIR, 1)]));
    let alice = client("alice", "192.0.2.1");
    let idle = host.begin(at(0), &alice).unwrap();
    assert_eq!(host.keeper.hold(idle), Place::Held);
    let late = visitor("alice", "192.0.2.1");
    let effects = host.keeper.verified(at(0), AttemptId(77), late);
    assert_eq!(effects, [Effect::CallBack(idle)]);
}

#[test]
fn nobody_waits_longer_than_the_bound() {
    let mut host = Host::new(settings(&[(PAIR, 1)]));
    let alice = client("alice", "192.0.2.1");
    let (first, second) = (host.begin(at(0), &alice).unwrap(), host.begin(at(0), &alice).unwrap());
    assert_eq!(host.answer(at(0), first), Gate::Open);
    assert_eq!(host.answer(at(0), second), Gate::Wait);
    assert_eq!(host.keeper.next_deadline(), Some(at(0).after(GATE_WAIT)));
    let effects = host.keeper.advance(at(0).after(GATE_WAIT));
    assert_eq!(effects, [Effect::TurnAway(second, Refusal::Busy)]);
}

#[test]
fn a_place_held_for_too_long_counts_once_and_a_late_success_forgives_it() {
    let mut host = Host::new(settings(&[(PAIR, 1)]));
    let alice = client("alice", "192.0.2.1");
    let id = host.begin(at(0), &alice).unwrap();
    assert_eq!(host.answer(at(0), id), Gate::Open);
    let later = at(0).after(LEASE);
    assert!(host.keeper.advance(later).contains(&Effect::Lapsed(id)));
    assert!(!host.admits(later, &alice));
    host.end(later, id, Outcome::Success);
    assert!(host.admits(later, &alice));
}

#[test]
fn a_crowd_that_is_turned_away_at_once_does_not_exhaust_the_stack() {
    let mut host = Host::new(settings(&[(PAIR, 1)]));
    let alice = client("alice", "192.0.2.1");
    let ids: Vec<_> = (0..100_000).map(|_| host.begin(at(0), &alice).unwrap()).collect();
    let opened = ids.iter().filter(|id| host.answer(at(0), **id) == Gate::Open).count();
    assert_eq!(opened, 1);
    let effects = host.end(at(1), ids[0], Outcome::Failure);
    let turned = effects.iter().filter(|effect| matches!(effect, Effect::TurnAway(..))).count();
    assert_eq!(turned, 99_999);
}

#[test]
fn cool_off_counts_from_the_last_failure() {
    let mut host = Host::new(settings(&[(PAIR, 2)]));
    let alice = client("alice", "192.0.2.1");
    host.fail(at(0), &alice, 1);
    host.fail(at(800), &alice, 1);
    assert!(!host.admits(at(800 + 899), &alice));
    let effects = host.keeper.advance(at(800 + 900));
    let released = |e: &Effect| matches!(e, Effect::Unlocked(_, Release::CoolOff));
    assert!(effects.iter().any(released));
    assert_eq!(effects.iter().filter(|e| matches!(e, Effect::Forget(_))).count(), 2);
    assert!(host.admits(at(800 + 900), &alice));
}

#[test]
fn a_pause_longer_than_the_cool_off_starts_the_series_again() {
    let mut host = Host::new(settings(&[(PAIR, 3)]));
    let alice = client("alice", "192.0.2.1");
    host.fail(at(0), &alice, 2);
    host.fail(at(901), &alice, 2);
    assert!(host.admits(at(901), &alice));
}

#[test]
fn a_refused_try_does_not_extend_the_lockout() {
    let mut host = Host::new(settings(&[(PAIR, 1)]));
    let alice = client("alice", "192.0.2.1");
    host.fail(at(0), &alice, 1);
    for second in 1..900 {
        assert!(!host.admits(at(second), &alice));
    }
    assert!(host.admits(at(900), &alice));
}

#[test]
fn a_success_forgives_its_own_counters_but_never_the_address() {
    let counters: [(&[Attribute], u32); 2] = [(PAIR, 3), (ADDRESS, 4)];
    let mut host = Host::new(settings(&counters));
    let (mallory, victim) = (client("mallory", "192.0.2.9"), client("root", "192.0.2.9"));
    host.fail(at(0), &victim, 2);
    host.fail(at(0), &mallory, 1);
    assert!(host.attempt(at(0), &mallory, Outcome::Success));
    host.fail(at(0), &victim, 1);
    assert!(!host.admits(at(0), &mallory), "the address is locked all the same");
}

#[test]
fn a_success_seen_by_the_user_alone_forgives_nothing_that_root_reported() {
    let mut host = Host::new(settings(&[(USER, 2)]));
    let alice = client("alice", "");
    host.fail(at(0), &alice, 1);
    let id = AttemptId(1000);
    assert_eq!(
        host.keeper.begin(at(0), id, Visitor::plain(alice.clone(), Reporter::Owner)).0,
        Admission::Admitted
    );
    let _ = host.keeper.verdict(at(0), id, Outcome::Success);
    host.fail(at(0), &alice, 1);
    assert!(!host.admits(at(0), &alice));
}

#[test]
fn what_was_kept_gives_the_same_counters_after_a_restart() {
    let counters: [(&[Attribute], u32); 2] = [(PAIR, 5), (ADDRESS, 10)];
    let mut host = Host::new(settings(&counters));
    let (alice, bob) = (client("alice", "192.0.2.1"), client("bob", "192.0.2.1"));
    host.fail(at(0), &alice, 3);
    host.fail(at(10), &bob, 2);
    assert!(host.attempt(at(20), &alice, Outcome::Success));
    host.fail(at(30), &alice, 1);
    let again = Host::remembering(settings(&counters), at(40), host.kept.clone());
    let sorted = |keeper: &Keeper| {
        let mut states: Vec<_> = keeper.counters().collect();
        states.sort_by(|a, b| a.key.cmp(&b.key));
        states
    };
    assert_eq!(sorted(&again.keeper), sorted(&host.keeper));
    assert_eq!(sorted(&again.keeper).len(), 3);
}

#[test]
fn a_history_from_the_future_counts_as_one_of_now() {
    let mut host = Host::new(settings(&[(PAIR, 1)]));
    let alice = client("alice", "192.0.2.1");
    host.fail(at(86_400), &alice, 1);
    let mut back = Host::remembering(settings(&[(PAIR, 1)]), at(0), host.kept);
    assert!(!back.admits(at(1), &alice), "still locked");
    assert!(back.admits(at(0).after(COOLOFF), &alice), "for one cool-off, not for a day");
}

#[test]
fn a_clock_that_steps_back_locks_and_unlocks_nobody() {
    let mut host = Host::new(settings(&[(PAIR, 1)]));
    let (alice, bob) = (client("alice", "192.0.2.1"), client("bob", "192.0.2.1"));
    host.fail(at(10_000), &alice, 1);
    assert!(!host.admits(at(0), &alice));
    assert!(host.admits(at(0), &bob));
    assert!(host.admits(at(10_900), &alice));
}

#[test]
fn a_reset_by_address_takes_its_failures_out_of_every_counter() {
    let mut host = Host::new(settings(&[(USER, 3)]));
    host.fail(at(0), &client("alice", "192.0.2.1"), 2);
    host.fail(at(0), &client("alice", "198.51.100.1"), 1);
    let filter =
        Filter { address: Some(AddressFilter::parse("192.0.2.0/24")), ..Filter::default() };
    let (result, effects) = host.keeper.reset(at(1), &filter);
    assert_eq!((result.failures, result.counters.len()), (2, 1));
    assert!(effects.iter().any(|e| matches!(e, Effect::Unlocked(_, Release::Reset))));
    assert_eq!(host.keeper.counters().next().map(|counter| counter.failures), Some(1));
}

#[test]
fn a_raised_limit_frees_at_once_and_history_stays() {
    let mut host = Host::new(settings(&[(ADDRESS, 3)]));
    let alice = client("alice", "192.0.2.1");
    host.fail(at(0), &alice, 3);
    assert!(!host.admits(at(0), &alice));
    let _ = host.keeper.reconfigure(at(0), settings(&[(ADDRESS, 5)]));
    host.fail(at(0), &alice, 2);
    assert!(!host.admits(at(0), &alice));
}

#[test]
fn other_parameters_judge_the_same_history() {
    let mut host = Host::new(settings(&[(PAIR, 3)]));
    host.fail(at(0), &client("alice", "192.0.2.1"), 2);
    host.fail(at(0), &client("bob", "192.0.2.1"), 2);
    let _ = host.keeper.reconfigure(at(0), settings(&[(ADDRESS, 4)]));
    assert!(!host.admits(at(0), &client("carol", "192.0.2.1")));
}

#[test]
fn whoever_waits_when_the_settings_change_is_served_by_the_new_ones() {
    let mut host = Host::new(settings(&[(PAIR, 1)]));
    let alice = client("alice", "192.0.2.1");
    let (first, second) = (host.begin(at(0), &alice).unwrap(), host.begin(at(0), &alice).unwrap());
    assert_eq!(host.answer(at(0), first), Gate::Open);
    assert_eq!(host.answer(at(0), second), Gate::Wait);
    let effects = host.keeper.reconfigure(at(1), settings(&[(PAIR, 2)]));
    assert_eq!(effects, [Effect::Admit(second)]);
    host.end(at(1), first, Outcome::Failure);
    host.end(at(1), second, Outcome::Failure);
    assert!(!host.admits(at(1), &alice));
}

#[test]
fn the_blacklist_refuses_and_the_whitelist_exempts() {
    let mut rules = settings(&[(ADDRESS, 1)]);
    rules.whitelist = list("192.0.2.0/24");
    rules.blacklist = list("192.0.2.66/32");
    let mut host = Host::new(rules);
    host.fail(at(0), &client("alice", "192.0.2.1"), 10);
    assert!(!host.admits(at(0), &client("alice", "192.0.2.66")));
    assert!(host.keeper.account(&visitor("alice", "192.0.2.66")).is_some());
    assert!(host.keeper.account(&visitor("alice", "198.51.100.1")).is_none());
}

#[test]
fn local_failures_of_different_users_share_no_counter() {
    let mut host = Host::new(settings(&[(ADDRESS, 1), (PAIR, 2)]));
    host.fail(at(0), &client("alice", ""), 2);
    assert!(!host.admits(at(0), &client("alice", "")));
    assert!(host.admits(at(0), &client("bob", "")));
    assert!(host.admits(at(0), &client("alice", "192.0.2.1")));
}

#[test]
fn an_idle_gatekeeper_has_no_deadline() {
    let mut host = Host::new(Settings { familiar_for: None, ..settings(&[(PAIR, 3)]) });
    assert_eq!(host.keeper.next_deadline(), None);
    host.fail(at(0), &client("alice", "192.0.2.1"), 1);
    assert_eq!(host.keeper.next_deadline(), Some(at(0).after(COOLOFF)));
    let _ = host.keeper.advance(at(0).after(COOLOFF + Duration::from_millis(1)));
    assert_eq!(host.keeper.next_deadline(), None);
    host.fail(at(1000), &client("alice", "192.0.2.1"), 1);
    assert!(host.attempt(at(1000), &client("alice", "192.0.2.1"), Outcome::Success));
    assert_eq!(host.keeper.next_deadline(), None, "a counter that is forgiven leaves none behind");
}
