//! Corners in which a lockout began or ended where it should not.

use std::net::Ipv6Addr;
use std::sync::Arc;
use std::time::Duration;

use axes_policy::account::{Account, Home};
use axes_policy::attempt::{Lane, Outcome};
use axes_policy::client::{Address, Client, Visitor};
use axes_policy::effect::AttemptId;
use axes_policy::filter::{AddressFilter, Filter};
use axes_policy::keeper::Gate;
use axes_policy::networks::Networks;
use axes_policy::settings::{
    CoolOff, CounterId, CounterRule, Profile, RefusedTries, Rule, Settings,
};
use axes_policy::subject::Subject;

use crate::support::{
    ADDRESS, Host, PAIR, USER, at, client, counter, list, settings, visitor, with_profile,
};

fn rising(levels: &[u64]) -> CoolOff {
    let levels = levels.iter().map(|level| Some(Duration::from_secs(*level))).collect();
    CoolOff { levels, decay: Duration::from_secs(86_400) }
}

/// Two lockouts behind him, both over; another counter still holds the failures.
fn twice_locked(rules: Settings) -> (Host, Client) {
    let mut host = Host::new(rules);
    let alice = client("alice", "192.0.2.1");
    host.fail(at(0), &alice, 2);
    host.fail(at(400), &alice, 2);
    host.advance(at(500));
    assert!(host.admits(at(700), &alice), "the second lockout ended");
    (host, alice)
}

fn rising_pair() -> Settings {
    let pair = CounterRule { cooloff: rising(&[60, 300, 100_000]), ..counter(PAIR, 2) };
    settings(&[]).with_counters(vec![pair, counter(USER, 50)])
}

#[test]
fn a_restart_does_not_begin_a_lockout_that_was_over() {
    let (host, alice) = twice_locked(rising_pair());
    let mut host = host.restarted(at(701), rising_pair());
    assert!(host.admits(at(701), &alice));
}

#[test]
fn a_reload_does_not_begin_a_lockout_that_was_over() {
    let (mut host, alice) = twice_locked(rising_pair());
    let effects = host.keeper.reconfigure(at(701), rising_pair());
    host.store(&effects);
    assert!(host.admits(at(701), &alice));
}

#[test]
fn a_lockout_that_refused_tries_prolong_outlives_a_restart() {
    let rules = with_profile(settings(&[(PAIR, 2)]), |it| it.refused_tries = RefusedTries::Counted);
    let mut host = Host::new(rules.clone());
    let mallory = client("alice", "192.0.2.66");
    host.fail(at(0), &mallory, 2);
    for second in [800, 1600] {
        assert!(!host.attempt(at(second), &mallory, Outcome::Failure));
    }
    let mut host = host.restarted(at(1700), rules);
    assert!(!host.admits(at(1700), &mallory), "locked until 2500");
}

#[test]
fn a_failure_that_a_counter_let_go_is_not_in_it_again_after_a_restart() {
    let window = Some(Duration::from_secs(7200));
    let address = CounterRule { window, ..counter(ADDRESS, 4) };
    let rules = settings(&[]).with_counters(vec![address, counter(USER, 10)]);
    let mut host = Host::new(rules.clone());
    host.fail(at(0), &client("alice", "192.0.2.1"), 3);
    host.fail(at(0), &client("bob", "192.0.2.1"), 1);
    host.fail(at(500), &client("alice", "192.0.2.2"), 1);
    host.advance(at(901));
    let room = |host: &Host| host.keeper.explain(&visitor("carol", "192.0.2.1")).room[0].1;
    assert_eq!(room(&host), 4, "the lockout of the address is over, and it begins anew");
    let host = host.restarted(at(902), rules);
    assert_eq!(room(&host), 4);
}

#[test]
fn a_login_from_one_familiar_address_does_not_forgive_another_by_a_restart() {
    let rules = settings(&[(USER, 3)]);
    let mut host = Host::new(rules.clone());
    let (home, office) = (client("alice", "198.51.100.9"), client("alice", "203.0.113.9"));
    for address in [&home, &office] {
        host.attempt(at(0), address, Outcome::Success);
    }
    host.fail(at(1), &office, 3);
    assert!(!host.admits(at(2), &office));
    host.attempt(at(3), &home, Outcome::Success);
    assert!(!host.admits(at(4), &office), "somebody guesses there");
    let mut host = host.restarted(at(5), rules);
    assert!(!host.admits(at(5), &office));
}

#[test]
fn one_user_who_logs_in_from_everywhere_makes_nobody_else_a_stranger() {
    let rules = settings(&[(USER, 3)]);
    let mut host = Host::new(rules);
    host.attempt(at(0), &client("alice", "198.51.100.9"), Outcome::Success);
    for number in 0..100_000_u128 {
        let from = Ipv6Addr::from((0x2001_0db8_u128 << 96) | (number << 64));
        let mallory = Client { address: Address::Ip(from.into()), ..client("mallory", "") };
        host.attempt(at(1), &mallory, Outcome::Success);
    }
    assert_eq!(host.keeper.explain(&visitor("alice", "198.51.100.9")).lane, Lane::Familiar);
}

fn member(of: &[&str]) -> Option<Arc<Account>> {
    let groups = of.iter().map(|group| Arc::from(*group)).collect();
    Some(Arc::new(Account { name: "alice".into(), uid: 1000, groups, home: Home::Directory }))
}

fn known(account: Option<Arc<Account>>) -> Visitor {
    Visitor { account, ..visitor("alice", "192.0.2.1") }
}

#[test]
fn a_blacklisted_group_stays_out_while_the_directory_does_not_answer() {
    let rules = Settings { blacklist: list("@leavers"), ..settings(&[(PAIR, 5)]) };
    let mut host = Host::new(rules);
    assert!(host.begin_as(at(0), AttemptId(1), known(member(&["leavers"]))).is_none());
    assert!(host.begin_as(at(1), AttemptId(2), known(None)).is_none());
}

fn strict_admins(limit: u32) -> Settings {
    let mut rules = settings(&[(PAIR, 5)]);
    rules
        .counters
        .push(Arc::new(CounterRule { name: Some("strict".into()), ..counter(PAIR, limit) }));
    let profile = Profile {
        rule: Some("strict".into()),
        counters: vec![CounterId(1)],
        ..(*rules.base).clone()
    };
    rules.rules.push(Rule {
        services: Default::default(),
        accounts: vec![Subject::account("@admins").unwrap()],
        networks: Networks::default(),
        profile: Arc::new(profile),
    });
    rules
}

#[test]
fn a_reset_leaves_nothing_behind_of_attempts_that_began_before_a_group_changed() {
    let mut host = Host::new(strict_admins(2));
    let fail = |host: &mut Host, number, account| {
        let id = host.begin_as(at(0), AttemptId(number), known(account)).unwrap();
        assert_eq!(host.answer(at(0), id), Gate::Open);
        id
    };
    let first = fail(&mut host, 1, member(&[]));
    let second = fail(&mut host, 2, member(&["admins"]));
    host.end(at(1), first, Outcome::Failure);
    host.end(at(1), second, Outcome::Failure);
    let _ = host.keeper.reset(at(2), &Filter { user: Some("alice".into()), ..Filter::default() });
    let left: Vec<_> = host.keeper.counters().map(|it| it.to_string()).collect();
    assert_eq!(left, [""; 0]);
}

#[test]
fn why_knows_the_groups_that_admission_remembers() {
    let mut host = Host::new(strict_admins(2));
    for number in 1..=2 {
        let id = host.begin_as(at(0), AttemptId(number), known(member(&["admins"]))).unwrap();
        assert_eq!(host.answer(at(0), id), Gate::Open);
        host.end(at(0), id, Outcome::Failure);
    }
    assert!(host.begin_as(at(1), AttemptId(3), known(None)).is_none(), "it is remembered");
    assert!(host.keeper.would_refuse(&known(None)).is_some(), "and why says the same");
}

#[test]
fn what_applications_say_that_do_not_know_can_be_reset() {
    for told in ["0.0.0.0", "::", "local"] {
        let address = Address::parse(told);
        let shown = address.to_string();
        assert!(AddressFilter::parse(&shown).covers(&address), "{told}");
    }
}
