//! Every order in which a few attempts can come, answer and end: the limit holds in all of them.

use crate::support::{Host, PAIR, at, client, settings};
use axes_policy::attempt::Outcome;
use axes_policy::effect::{AttemptId, Effect};
use axes_policy::keeper::Gate;

const ATTEMPTS: usize = 3;

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
    Waiting(AttemptId),
    Verifying(AttemptId),
    Over,
}

struct World {
    host: Host,
    stages: [Stage; ATTEMPTS],
    endings: [Ending; ATTEMPTS],
    /// Passwords verified since the last right one, or since the beginning.
    verified: u32,
    limit: u32,
}

impl World {
    fn new(limit: u32, endings: [Ending; ATTEMPTS]) -> Self {
        let host = Host::new(settings(&[(PAIR, limit)]));
        Self { host, stages: [Stage::Outside; ATTEMPTS], endings, verified: 0, limit }
    }

    /// The next step of one attempt; false where there is none.
    fn step(&mut self, index: usize) -> bool {
        let alice = client("alice", "192.0.2.1");
        match self.stages[index] {
            Stage::Outside => {
                let begun = self.host.begin(at(0), &alice);
                self.stages[index] = begun.map_or(Stage::Over, Stage::Prompting);
            }
            Stage::Prompting(id) => {
                let (gate, effects) = self.host.keeper.answered(at(0), id);
                match gate {
                    Gate::Open => self.verify(index, id),
                    Gate::Wait => self.stages[index] = Stage::Waiting(id),
                    Gate::Closed(_) => self.stages[index] = Stage::Over,
                }
                self.follow(effects);
            }
            Stage::Verifying(id) => self.end(index, id),
            Stage::Waiting(_) | Stage::Over => return false,
        }
        true
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
            let verifying = |stage: &&Stage| matches!(stage, Stage::Verifying(_));
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
            let (Effect::Admit(id) | Effect::TurnAway(id, _)) = effect else { continue };
            let index = self.stages.iter().position(|stage| *stage == Stage::Waiting(id)).unwrap();
            match effect {
                Effect::Admit(_) => self.verify(index, id),
                _ => self.stages[index] = Stage::Over,
            }
        }
    }

    fn check(&self, path: &[usize]) {
        let count = self.host.keeper.counters().map(|counter| counter.failures).max();
        let told = || format!("{path:?} {:?} limit {}", self.endings, self.limit);
        assert!(count.unwrap_or(0) <= self.limit, "{}", told());
        assert!(self.verified <= self.limit, "{}", told());
    }

    /// Whoever never says anything, or waits, is done with at last, and every place comes back.
    fn settle(&mut self, path: &[usize]) {
        let _ = self.host.keeper.advance(at(100_000));
        let told = || format!("{path:?} {:?} limit {}", self.endings, self.limit);
        assert_eq!(self.host.keeper.waiting(), 0, "{}", told());
        assert_eq!(self.host.keeper.verifying(), 0, "{}", told());
        // What held its place for too long counted just now.
        let later = at(200_000);
        let id = self.host.begin(later, &client("alice", "192.0.2.1"));
        assert!(id.is_some(), "still locked: {}", told());
        assert_eq!(self.host.keeper.answered(later, id.unwrap()).0, Gate::Open, "{}", told());
    }
}

/// Plays a path from the beginning; which attempts could go on after it.
fn replay(limit: u32, endings: [Ending; ATTEMPTS], path: &[usize]) -> Vec<usize> {
    let mut world = World::new(limit, endings);
    for index in path {
        assert!(world.step(*index));
        world.check(path);
    }
    let waits = |index: &usize| matches!(world.stages[*index], Stage::Waiting(_) | Stage::Over);
    let next: Vec<_> = (0..ATTEMPTS).filter(|index| !waits(index)).collect();
    if next.is_empty() {
        world.settle(path);
    }
    next
}

/// All orders that begin with a path; how many there are.
fn explore(limit: u32, endings: [Ending; ATTEMPTS], path: &mut Vec<usize>) -> u64 {
    let next = replay(limit, endings, path);
    if next.is_empty() {
        return 1;
    }
    let mut orders = 0;
    for index in next {
        path.push(index);
        orders += explore(limit, endings, path);
        path.pop();
    }
    orders
}

#[test]
fn no_order_of_three_attempts_gets_past_the_limit_or_leaves_a_place_taken() {
    let mut orders = 0;
    for limit in 1..=2 {
        // Attempts are alike: which of them ends how does not matter.
        for (index, first) in ENDINGS.into_iter().enumerate() {
            for (more, second) in ENDINGS.into_iter().enumerate().skip(index) {
                for third in ENDINGS.into_iter().skip(more) {
                    orders += explore(limit, [first, second, third], &mut Vec::new());
                }
            }
        }
    }
    // So that a world in which nothing happens does not pass.
    assert!(orders > 30_000, "{orders}");
}
