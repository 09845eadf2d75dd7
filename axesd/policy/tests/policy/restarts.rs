//! A daemon that died and came back, or read its settings again, knows what it knew before.

use std::collections::BTreeMap;
use std::time::Duration;

use axes_policy::attempt::{Outcome, Reporter};
use axes_policy::client::{Client, Visitor};
use axes_policy::effect::AttemptId;
use axes_policy::keeper::Keeper;
use axes_policy::settings::{CoolOff, CounterRule, RefusedTries, Settings};
use proptest::prelude::*;

use crate::support::{
    ADDRESS, COOLOFF, Host, PAIR, USER, at, client, counter, settings, with_profile,
};

const USERS: [&str; 2] = ["alice", "bob"];
const ADDRESSES: [&str; 3] = ["192.0.2.1", "198.51.100.9", ""];
const SERVICES: [&str; 2] = ["sshd", "sudo"];
const CLIENTS: usize = 12;

#[derive(Clone, Copy, Debug)]
enum Event {
    Begin(usize, Reporter),
    Answer(usize),
    Verdict(usize, Outcome),
    /// A whole attempt.
    Attempt(usize, Outcome, Reporter),
    Pass(u64),
    Restart,
    Reload,
}

fn event() -> impl Strategy<Value = Event> {
    let outcome = || {
        prop_oneof![
            5 => Just(Outcome::Failure),
            2 => Just(Outcome::Success),
            1 => Just(Outcome::Abandoned),
            1 => Just(Outcome::Error),
        ]
    };
    let reporter = || prop_oneof![5 => Just(Reporter::Root), 1 => Just(Reporter::Owner)];
    prop_oneof![
        2 => (0..CLIENTS, reporter()).prop_map(|(who, by)| Event::Begin(who, by)),
        2 => (0..16usize).prop_map(Event::Answer),
        2 => (0..16usize, outcome()).prop_map(|(which, how)| Event::Verdict(which, how)),
        8 => (0..CLIENTS, outcome(), reporter()).prop_map(|(w, o, r)| Event::Attempt(w, o, r)),
        3 => (0..400u64).prop_map(Event::Pass),
        1 => Just(Event::Restart),
        1 => Just(Event::Reload),
    ]
}

fn who(number: usize) -> Client {
    let user = USERS[number % 2];
    let service = SERVICES[number / 2 % 2].into();
    Client { service, ..client(user, ADDRESSES[number / 4 % 3]) }
}

/// What a keeper says of everybody: the counters, and who is refused.
#[derive(Debug, PartialEq)]
struct View {
    counters: BTreeMap<String, String>,
    refused: Vec<Option<String>>,
}

fn view(keeper: &Keeper) -> View {
    let counter = |state: axes_policy::effect::CounterState| {
        // Failures past the limit are folded: their number is a matter of taste.
        let count = state.failures.min(state.limit);
        let said = format!(
            "{count}/{} level {} locked {:?} until {:?}",
            state.limit, state.level, state.locked, state.until
        );
        (format!("{:?} {}", state.name, state.key), said)
    };
    let refused = |number| {
        let visitor = Visitor::plain(who(number), Reporter::Root);
        keeper.would_refuse(&visitor).map(|_| visitor.client.to_string())
    };
    View {
        counters: keeper.counters().map(counter).collect(),
        refused: (0..CLIENTS).map(refused).collect(),
    }
}

struct Player {
    host: Host,
    rules: Settings,
    now: u64,
    next: u64,
    open: Vec<AttemptId>,
}

impl Player {
    fn new(rules: Settings) -> Self {
        Self { host: Host::new(rules.clone()), rules, now: 0, next: 1000, open: Vec::new() }
    }

    fn play(&mut self, event: Event) -> Result<(), TestCaseError> {
        let now = at(self.now);
        match event {
            Event::Begin(number, reporter) => {
                self.next += 1;
                let visitor = Visitor::plain(who(number), reporter);
                self.open.extend(self.host.begin_as(now, AttemptId(self.next), visitor));
            }
            Event::Answer(which) => {
                if let Some(id) = self.open.get(which).copied() {
                    let (_, effects) = self.host.keeper.answered(now, id);
                    self.host.store(&effects);
                }
            }
            Event::Verdict(which, outcome) => {
                if which < self.open.len() {
                    let id = self.open.remove(which);
                    self.host.end(now, id, outcome);
                }
            }
            Event::Attempt(number, outcome, reporter) => {
                self.next += 1;
                let visitor = Visitor::plain(who(number), reporter);
                if let Some(id) = self.host.begin_as(now, AttemptId(self.next), visitor) {
                    let (_, effects) = self.host.keeper.answered(now, id);
                    self.host.store(&effects);
                    self.host.end(now, id, outcome);
                }
            }
            Event::Pass(seconds) => {
                self.now += seconds;
                self.host.advance(at(self.now));
            }
            Event::Restart => self.restart()?,
            Event::Reload => {
                let before = view(&self.host.keeper);
                let effects = self.host.keeper.reconfigure(now, self.rules.clone());
                self.host.store(&effects);
                prop_assert_eq!(before, view(&self.host.keeper), "a reload changed something");
            }
        }
        Ok(())
    }

    fn restart(&mut self) -> Result<(), TestCaseError> {
        let now = at(self.now);
        self.host.advance(now);
        let before = view(&self.host.keeper);
        let (keeper, effects) = Keeper::new(
            self.rules.clone(),
            now,
            self.host.kept.clone(),
            self.host.notes.values().cloned().collect(),
        );
        self.host.keeper = keeper;
        self.host.store(&effects);
        self.open.clear();
        prop_assert_eq!(before, view(&self.host.keeper), "a restart changed something");
        Ok(())
    }
}

fn play(rules: &Settings, events: &[Event]) -> Result<(), TestCaseError> {
    let mut player = Player::new(rules.clone());
    for event in events {
        player.play(*event)?;
    }
    player.restart()
}

fn seconds(levels: &[u64]) -> CoolOff {
    let levels = levels.iter().map(|level| Some(Duration::from_secs(*level))).collect();
    CoolOff { levels, decay: Duration::from_secs(3600) }
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec(event(), 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn counters_over_different_attributes_outlive_a_restart(events in events()) {
        let rules = Settings { familiar_for: None, ..settings(&[(PAIR, 2), (ADDRESS, 4), (USER, 5)]) };
        play(&rules, &events)?;
    }

    #[test]
    fn windows_outlive_a_restart(events in events()) {
        let window = Some(Duration::from_secs(300));
        let counters = vec![
            CounterRule { window, ..counter(PAIR, 2) },
            CounterRule { window: Some(Duration::from_secs(2000)), ..counter(ADDRESS, 4) },
            counter(USER, 5),
        ];
        let rules = Settings { familiar_for: None, ..settings(&[]) }.with_counters(counters);
        play(&rules, &events)?;
    }

    #[test]
    fn refused_tries_that_count_outlive_a_restart(events in events()) {
        let rules = Settings { familiar_for: None, ..settings(&[(PAIR, 2), (ADDRESS, 4), (USER, 5)]) };
        let rules = with_profile(rules, |it| it.refused_tries = RefusedTries::Counted);
        play(&rules, &events)?;
    }

    #[test]
    fn rising_cool_offs_of_a_counter_that_stands_alone_outlive_a_restart(events in events()) {
        let rules = Settings { familiar_for: None, ..settings(&[]) };
        let cooloff = seconds(&[100, 300, 900]);
        play(&rules.with_counters(vec![CounterRule { cooloff, ..counter(PAIR, 2) }]), &events)?;
    }

    #[test]
    fn rising_cool_offs_beside_another_counter_outlive_a_restart(events in events()) {
        let rules = Settings { familiar_for: None, ..settings(&[]) };
        let counters = vec![
            CounterRule { cooloff: seconds(&[100, 300, 900]), ..counter(PAIR, 2) },
            counter(USER, 50),
        ];
        play(&rules.with_counters(counters), &events)?;
    }

    #[test]
    fn lanes_of_one_address_outlive_a_restart(events in events()) {
        let single = |event: &Event| match *event {
            Event::Attempt(who, Outcome::Success, by) => Event::Attempt(who % 4, Outcome::Success, by),
            Event::Verdict(which, Outcome::Success) => Event::Verdict(which, Outcome::Abandoned),
            other => other,
        };
        let events: Vec<_> = events.iter().map(single).collect();
        play(&settings(&[(PAIR, 4), (USER, 3)]), &events)?;
    }

    #[test]
    fn lanes_outlive_a_restart(events in events()) {
        play(&settings(&[(PAIR, 4), (USER, 3)]), &events)?;
    }
}

/// So that COOLOFF and the events fit together.
#[test]
fn events_last_long_enough_for_a_cool_off() {
    assert!(COOLOFF < Duration::from_secs(400 * 60));
}
