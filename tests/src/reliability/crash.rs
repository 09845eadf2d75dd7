//! `kill -9` of the daemon while 32 callers fail to log in.

use std::thread;
use std::time::Duration;

use super::load::{self, End, Load, Tallies};
use super::{middle_and_longest, random_time};
use crate::host::Host;

/// After so many rounds everything is forgiven, so that the database does not only grow.
const FORGIVEN_EVERY: u32 = 20;
/// The shortest load, and how much longer it may be, in milliseconds.
const LOAD: (u64, u64) = (30, 200);
const PATIENCE: Duration = Duration::from_secs(30);

/// What came of some rounds.
#[derive(Debug, Default)]
pub struct Figures {
    /// Times that the daemon was killed.
    pub rounds: u32,
    /// Failures that were acknowledged before a kill, and there after it.
    pub acknowledged: u64,
    /// Failures that were there after a kill though nobody had been told yet.
    pub unacknowledged: u64,
    /// Middle and longest time of a restart.
    pub restart: (Duration, Duration),
}

/// Kills so many times; panics at the first failure that is lost or made up.
pub fn rounds(count: u32, mut progress: impl FnMut(u32)) -> Figures {
    let mut host = Host::without_daemon(load::SETTINGS);
    let mut figures = Figures { rounds: count, ..Figures::default() };
    let mut tallies = load::tallies();
    let mut restarts = Vec::new();
    load::started(&mut host, PATIENCE);
    for round in 1..=count {
        kill_under_load(&mut host, &tallies);
        restarts.push(load::started(&mut host, PATIENCE));
        load::check(&host, &tallies);
        if round % FORGIVEN_EVERY == 0 || round == count {
            add(&mut figures, &host, &tallies);
            assert!(host.axesctl(&["reset", "--all"]).status.success());
            tallies = load::tallies();
        }
        progress(round);
    }
    figures.restart = middle_and_longest(&mut restarts);
    figures
}

fn kill_under_load(host: &mut Host, tallies: &Tallies) {
    let before: u64 = load::acknowledged(tallies).iter().sum();
    let callers = Load::start(host, tallies);
    thread::sleep(Duration::from_millis(LOAD.0) + random_time(LOAD.1));
    while load::acknowledged(tallies).iter().sum::<u64>() == before {
        thread::sleep(Duration::from_millis(1));
    }
    host.kill_daemon(libc::SIGKILL);
    let ends = callers.ends();
    assert!(ends.iter().all(|end| *end == End::Gone), "{ends:?}");
}

fn add(figures: &mut Figures, host: &Host, tallies: &Tallies) {
    let told: u64 = load::acknowledged(tallies).iter().sum();
    figures.acknowledged += told;
    figures.unacknowledged += load::counted_of_callers(host).iter().sum::<u64>() - told;
}
