use std::num::NonZeroU32;

use super::*;
use crate::attempt::{Lane, Marks};
use crate::attribute::{Attribute, AttributeSet};
use crate::client::{Address, Client};
use crate::settings::{CoolOff, CounterRule, Settings};

/// Rules by which a second failure locks for ever, and so many failures fit.
fn judge(most: usize) -> Judge {
    cooling_off(CoolOff::constant(None), most)
}

fn cooling_off(cooloff: CoolOff, most: usize) -> Judge {
    let rule = CounterRule {
        name: None,
        attributes: AttributeSet::new(&[Attribute::Username]).unwrap(),
        limit: NonZeroU32::new(2).unwrap(),
        window: None,
        cooloff,
    };
    let settings = Settings::default().with_counters(vec![rule]);
    Judge::new(Settings { room: most * size_of_one(), ..settings })
}

fn client(user: &str) -> Client {
    let (user, service) = (user.into(), "sudo".into());
    Client { user, address: Address::Local, service, tty: None, ruser: None }
}

fn size_of_one() -> usize {
    failures::size(&client("u1"), 1)
}

fn failure(ledger: &mut Ledger, user: &str) -> Failure {
    Failure {
        id: ledger.next_id(),
        at: Timestamp::default(),
        client: client(user),
        reporter: Reporter::Root,
        lane: Lane::Stranger,
        marks: Marks::default(),
    }
}

fn fail(ledger: &mut Ledger, judge: &Judge, user: &str) -> Vec<Effect> {
    let failure = failure(ledger, user);
    let keys = judge.keys_of(&failure);
    ledger.add(judge, failure, &keys)
}

fn fail_all(most: usize, users: &[&str]) -> (Ledger, Vec<Vec<Effect>>) {
    let mut ledger = Ledger::default();
    let effects = fail_in(&mut ledger, &judge(most), users);
    (ledger, effects)
}

fn fail_in(ledger: &mut Ledger, judge: &Judge, users: &[&str]) -> Vec<Vec<Effect>> {
    users.iter().map(|user| fail(ledger, judge, user)).collect()
}

fn users(ledger: Ledger) -> Vec<String> {
    let failures = ledger.failures.into_vec();
    failures.into_iter().map(|failure| failure.client.user.to_string()).collect()
}

#[test]
fn the_oldest_failure_goes_when_there_are_too_many_but_lockouts_stay() {
    let (ledger, effects) = fail_all(4, &["u0", "u0", "u1", "u2", "u3"]);
    assert!(effects[4].contains(&Effect::Forget(3)), "the failure of u1: {effects:?}");
    assert_eq!(ledger.tally(), (3, 1));
    assert_eq!(ledger.counters.due(), 0, "nothing here cools off");
    assert_eq!(ledger.crowded_out(), 1);
    assert_eq!(users(ledger), ["u0", "u0", "u2", "u3"]);
}

#[test]
fn a_newcomer_does_not_push_a_lockout_out() {
    let (ledger, effects) = fail_all(2, &["u0", "u0", "u1"]);
    // The newcomer is the only one that no lockout rests on.
    assert!(effects[2].contains(&Effect::Forget(3)), "{effects:?}");
    assert_eq!(users(ledger), ["u0", "u0"]);
}

#[test]
fn where_all_are_locked_the_oldest_lockout_goes_and_is_told_of() {
    let (ledger, effects) = fail_all(5, &["u0", "u0", "u1", "u1", "u2", "u2"]);
    let ended = effects[5].iter().find(|it| matches!(it, Effect::Unlocked(_, Release::Crowded)));
    assert!(ended.is_some(), "{effects:?}");
    assert_eq!(users(ledger), ["u0", "u1", "u1", "u2", "u2"]);
}

#[test]
fn lockouts_however_many_leave_room_for_those_who_are_counted_next() {
    let (mut ledger, judge) = (Ledger::default(), judge(100));
    let mut fail = |user: &str| fail(&mut ledger, &judge, user);
    for number in 0..200 {
        fail(&format!("u{number}"));
        fail(&format!("u{number}"));
    }
    fail("alice");
    for number in 0..5 {
        fail(&format!("v{number}"));
    }
    let effects = fail("alice");
    let locked = |it: &Effect| matches!(it, Effect::Locked(counter) if counter.failures == 2);
    assert!(effects.iter().any(locked), "{effects:?}");
}

#[test]
fn less_room_than_before_is_in_force_once_history_was_counted_again() {
    let (mut ledger, wide, narrow) = (Ledger::default(), judge(10_000), judge(100));
    for number in 0..4000 {
        fail(&mut ledger, &wide, &format!("u{}", number / 2));
    }
    let failures = ledger.begin_anew(&narrow);
    let effects = ledger.replay(&narrow, failures, Timestamp::default());
    assert!(ledger.failures.bytes() <= narrow.settings.room);
    assert!(effects.contains(&Effect::Crowded));
    let gone = effects.iter().filter(|effect| matches!(effect, Effect::Forget(_))).count();
    assert_eq!(u64::try_from(gone).unwrap(), ledger.crowded_out());
}

#[test]
fn a_failure_that_would_count_elsewhere_by_now_does_not_hold_up_the_others() {
    // More than there is room for, and nothing lets them go: that must end all the same.
    let (mut ledger, judge) = (Ledger::default(), judge(2));
    for user in ["u0", "u1", "u2", "u3"] {
        let failure = failure(&mut ledger, user);
        let mut keys = judge.keys_of(&failure);
        for named in &mut keys {
            let key = CounterKey { user: Some(format!("not {user}").into()), ..named.key.clone() };
            *named = judge.namer.named(key);
        }
        ledger.add(&judge, failure, &keys);
    }
    assert_eq!(ledger.failures.len().0, 4);
}

#[test]
fn a_failure_whose_lockout_is_over_goes_before_those_that_came_later() {
    let (mut ledger, judge) = (Ledger::default(), judge(4));
    fail_in(&mut ledger, &judge, &["u0", "u0", "u1", "u2", "u3", "u4"]);
    let locked = judge.keys_of(&ledger.covered(&Filter::default()).next().unwrap().1);
    // One failure less, and it is not locked any more.
    let (first, _) = ledger.covered(&Filter::default()).find(|(_, it)| it.id == 1).unwrap();
    ledger.remove(first, &locked, Release::Reset);
    fail(&mut ledger, &judge, "u5");
    let effects = fail(&mut ledger, &judge, "u6");
    assert!(effects.contains(&Effect::Forget(2)), "{effects:?}");
}

#[test]
fn however_many_come_and_go_no_more_is_remembered_than_there_is_room_for() {
    let (mut ledger, judge) = (Ledger::default(), cooling_off(CoolOff::default(), 100));
    for number in 0..10_000 {
        fail(&mut ledger, &judge, &format!("u{}", number % 7000));
        assert!(ledger.failures.bytes() <= judge.settings.room);
        let (due, counters) = (ledger.counters.due(), ledger.counters.len());
        assert!(due >= counters && due <= 2 * counters + 1000, "{due} of {counters}");
    }
    let (held, places, _) = ledger.failures.len();
    assert!(held >= 90 && places <= 2 * held + 1000, "{held} failures, {places} places");
    assert_eq!(ledger.crowded_out() + u64::try_from(held).unwrap(), 10_000);
}

#[test]
fn what_failures_have_in_common_is_there_once_and_goes_with_them() {
    let (mut ledger, judge) = (Ledger::default(), judge(100));
    for number in 0..10_000 {
        let mut failure = failure(&mut ledger, &format!("u{number}"));
        // Half of them through one terminal, the others each through its own.
        let tty = if number < 5_000 { "ssh".to_owned() } else { format!("pts/{number}") };
        failure.client.tty = Some(tty.into());
        ledger.add(&judge, failure.clone(), &judge.keys_of(&failure));
        assert!(ledger.covered(&Filter::default()).any(|(_, it)| it == failure), "as it was");
        let (held, _, shared) = ledger.failures.len();
        let most = if number < 5_000 { 1 } else { 2 * held + 1_100 };
        assert!(shared <= most, "{shared} of {held}");
    }
}
