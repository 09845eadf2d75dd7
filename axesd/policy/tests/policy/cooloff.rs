//! Windows, and cool-offs that rise.

use std::time::Duration;

use crate::support::{ADDRESS, COOLOFF, Host, PAIR, USER, at, client, counter, settings};
use axes_policy::attempt::Outcome;
use axes_policy::filter::Filter;
use axes_policy::settings::{CoolOff, CounterRule, Settings};

const MINUTE: u64 = 60;

fn one(rule: CounterRule) -> Settings {
    settings(&[]).with_counters(vec![rule])
}

fn rising() -> Settings {
    let levels = [60, 600].map(|seconds| Some(Duration::from_secs(seconds)));
    let levels = levels.into_iter().chain([None]).collect();
    let cooloff = CoolOff { levels, decay: Duration::from_secs(3600) };
    one(CounterRule { cooloff, ..counter(PAIR, 2) })
}

fn windowed(seconds: u64) -> Settings {
    let window = Some(Duration::from_secs(seconds));
    one(CounterRule { window, ..counter(PAIR, 3) })
}

#[test]
fn a_failure_out_of_its_window_no_longer_counts() {
    let mut host = Host::new(windowed(100));
    let alice = client("alice", "192.0.2.1");
    host.fail(at(0), &alice, 1);
    host.fail(at(60), &alice, 1);
    host.fail(at(101), &alice, 1);
    assert!(host.admits(at(101), &alice), "without a window this would be the third");
    assert_eq!(host.keeper.counters().next().unwrap().failures, 2);
    host.fail(at(110), &alice, 1);
    assert!(!host.admits(at(111), &alice));
}

#[test]
fn a_lockout_lasts_as_long_as_its_cool_off_whatever_the_window() {
    for window in [10, 100_000] {
        let mut host = Host::new(windowed(window));
        let alice = client("alice", "192.0.2.1");
        host.fail(at(0), &alice, 3);
        assert!(!host.admits(at(0).after(COOLOFF - Duration::from_millis(1)), &alice));
        assert!(host.admits(at(0).after(COOLOFF), &alice));
    }
}

#[test]
fn each_lockout_of_a_counter_is_longer_than_the_one_before() {
    let mut host = Host::new(rising());
    let alice = client("alice", "192.0.2.1");
    host.fail(at(0), &alice, 2);
    assert!(!host.admits(at(59), &alice));
    host.fail(at(60), &alice, 2);
    assert!(!host.admits(at(60 + 599), &alice));
    host.fail(at(60 + 600), &alice, 2);
    assert!(!host.admits(at(100_000_000), &alice), "the last level is for ever");
    assert_eq!(host.keeper.counters().next().unwrap().level, 3);
}

#[test]
fn a_quiet_time_makes_the_next_lockout_a_first_one_again() {
    let mut host = Host::new(rising());
    let alice = client("alice", "192.0.2.1");
    host.fail(at(0), &alice, 2);
    host.advance(at(61));
    assert_eq!(host.notes.len(), 1);
    host.fail(at(60 + 3600), &alice, 2);
    assert_eq!(host.keeper.counters().next().unwrap().level, 1);
    assert!(host.notes.is_empty(), "nothing is kept of what does not matter any more");
}

#[test]
fn levels_survive_a_restart_in_the_middle_and_after_the_end_of_a_lockout() {
    let alice = client("alice", "192.0.2.1");
    let mut host = Host::new(rising());
    host.fail(at(0), &alice, 2);
    let mut host = host.restarted(at(30), rising());
    assert!(!host.admits(at(59), &alice));
    let mut host = host.restarted(at(5 * MINUTE), rising()).restarted(at(6 * MINUTE), rising());
    host.fail(at(6 * MINUTE), &alice, 2);
    let state = host.keeper.counters().next().unwrap();
    assert_eq!((state.level, state.until), (2, Some(at(16 * MINUTE))));
    let host = host.restarted(at(7 * MINUTE), rising());
    assert_eq!(host.keeper.counters().next().unwrap().level, 2);
}

#[test]
fn a_reset_forgets_earlier_lockouts_too() {
    let mut host = Host::new(rising());
    let alice = client("alice", "192.0.2.1");
    host.fail(at(0), &alice, 2);
    host.advance(at(61));
    let bob = Filter { user: Some("bob".into()), ..Filter::default() };
    let _ = host.keeper.reset(at(62), &bob);
    host.fail(at(62), &alice, 1);
    assert_eq!(host.keeper.counters().next().unwrap().level, 2);
    let _ = host.keeper.reset(at(63), &Filter { user: Some("alice".into()), ..Filter::default() });
    host.fail(at(63), &alice, 1);
    assert_eq!(host.keeper.counters().next().unwrap().level, 1);
}

#[test]
fn counters_over_the_same_attributes_have_limits_and_cool_offs_of_their_own() {
    let slow = CounterRule {
        name: Some("slow".into()),
        cooloff: CoolOff::constant(None),
        window: Some(Duration::from_secs(86_400)),
        ..counter(PAIR, 4)
    };
    let mut host = Host::new(settings(&[]).with_counters(vec![counter(PAIR, 3), slow]));
    let alice = client("alice", "192.0.2.1");
    host.fail(at(0), &alice, 3);
    assert!(!host.admits(at(0), &alice));
    assert!(host.admits(at(0).after(COOLOFF), &alice));
    host.fail(at(0).after(COOLOFF), &alice, 1);
    assert!(!host.admits(at(10_000_000), &alice), "the slow one locked for good");
    let refusal = host.keeper.would_refuse(&crate::support::visitor("alice", "192.0.2.1"));
    let reason = refusal.unwrap().to_string();
    assert_eq!(reason, "locked: user=alice address=192.0.2.1 (4/4) in slow");
    host.fail(at(10_000_000), &client("alice", "192.0.2.2"), 1);
}

#[test]
fn a_counter_of_an_address_is_not_forgiven_by_a_login_of_its_owner() {
    let mut host = Host::new(settings(&[(ADDRESS, 3), (USER, 100)]));
    let mallory = client("mallory", "192.0.2.66");
    for user in ["alice", "bob", "carol"] {
        host.fail(at(0), &client(user, "192.0.2.66"), 1);
        host.attempt(at(0), &mallory, Outcome::Success);
    }
    assert!(!host.admits(at(1), &mallory));
}
