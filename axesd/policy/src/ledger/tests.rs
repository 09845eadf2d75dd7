use std::num::NonZeroU32;

use super::*;
use crate::attempt::{Lane, Marks};
use crate::attribute::{Attribute, AttributeSet};
use crate::client::{Address, Client};
use crate::settings::{CoolOff, CounterRule, Settings};

fn judge() -> Judge {
    let rule = CounterRule {
        name: None,
        attributes: AttributeSet::new(&[Attribute::Username]).unwrap(),
        limit: NonZeroU32::new(2).unwrap(),
        window: None,
        cooloff: CoolOff::constant(None),
    };
    let settings = Settings::default().with_counters(vec![rule]);
    Judge::new(settings)
}

fn fail(ledger: &mut Ledger, user: &str) -> Vec<Effect> {
    let judge = judge();
    let client = Client {
        user: user.into(),
        address: Address::Local,
        service: "sudo".into(),
        tty: None,
        ruser: None,
    };
    let failure = Failure {
        id: ledger.next_id(),
        at: Timestamp::default(),
        client,
        reporter: Reporter::Root,
        lane: Lane::Stranger,
        marks: Marks::default(),
    };
    let keys = judge.keys_of(&failure);
    ledger.add(&judge, failure, &keys)
}

#[test]
fn the_oldest_failure_goes_when_there_are_too_many_but_lockouts_stay() {
    let mut ledger = Ledger { most: 4, ..Ledger::default() };
    for user in ["locked", "locked", "a", "b"] {
        fail(&mut ledger, user);
    }
    let effects = fail(&mut ledger, "c");
    assert!(effects.contains(&Effect::Forget(3)), "the failure of a: {effects:?}");
    let users = ledger.failures().map(|failure| failure.client.user.to_string());
    assert_eq!(users.collect::<Vec<_>>(), ["locked", "locked", "b", "c"]);
    assert_eq!(ledger.counters.len(), 3);
    assert!(ledger.expiries.is_empty(), "nothing here cools off");
}

#[test]
fn a_newcomer_does_not_push_a_lockout_out() {
    let mut ledger = Ledger { most: 2, ..Ledger::default() };
    fail(&mut ledger, "locked");
    fail(&mut ledger, "locked");
    let effects = fail(&mut ledger, "b");
    // The newcomer is the only one that no lockout rests on.
    assert!(effects.contains(&Effect::Forget(3)), "{effects:?}");
    assert_eq!(ledger.failures().count(), 2);
}
