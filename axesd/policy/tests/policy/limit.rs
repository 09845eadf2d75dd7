//! The limit is the limit, whatever the order of events.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::{ADDRESS, GATE_WAIT, PAIR, USER, settings, visitor};
use axes_policy::attempt::Outcome;
use axes_policy::effect::{AttemptId, Effect};
use axes_policy::filter::Filter;
use axes_policy::keeper::{Admission, Gate, Keeper};
use axes_policy::time::Timestamp;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Event {
    Begin(usize),
    Answer(usize),
    Verdict(usize, Outcome),
    HangUp(usize),
    Pass(u64),
    StepBack(u64),
    Reset(usize),
    Reload,
}

const USERS: [&str; 3] = ["alice", "bob", "root"];
const ADDRESSES: [&str; 3] = ["192.0.2.1", "192.0.2.2", "2001:db8::1"];

fn event() -> impl Strategy<Value = Event> {
    let outcome = prop_oneof![
        4 => Just(Outcome::Failure),
        1 => Just(Outcome::Success),
        1 => Just(Outcome::Abandoned),
        1 => Just(Outcome::Error),
    ];
    prop_oneof![
        6 => (0..9usize).prop_map(Event::Begin),
        8 => (0..64usize).prop_map(Event::Answer),
        8 => (0..64usize, outcome).prop_map(|(i, outcome)| Event::Verdict(i, outcome)),
        2 => (0..64usize).prop_map(Event::HangUp),
        2 => (0..30_000u64).prop_map(Event::Pass),
        1 => (0..100_000_000u64).prop_map(Event::StepBack),
        1 => (0..3usize).prop_map(Event::Reset),
        1 => Just(Event::Reload),
    ]
}

/// Plays events and watches the promises while it does.
struct Player {
    keeper: Keeper,
    now: u64,
    latest: u64,
    next: u64,
    prompting: Vec<AttemptId>,
    waiting: BTreeMap<AttemptId, u64>,
    verifying: BTreeSet<AttemptId>,
}

impl Player {
    fn new(counters: &[(&[axes_policy::attribute::Attribute], u32)]) -> Self {
        let now = 1_700_000_000_000;
        let (keeper, effects) =
            Keeper::new(settings(counters), Timestamp::from_millis(now), Vec::new(), Vec::new());
        assert!(effects.is_empty());
        Self {
            keeper,
            now,
            latest: now,
            next: 0,
            prompting: Vec::new(),
            waiting: BTreeMap::new(),
            verifying: BTreeSet::new(),
        }
    }

    fn play(&mut self, event: &Event) {
        self.latest = self.latest.max(self.now);
        let now = Timestamp::from_millis(self.now);
        match event {
            Event::Begin(who) => self.begin(now, *who),
            Event::Answer(index) => self.answer(now, *index),
            Event::Verdict(index, outcome) => {
                if let Some(id) = pick(&self.verifying, *index) {
                    self.verifying.remove(&id);
                    let effects = self.keeper.verdict(now, id, *outcome);
                    self.follow(effects);
                }
            }
            Event::HangUp(index) => self.hang_up(now, *index),
            Event::Pass(milliseconds) => {
                self.now += milliseconds;
                let effects = self.keeper.advance(Timestamp::from_millis(self.now));
                self.follow(effects);
            }
            Event::StepBack(milliseconds) => self.now -= milliseconds,
            Event::Reload => {
                let settings = self.keeper.settings().clone();
                let effects = self.keeper.reconfigure(now, settings);
                self.follow(effects);
            }
            Event::Reset(user) => {
                let filter = Filter { user: Some(USERS[*user].into()), ..Filter::default() };
                let (_, effects) = self.keeper.reset(now, &filter);
                self.follow(effects);
                let (again, effects) = self.keeper.reset(now, &filter);
                assert_eq!((again.failures, again.counters.len()), (0, 0), "reset is idempotent");
                self.follow(effects);
            }
        }
        self.check();
    }

    fn begin(&mut self, now: Timestamp, who: usize) {
        self.next += 1;
        let id = AttemptId(self.next);
        let visitor = visitor(USERS[who / 3], ADDRESSES[who % 3]);
        let (admission, effects) = self.keeper.begin(now, id, visitor);
        if admission == Admission::Admitted {
            self.prompting.push(id);
            if who.is_multiple_of(2) {
                // Whether there is one is seen by what is used.
                let _ = self.keeper.hold(id);
            }
        }
        self.follow(effects);
    }

    fn answer(&mut self, now: Timestamp, index: usize) {
        if self.prompting.is_empty() {
            return;
        }
        let id = self.prompting.remove(index % self.prompting.len());
        let (gate, effects) = self.keeper.answered(now, id);
        match gate {
            Gate::Open => drop(self.verifying.insert(id)),
            Gate::Wait => drop(self.waiting.insert(id, self.latest)),
            Gate::Closed(_) => {}
        }
        // A place that is called back may be his already.
        self.follow(effects);
    }

    fn hang_up(&mut self, now: Timestamp, index: usize) {
        let waiting: BTreeSet<_> = self.waiting.keys().copied().collect();
        let all = &(&self.verifying | &waiting) | &self.prompting.iter().copied().collect();
        let Some(id) = pick(&all, index) else { return };
        let verifying = self.verifying.remove(&id);
        self.waiting.remove(&id);
        self.prompting.retain(|other| *other != id);
        let (outcome, effects) = self.keeper.hang_up(now, id);
        // The hang-up may come after the time at the gate was over.
        if let Some(outcome) = outcome {
            assert_eq!(outcome == Outcome::Failure, verifying);
        }
        self.follow(effects);
    }

    fn follow(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Admit(id) => {
                    self.waiting.remove(&id);
                    self.verifying.insert(id);
                }
                Effect::TurnAway(id, _) => drop(self.waiting.remove(&id)),
                Effect::CallBack(id) => self.give_back(id),
                _ => {}
            }
        }
    }

    fn give_back(&mut self, id: AttemptId) {
        assert!(self.prompting.contains(&id), "only a place that nobody uses is called back");
        self.prompting.retain(|other| *other != id);
        let (_, effects) = self.keeper.hang_up(Timestamp::from_millis(self.now), id);
        self.follow(effects);
    }

    fn check(&mut self) {
        self.latest = self.latest.max(self.now);
        for counter in self.keeper.counters() {
            let used = counter.failures + self.keeper.places_taken(&counter.key);
            assert!(used <= counter.limit, "{} of {}: {}", used, counter.limit, counter.key);
        }
        assert_eq!(self.keeper.waiting(), self.waiting.len());
        let bound = u64::try_from(GATE_WAIT.as_millis()).unwrap();
        let effects = self.keeper.advance(Timestamp::from_millis(self.now));
        self.follow(effects);
        for (id, since) in &self.waiting {
            assert!(self.latest - since <= bound, "{id:?} waits for too long");
        }
    }
}

fn pick(ids: &BTreeSet<AttemptId>, index: usize) -> Option<AttemptId> {
    let index = index.checked_rem(ids.len())?;
    ids.iter().nth(index).copied()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_interleaving_lets_more_than_the_limit_through(
        events in prop::collection::vec(event(), 1..200),
        limit in 1..6u32,
    ) {
        let counters: [(&[_], u32); 3] = [(PAIR, limit), (ADDRESS, limit + 2), (USER, limit + 3)];
        let mut player = Player::new(&counters);
        for event in &events {
            player.play(event);
        }
    }

    #[test]
    fn wrong_passwords_alone_never_exceed_the_limit_of_one_counter(
        events in prop::collection::vec(event(), 1..200),
        limit in 1..6u32,
    ) {
        let mut player = Player::new(&[(PAIR, limit)]);
        let mut verified = 0;
        for event in events {
            let event = match event {
                Event::Begin(_) => Event::Begin(0),
                Event::Verdict(index, _) => Event::Verdict(index, Outcome::Failure),
                Event::Pass(time) => Event::Pass(time % 1000),
                Event::Reset(_) => Event::Pass(0),
                other => other,
            };
            let before = player.verifying.clone();
            player.play(&event);
            verified += player.verifying.difference(&before).count();
        }
        prop_assert!(verified <= usize::try_from(limit).unwrap(), "{verified} were verified");
    }
}
