//! Every order in which a few attempts can come, answer and end: the limit holds in all of them.

use crate::support::{Host, PAIR, at, client, settings, visitor};
use axes_policy::attempt::Outcome;
use axes_policy::effect::{AttemptId, Effect};
use axes_policy::keeper::{Gate, Place};

const ATTEMPTS: usize = 3;

/// What a module does with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// Asks at the gate.
    Asks,
    /// Goes on at once where a place is held for it, and says so.
    Tells,
    /// The same, but in the very moment in which the place is called back: it loses its connection.
    TellsLate,
}

/// How an attempt goes on after its answer was let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Right,
    Wrong,
    /// Killed while its password is verified.
    Killed,
    /// The backend is down.
    Broken,
    /// Holds its place and never says anything.
    Silent,
}

const ENDINGS: [Ending; 5] =
    [Ending::Right, Ending::Wrong, Ending::Killed, Ending::Broken, Ending::Silent];

/// One attempt, as far as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Outside,
    Prompting(AttemptId),
    Holding(AttemptId),
    /// The place that it held is gone, and so is its connection.
    SentAway,
    /// Went on with the place that it held; the daemon has not heard of it yet.
    Entered(AttemptId),
    /// The daemon knows that it goes on, and does not hear of it any more.
    Lost,
    Waiting(AttemptId),
    Verifying(AttemptId),
    Over,
}

struct World {
    host: Host,
    stages: [Stage; ATTEMPTS],
    endings: [Ending; ATTEMPTS],
    manner: Manner,
    /// Whose places are called back, but not yet.
    called_back: [bool; ATTEMPTS],
    /// Passwords verified since the last right one, or since the beginning.
    verified: u32,
    limit: u32,
}

impl World {
    fn new(limit: u32, endings: [Ending; ATTEMPTS], manner: Manner) -> Self {
        Self {
            host: Host::new(settings(&[(PAIR, limit)])),
            stages: [Stage::Outside; ATTEMPTS],
            endings,
            manner,
            called_back: [false; ATTEMPTS],
            verified: 0,
            limit,
        }
    }

    /// The next step of one attempt, or of the daemon that calls its place back.
    fn step(&mut self, step: usize) {
        let index = step % ATTEMPTS;
        if step >= ATTEMPTS {
            return self.call_back(index);
        }
        match self.stages[index] {
            Stage::Outside => self.begin(index),
            Stage::SentAway => {
                self.begin_anew(index);
            }
            Stage::Prompting(id) => self.answer(index, id),
            Stage::Holding(id) => {
                self.verify(index, id);
                self.stages[index] = Stage::Entered(id);
            }
            Stage::Entered(id) => {
                self.hear(index, id);
                self.end(index, id);
            }
            Stage::Lost if self.endings[index] == Ending::Killed => {
                self.stages[index] = Stage::Over;
            }
            Stage::Lost => self.end_elsewhere(index),
            Stage::Verifying(id) => self.end(index, id),
            Stage::Waiting(_) | Stage::Over => unreachable!("no such step"),
        }
    }

    /// The steps that could come next.
    fn next(&self) -> Vec<usize> {
        let goes_on =
            |index: &usize| !matches!(self.stages[*index], Stage::Waiting(_) | Stage::Over);
        let attempts = (0..ATTEMPTS).filter(goes_on);
        let calls = (0..ATTEMPTS).filter(|index| self.called_back[*index]);
        attempts.chain(calls.map(|index| ATTEMPTS + index)).collect()
    }

    fn begin(&mut self, index: usize) {
        let alice = client("alice", "192.0.2.1");
        let Some(id) = self.host.begin(at(0), &alice) else {
            self.stages[index] = Stage::Over;
            return;
        };
        let place = match self.manner {
            Manner::Asks => Place::Wanted,
            Manner::Tells | Manner::TellsLate => self.host.keeper.hold(id),
        };
        self.stages[index] = match place {
            Place::Wanted => Stage::Prompting(id),
            Place::Held => Stage::Holding(id),
        };
    }

    /// With its answer at hand.
    fn begin_anew(&mut self, index: usize) {
        match self.host.begin(at(0), &client("alice", "192.0.2.1")) {
            Some(id) => self.answer(index, id),
            None => self.stages[index] = Stage::Over,
        }
    }

    fn answer(&mut self, index: usize, id: AttemptId) {
        let (gate, effects) = self.host.keeper.answered(at(0), id);
        match gate {
            Gate::Open => self.verify(index, id),
            Gate::Wait => self.stages[index] = Stage::Waiting(id),
            Gate::Closed(_) => self.stages[index] = Stage::Over,
        }
        self.follow(effects);
    }

    /// The daemon hears that the place is in use.
    fn hear(&mut self, index: usize, id: AttemptId) {
        let (gate, effects) = self.host.keeper.answered(at(0), id);
        assert_eq!(gate, Gate::Open);
        self.stages[index] = Stage::Verifying(id);
        self.follow(effects);
    }

    /// Brings its verdict by another connection.
    fn end_elsewhere(&mut self, index: usize) {
        let id = self.host.new_id();
        let visitor = visitor("alice", "192.0.2.1");
        let effects = self.host.keeper.verified(at(0), id, visitor);
        self.stages[index] = Stage::Verifying(id);
        self.follow(effects);
        self.end(index, id);
    }

    /// Finds the place in use, or ends the connection.
    fn call_back(&mut self, index: usize) {
        self.called_back[index] = false;
        match self.stages[index] {
            Stage::Entered(id) => {
                self.hear(index, id);
                if self.manner == Manner::TellsLate {
                    self.stages[index] = Stage::Lost;
                    let effects = self.host.keeper.withdraw(at(0), id);
                    self.follow(effects);
                }
            }
            Stage::Holding(id) => {
                self.stages[index] = Stage::SentAway;
                let effects = self.host.keeper.withdraw(at(0), id);
                self.follow(effects);
            }
            _ => {}
        }
    }

    fn end(&mut self, index: usize, id: AttemptId) {
        self.stages[index] = Stage::Over;
        let effects = match self.endings[index] {
            Ending::Right => self.host.keeper.verdict(at(0), id, Outcome::Success),
            Ending::Wrong => self.host.keeper.verdict(at(0), id, Outcome::Failure),
            Ending::Broken => self.host.keeper.verdict(at(0), id, Outcome::Error),
            Ending::Killed => self.host.keeper.hang_up(at(0), id).1,
            Ending::Silent => Vec::new(),
        };
        if self.endings[index] == Ending::Right {
            // It forgives; those that are being verified still count against the limit.
            let verifying = |stage: &&Stage| {
                matches!(stage, Stage::Verifying(_) | Stage::Entered(_) | Stage::Lost)
            };
            let verifying = self.stages.iter().filter(verifying).count();
            self.verified = u32::try_from(verifying).unwrap();
        }
        self.follow(effects);
    }

    fn verify(&mut self, index: usize, id: AttemptId) {
        self.stages[index] = Stage::Verifying(id);
        self.verified += 1;
    }

    fn follow(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Admit(id) => self.verify(self.find(Stage::Waiting(id)), id),
                Effect::TurnAway(id, _) => {
                    self.stages[self.find(Stage::Waiting(id))] = Stage::Over;
                }
                Effect::CallBack(id) => {
                    let index = [Stage::Holding(id), Stage::Entered(id)];
                    let index = self.stages.iter().position(|stage| index.contains(stage));
                    self.called_back[index.unwrap()] = true;
                }
                _ => {}
            }
        }
    }

    fn find(&self, stage: Stage) -> usize {
        self.stages.iter().position(|it| *it == stage).unwrap()
    }

    fn check(&self, path: &[usize]) {
        let count = self.host.keeper.counters().map(|counter| counter.failures).max();
        let told = || format!("{path:?} {:?} limit {} {:?}", self.endings, self.limit, self.manner);
        assert!(count.unwrap_or(0) <= self.limit, "{}", told());
        assert!(self.verified <= self.limit, "{}", told());
    }

    /// Whoever never says anything, or waits, is done with at last, and every place comes back.
    fn settle(&mut self, path: &[usize]) {
        let _ = self.host.keeper.advance(at(100_000));
        let told = || format!("{path:?} {:?} limit {} {:?}", self.endings, self.limit, self.manner);
        assert_eq!(self.host.keeper.waiting(), 0, "{}", told());
        assert_eq!(self.host.keeper.verifying(), 0, "{}", told());
        // What held its place for too long counted just now.
        let later = at(200_000);
        let id = self.host.begin(later, &client("alice", "192.0.2.1"));
        assert!(id.is_some(), "still locked: {}", told());
        assert_eq!(self.host.keeper.answered(later, id.unwrap()).0, Gate::Open, "{}", told());
    }
}

/// Plays a path from the beginning; which steps could come after it.
fn replay(mut world: World, path: &[usize]) -> Vec<usize> {
    for step in path {
        world.step(*step);
        world.check(path);
    }
    let next = world.next();
    if next.is_empty() {
        world.settle(path);
    }
    next
}

/// All orders that begin with a path; how many there are.
fn explore(world: &impl Fn() -> World, path: &mut Vec<usize>) -> u64 {
    let next = replay(world(), path);
    if next.is_empty() {
        return 1;
    }
    let mut orders = 0;
    for step in next {
        path.push(step);
        orders += explore(world, path);
        path.pop();
    }
    orders
}

/// All orders of three attempts that end in any of these ways.
fn explore_all(manner: Manner, endings: &[Ending]) -> u64 {
    let mut orders = 0;
    for limit in 1..=2 {
        // Attempts are alike: which of them ends how does not matter.
        for (index, first) in endings.iter().copied().enumerate() {
            for (more, second) in endings.iter().copied().enumerate().skip(index) {
                for third in endings.iter().copied().skip(more) {
                    let world = || World::new(limit, [first, second, third], manner);
                    orders += explore(&world, &mut Vec::new());
                }
            }
        }
    }
    orders
}

#[test]
fn no_order_of_three_attempts_gets_past_the_limit_or_leaves_a_place_taken() {
    let orders = explore_all(Manner::Asks, &ENDINGS);
    // So that a world in which nothing happens does not pass.
    assert!(orders > 30_000, "{orders}");
}

#[test]
fn nor_does_one_in_which_places_are_held_at_the_prompt_and_called_back() {
    // From there on nothing is new about the other endings.
    let orders = explore_all(Manner::Tells, &[Ending::Right, Ending::Wrong]);
    assert!(orders > 50_000, "{orders}");
}

#[test]
fn nor_does_one_in_which_whoever_enters_loses_his_connection() {
    let orders = explore_all(Manner::TellsLate, &[Ending::Right, Ending::Killed]);
    assert!(orders > 50_000, "{orders}");
}
