//! A crowd of processes that log in at once, each through real libpam.

use std::fs;
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use axes_proto::client::{Connection, Patience};
use axes_proto::pam::{Reply, Request, Stage};

use super::load;
use crate::application::{Answer, SUCCESS};
use crate::host::{Host, RIGHT, WRONG, kill, wait_until};

/// Processes at once.
pub const CROWD: usize = 100;
/// Failures at which the counter locks.
pub const LIMIT: usize = 5;
/// Of a mixed crowd, every so manieth types the right password.
const RIGHT_EVERY: usize = 2;

/// How long one may wait at the gate in [`misbehaviour`].
pub const GATE_WAIT: Duration = Duration::from_secs(1);
/// And how long a place may be held there.
pub const LEASE: Duration = Duration::from_secs(3);

const FROM: &str = "192.0.2.7";

/// What came of crowds with right passwords among the wrong ones.
#[derive(Debug, Default)]
pub struct Mixed {
    /// Wrong passwords that were verified.
    pub wrong: usize,
    /// Logins.
    pub right: usize,
    /// The most wrong ones that were counted between two logins.
    pub most_between: usize,
}

/// What came of attempts that do not end as they should.
#[derive(Debug, Default)]
pub struct Misbehaviour {
    /// Hung up at the prompt; none of them counts.
    pub hung_up: usize,
    /// Killed while the password was verified; each counts.
    pub killed: usize,
    /// Held a place and never answered.
    pub held: usize,
    /// The longest that anybody waited who came after them.
    pub longest_wait: Duration,
    /// The longest until every place was free again.
    pub free_again: Duration,
}

/// Crowds with wrong passwords; panics unless exactly the limit is verified of each.
pub fn of_wrong_passwords(rounds: u32, mut progress: impl FnMut(u32)) {
    let host = Host::start(&format!("failure_limit = {LIMIT}"));
    host.write_password_program("sleep 0.1");
    let mut verified = 0;
    for round in 1..=rounds {
        crowd(&host, |_| WRONG);
        assert_eq!(host.verified() - verified, LIMIT, "round {round}");
        verified = host.verified();
        assert_eq!(host.failures("alice"), LIMIT as u64);
        assert!(host.axesctl(&["reset", "--all"]).status.success());
        progress(round);
    }
}

/// Mixed crowds; panics when more than the limit is counted between two logins, or more is
/// verified than is counted.
pub fn of_mixed_passwords(rounds: u32, mut progress: impl FnMut(u32)) -> Mixed {
    // Everything stands in the access log, which says in which order things counted.
    let host = Host::start(&format!("failure_limit = {LIMIT}\naccess_log_entries = 1000000"));
    let note = host.path("noted");
    host.write_password_program(&format!(
        "sleep 0.1\n[ \"$password\" = '{RIGHT}' ] && echo right >> {0} || echo wrong >> {0}",
        note.display()
    ));
    let mut mixed = Mixed::default();
    for round in 1..=rounds {
        let outcomes = outcomes_of(&host, round);
        let (wrong, right) = (count(&outcomes, "failure"), count(&outcomes, "success"));
        let noted = fs::read_to_string(&note).unwrap_or_default();
        let verified = |which| noted.lines().filter(|line| *line == which).count();
        mixed.wrong += wrong;
        mixed.right += right;
        mixed.most_between = mixed.most_between.max(longest_run(&outcomes));
        assert!(mixed.most_between <= LIMIT, "round {round}: {outcomes:?}");
        assert_eq!(verified("wrong"), mixed.wrong, "a wrong password was verified and not counted");
        assert_eq!(verified("right"), mixed.right);
        progress(round);
    }
    mixed
}

/// What the access log says of one mixed crowd, oldest first.
fn outcomes_of(host: &Host, round: u32) -> Vec<String> {
    // Both say so when there is nothing to remove.
    host.axesctl(&["reset", "--all"]);
    host.axesctl(&["reset-logs", "--all"]);
    crowd(host, |number| match (number + round as usize) % RIGHT_EVERY {
        0 => RIGHT,
        _ => WRONG,
    });
    let outcomes = host.outcomes("alice");
    assert_eq!(outcomes.len(), CROWD);
    outcomes
}

fn crowd(host: &Host, password: impl Fn(usize) -> &'static str) {
    let log_in = |number| host.spawn_login("alice", FROM, &Answer::Text(password(number).into()));
    let mut logins: Vec<_> = (0..CROWD).map(log_in).collect();
    for login in &mut logins {
        login.wait().expect("a login");
    }
}

fn count(outcomes: &[String], which: &str) -> usize {
    outcomes.iter().filter(|outcome| *outcome == which).count()
}

/// The most failures between two logins.
fn longest_run(outcomes: &[String]) -> usize {
    let runs = outcomes.split(|outcome| outcome == "success");
    runs.map(|run| count(run, "failure")).max().unwrap_or_default()
}

/// Attempts that hang up, are killed or hold their place; panics when a place does not come back,
/// a killed one does not count, or somebody waits too long.
pub fn misbehaviour(rounds: u32, mut progress: impl FnMut(u32)) -> Misbehaviour {
    let host = Host::start(&format!(
        "failure_limit = {LIMIT}\ngate_wait = \"{}s\"\nplace_lease = \"{}s\"",
        GATE_WAIT.as_secs(),
        LEASE.as_secs()
    ));
    let mut seen = Misbehaviour::default();
    for round in 1..=rounds {
        hang_up(&host, &mut seen);
        kill_one(&host, &mut seen);
        hold_the_rest(&host, &mut seen);
        assert!(host.axesctl(&["reset", "--all"]).status.success());
        assert_eq!(host.login("alice", FROM, RIGHT), SUCCESS, "round {round}");
        progress(round);
    }
    seen
}

/// Twice the limit, all at once: none counts, none keeps a place.
fn hang_up(host: &Host, seen: &mut Misbehaviour) {
    let hang_up = |_| host.spawn_login("alice", FROM, &Answer::Exit);
    let logins: Vec<Child> = (0..2 * LIMIT).map(hang_up).collect();
    seen.hung_up += logins.len();
    for mut login in logins {
        login.wait().expect("a login");
    }
    wait_until("nobody is there", || load::status(host).is_some_and(|it| it.in_flight == 0));
    assert_eq!(host.failures("alice"), 0);
}

fn kill_one(host: &Host, seen: &mut Misbehaviour) {
    host.write_password_program("sleep 5");
    let before = host.verified();
    let mut login = host.spawn_login("alice", FROM, &Answer::Text(RIGHT.to_owned()));
    wait_until("a password is verified", || host.verified() > before);
    kill(&login, libc::SIGKILL);
    login.wait().expect("a login");
    seen.killed += 1;
    wait_until("it counts", || host.failures("alice") == 1);
    host.write_password_program("");
}

/// Takes all places that are left and says nothing more, while others come.
fn hold_the_rest(host: &Host, seen: &mut Misbehaviour) {
    let begun = Instant::now();
    let holders: Vec<_> = (1..LIMIT).map(|_| held_place(host)).collect();
    seen.held += holders.len();
    let wait = || {
        let begun = Instant::now();
        let code = host.session("alice").from(FROM).try_password(RIGHT);
        assert_ne!(code, SUCCESS, "every place is taken");
        begun.elapsed()
    };
    let waits: Vec<_> = thread::scope(|scope| {
        let others: Vec<_> = (0..2 * LIMIT).map(|_| scope.spawn(wait)).collect();
        others.into_iter().map(|it| it.join().expect("a login")).collect()
    });
    let longest = waits.into_iter().max().unwrap_or_default();
    assert!(longest < GATE_WAIT + Duration::from_secs(1), "waited {longest:?}");
    seen.longest_wait = seen.longest_wait.max(longest);
    wait_until("what is held for too long counts", || host.failures("alice") == LIMIT as u64);
    seen.free_again = seen.free_again.max(begun.elapsed());
    assert!(host.axesctl(&["reset", "--all"]).status.success());
    // The places are free for others, though those who held them are still there.
    let others: Vec<_> = (0..LIMIT).map(|_| held_place(host)).collect();
    drop((holders, others));
    wait_until("nobody is there", || load::status(host).is_some_and(|it| it.in_flight == 0));
}

/// A connection behind the gate.
fn held_place(host: &Host) -> Connection {
    let mut patience = Patience::of(Duration::from_secs(5));
    let connection = Connection::open(&host.socket(), &mut patience).expect("a connection");
    let begin = Request::Begin(load::client("alice"), Stage::Answered);
    let reply: Reply = connection.ask(&begin, &mut patience).expect("an answer");
    assert_eq!(reply, Reply::Proceed);
    connection
}
