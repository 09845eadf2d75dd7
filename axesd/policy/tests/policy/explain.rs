//! What is said of a client that asks why.

use axes_policy::attempt::Outcome;
use axes_policy::key::CounterKey;

use crate::support::{ADDRESS, Host, PAIR, USER, at, client, settings, visitor};

fn room(host: &Host, user: &str, address: &str) -> Vec<u32> {
    let explanation = host.keeper.explain(&visitor(user, address));
    explanation.room.iter().map(|(_, room)| *room).collect()
}

fn keys(host: &Host, user: &str, address: &str) -> Vec<CounterKey> {
    let counters = host.keeper.explain(&visitor(user, address)).counters;
    counters.into_iter().map(|counter| counter.key).collect()
}

#[test]
fn the_room_of_each_counter_is_told_also_of_those_without_a_failure() {
    let mut host = Host::new(settings(&[(PAIR, 5), (ADDRESS, 20), (USER, 100)]));
    assert_eq!(room(&host, "alice", "192.0.2.1"), [5, 20, 100]);
    host.fail(at(0), &client("alice", "192.0.2.1"), 2);
    assert_eq!(room(&host, "alice", "192.0.2.1"), [3, 18, 98]);
    assert_eq!(room(&host, "bob", "192.0.2.1"), [5, 18, 100]);
    assert_eq!(room(&host, "alice", ""), [5, 98], "this machine has no counter of its own");
    host.fail(at(0), &client("alice", "192.0.2.1"), 3);
    assert_eq!(room(&host, "alice", "192.0.2.1")[0], 0);
}

#[test]
fn failures_fall_into_the_counters_that_hold_them() {
    let mut host = Host::new(settings(&[(PAIR, 5), (ADDRESS, 20)]));
    host.fail(at(0), &client("alice", "192.0.2.1"), 1);
    let [pair, address] = keys(&host, "alice", "192.0.2.1").try_into().unwrap();
    let falls_into = |key, user, from| host.keeper.falls_into(&client(user, from), key);
    assert!(falls_into(&pair, "alice", "192.0.2.1") && falls_into(&address, "bob", "192.0.2.1"));
    assert!(!falls_into(&pair, "bob", "192.0.2.1"));
    assert!(!falls_into(&address, "alice", "192.0.2.2"));
}

#[test]
fn only_failures_from_a_familiar_address_fall_into_its_own_lane() {
    let mut host = Host::new(settings(&[(USER, 5)]));
    let (home, stranger) = (client("alice", "198.51.100.9"), client("alice", "192.0.2.1"));
    assert!(host.attempt(at(0), &home, Outcome::Success));
    host.fail(at(1), &home, 1);
    let [strangers] = keys(&host, "alice", "192.0.2.1").try_into().unwrap();
    let [own] = keys(&host, "alice", "198.51.100.9").try_into().unwrap();
    assert!(host.keeper.falls_into(&stranger, &strangers));
    assert!(host.keeper.falls_into(&home, &strangers), "it counts for strangers too");
    assert!(host.keeper.falls_into(&home, &own) && !host.keeper.falls_into(&stranger, &own));
}
